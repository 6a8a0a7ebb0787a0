/* Attached daemons: programs that run as long as the server. */
#include "master/daemons.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/daemon_rule.h"
#include "master/backoff.h"
#include "master/children.h"
#include "master/daemon_start.h"
#include "master/master.h"
#include "master/process.h"
#include "master/timer.h"

#define DAEMON_TOUCH_S	1.0	/* between looks at files */
#define DAEMON_LOOK_S	1.0	/* at the pidfile of one that starts */
#define DAEMON_GROUP_S	0.1	/* at what is left of a group */

struct daemon {
	TAILQ_ENTRY(daemon)	 link;
	struct daemons		*all;
	struct daemon_rule	 rule;
	uid_t			 uid;
	enum daemon_state	 state;
	pid_t			 child;		/* not reaped yet; 0: none */
	pid_t			 group;		/* of the last child */
	pid_t			 pid;		/* of the daemon; 0: unknown */
	bool			 wanted;	/* by the configuration */
	uint64_t		 started_us;
	uint64_t		 stopped_us;	/* STOPS: since when */
	unsigned		 failures;
	unsigned		 starts;
	uint64_t		 touched;	/* what the files looked like */
	struct event		 timer;
};

TAILQ_HEAD(daemon_list, daemon);

struct daemons {
	struct master		*m;
	struct daemon_list	 list;
	struct event		 touch_timer;
	bool			 done;	/* all end, mules have left */
};

static const char *const daemon_state_names[] = {
	[DAEMON_DOWN] = "down",
	[DAEMON_STARTED] = "started",
	[DAEMON_RUNS] = "runs",
	[DAEMON_STOPS] = "stops",
	[DAEMON_OVER] = "over",
};

/* The only function that changes the state. */
static void
daemon_set_state(struct daemon *d, enum daemon_state state)
{
	log_debug("daemon \"%s\": %s -> %s", d->rule.command,
	    daemon_state_names[d->state], daemon_state_names[state]);
	d->state = state;
	evtimer_del(&d->timer);
}

/* Shall it be there? */
static bool
daemon_is_wanted(const struct daemon *d)
{
	return d->wanted && !d->all->done;
}

/* Is it known by its pidfile? */
static bool
daemon_is_smart(const struct daemon *d)
{
	return d->rule.pidfile != NULL;
}

/*
 * Signals it. A child that is not reaped, and its group, are whom they are
 * taken for; what a pidfile says is believed with its user's rights only.
 */
static void
daemon_signal(const struct daemon *d, int number)
{
	if (!daemon_is_smart(d) && d->child != 0)
		(void)kill(-d->child, number);
	if (!daemon_is_smart(d) && d->child != 0)
		(void)kill(d->child, number);	/* before its setsid() */
	else if (daemon_is_smart(d) && d->pid != 0)
		process_signal_as(d->pid, number, d->uid);
}

/* The next start must wait. */
static void
daemon_pause(struct daemon *d)
{
	double	 lived, delay, most = d->rule.max_throttle;

	lived = (double)(clock_mono_us() - d->started_us) / 1e6;
	delay = backoff_died(&d->failures, lived, most > 0 ? most :
	    d->all->m->cfg->respawn_delay_max);
	if (delay > 0)
		timer_arm(&d->timer, delay);
}

/* Nobody is there any more. */
static void
daemon_ended(struct daemon *d)
{
	bool	 stopped = d->state == DAEMON_STOPS;

	d->pid = 0;
	if (!daemon_is_wanted(d)) {
		daemon_set_state(d, DAEMON_OVER);
		return;
	}
	daemon_set_state(d, DAEMON_DOWN);
	if (!stopped)
		daemon_pause(d);
	if (!stopped && d->rule.control)
		master_ask_stop(d->all->m, "a control daemon has ended");
}

/* Smart: what does the pidfile say now? */
static void
daemon_look(struct daemon *d)
{
	pid_t	 pid = daemon_read_pidfile(d->rule.pidfile, d->uid);
	double	 waited;

	waited = (double)(clock_mono_us() - d->started_us) / 1e6;
	if (pid != 0) {
		if (pid != d->pid)
			log_info("daemon \"%s\" has pid %d", d->rule.command,
			    (int)pid);
		d->pid = pid;
		if (d->state != DAEMON_RUNS)
			daemon_set_state(d, DAEMON_RUNS);
		timer_arm(&d->timer, d->rule.freq);
	} else if (d->state == DAEMON_STARTED && waited < d->rule.freq) {
		timer_arm(&d->timer, DAEMON_LOOK_S);
	} else if (d->child != 0) {
		log_warn("daemon \"%s\" (pid %d) has not written its pidfile "
		    "%s", d->rule.command, (int)d->child, d->rule.pidfile);
		timer_arm(&d->timer, d->rule.freq);
	} else {
		log_error("daemon \"%s\" is gone: %s names nobody",
		    d->rule.command, d->rule.pidfile);
		daemon_ended(d);
	}
}

/* It, or what is left of its group, has not ended yet. */
static void
daemon_late(struct daemon *d)
{
	double	 waited = (double)(clock_mono_us() - d->stopped_us) / 1e6;

	if (d->child == 0 && kill(-d->group, 0) == -1 && errno == ESRCH) {
		daemon_ended(d);
	} else if (waited < d->rule.mercy) {
		timer_arm(&d->timer, d->child != 0 ? d->rule.mercy - waited :
		    DAEMON_GROUP_S);
	} else {
		log_warn("daemon \"%s\" (pid %d) has not ended within %g "
		    "seconds; killing it", d->rule.command, (int)d->group,
		    d->rule.mercy);
		daemon_signal(d, SIGKILL);
		if (d->child == 0) {
			process_kill_groups(&d->group, 1, d->uid);
			daemon_ended(d);
		}
	}
}

/* A time is over: which one, the state says. */
static void
daemon_timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct daemon	*d = arg;

	(void)fd, (void)what;
	switch (d->state) {
	case DAEMON_STARTED:
	case DAEMON_RUNS:
		if (daemon_is_smart(d))
			daemon_look(d);
		break;
	case DAEMON_STOPS:
		daemon_late(d);
		break;
	case DAEMON_DOWN:	/* daemons_turn does the rest */
	case DAEMON_OVER:
		break;
	}
}

/* Starts it, unless (smart) it is there already. */
static void
daemon_begin(struct daemon *d)
{
	d->started_us = clock_mono_us();
	d->pid = daemon_is_smart(d) ?
	    daemon_read_pidfile(d->rule.pidfile, d->uid) : 0;
	if (d->pid != 0) {
		log_info("daemon \"%s\" is there, with pid %d",
		    d->rule.command, (int)d->pid);
		daemon_set_state(d, DAEMON_RUNS);
		timer_arm(&d->timer, d->rule.freq);
		return;
	}
	d->child = daemon_start(&d->rule, d->all->m->cfg);
	if (d->child == -1) {
		log_error("daemon \"%s\": %s", d->rule.command,
		    strerror(errno));
		d->child = 0;
		daemon_pause(d);
		return;
	}
	d->starts++;
	d->group = d->child;
	log_info("daemon \"%s\" %s, with pid %d", d->rule.command,
	    d->starts > 1 ? "starts again" : "starts", (int)d->child);
	if (daemon_is_smart(d)) {
		daemon_set_state(d, DAEMON_STARTED);
		timer_arm(&d->timer, DAEMON_LOOK_S);
	} else {
		d->pid = d->child;
		daemon_set_state(d, DAEMON_RUNS);
	}
}

/* It shall end; a smart one stays, and at most hears of it. */
static void
daemon_stop(struct daemon *d, int number, int notice)
{
	if (d->state == DAEMON_STOPS)
		return;
	if (daemon_is_smart(d)) {
		if (d->rule.notify && d->pid != 0)
			daemon_signal(d, notice);
		if (!daemon_is_wanted(d))
			daemon_set_state(d, DAEMON_OVER);
	} else if (d->state == DAEMON_RUNS) {
		daemon_set_state(d, DAEMON_STOPS);
		d->stopped_us = clock_mono_us();
		timer_arm(&d->timer, d->rule.mercy);
		daemon_signal(d, number);
	} else if (!daemon_is_wanted(d)) {
		daemon_set_state(d, DAEMON_OVER);
	}
}

/* It shall not be there any more. */
static void
daemon_finish(struct daemon *d)
{
	if (d->state != DAEMON_OVER)
		daemon_stop(d, d->rule.stop_signal, d->rule.stop_signal);
}

/* It shall be another one: of a new configuration, or since it was touched. */
static void
daemon_renew(struct daemon *d)
{
	int	 number = d->rule.reload_signal;

	daemon_stop(d, number != 0 ? number : d->rule.stop_signal,
	    number != 0 ? number : SIGHUP);
}

/* What its files look like: another number after each change. */
static uint64_t
daemon_look_at_files(const struct daemon *d)
{
	struct stat	 st;
	uint64_t	 sum = 0;
	size_t		 i;

	for (i = 0; i < d->rule.touch.count; i++) {
		if (stat(d->rule.touch.items[i], &st) == 0)
			sum = sum * 31 + (uint64_t)st.st_mtim.tv_sec * 1000003 +
			    (uint64_t)st.st_mtim.tv_nsec;
	}
	return sum;
}

/* Once a second: has somebody touched a file? */
static void
daemons_touch_cb(evutil_socket_t fd, short what, void *arg)
{
	struct daemons	*all = arg;
	struct daemon	*d;
	uint64_t	 now;

	(void)fd, (void)what;
	TAILQ_FOREACH(d, &all->list, link) {
		if (d->rule.touch.count == 0)
			continue;
		now = daemon_look_at_files(d);
		if (now != d->touched && daemon_is_wanted(d)) {
			log_info("daemon \"%s\": a file was touched",
			    d->rule.command);
			daemon_stop(d, d->rule.stop_signal,
			    d->rule.stop_signal);
		}
		d->touched = now;
	}
}

/* One that the configuration names; takes the rule. */
static void
daemons_add(struct daemons *all, struct daemon_rule *steal_rule)
{
	struct daemon	*d = xcalloc(1, sizeof(*d));
	char		*cause;

	d->all = all;
	d->rule = *steal_rule;
	memset(steal_rule, 0, sizeof(*steal_rule));
	d->state = DAEMON_DOWN;
	d->wanted = true;
	d->touched = daemon_look_at_files(d);
	evtimer_assign(&d->timer, all->m->base, daemon_timer_cb, d);
	TAILQ_INSERT_TAIL(&all->list, d, link);
	if (daemon_user(&d->rule, all->m->cfg, &d->uid, &cause) == 0)
		return;
	log_error("daemon \"%s\": %s", d->rule.command, cause);
	free(cause);
	d->wanted = false;
	d->state = DAEMON_OVER;
}

/* The one that is there for the same text and no rule yet. */
static struct daemon *
daemons_find(struct daemons *all, const char *text)
{
	struct daemon	*d;

	TAILQ_FOREACH(d, &all->list, link) {
		if (d->wanted && strcmp(d->rule.text, text) == 0)
			return d;
	}
	return NULL;
}

/* Is it in the list? */
static bool
daemons_is_in(const struct daemon_rules *rules, const char *text)
{
	size_t	 i;

	for (i = 0; i < rules->count; i++) {
		if (strcmp(rules->items[i].text, text) == 0)
			return true;
	}
	return false;
}

/* The configuration is another one. */
void
daemons_reload(struct daemons *all)
{
	static const struct timeval	 pause = { (time_t)DAEMON_TOUCH_S, 0 };
	struct daemon_rules	 rules;
	struct daemon		*d;
	char			*cause = NULL;
	bool			 touch = false;
	size_t			 i;

	if (daemon_rules_read(&rules, all->m->cfg, &cause) == -1) {
		log_error("%s", cause);	/* it was checked before */
		free(cause);
	} else {
		TAILQ_FOREACH(d, &all->list, link) {
			if (daemons_is_in(&rules, d->rule.text))
				daemon_renew(d);
			else {
				d->wanted = false;
				daemon_finish(d);
			}
			touch |= d->rule.touch.count > 0;
		}
		for (i = 0; i < rules.count; i++) {
			touch |= rules.items[i].touch.count > 0;
			if (daemons_find(all, rules.items[i].text) == NULL)
				daemons_add(all, &rules.items[i]);
		}
	}
	daemon_rules_done(&rules);
	if (touch)
		evtimer_add(&all->touch_timer, &pause);
}

/* Reads what there shall be. */
struct daemons *
daemons_new(struct master *m)
{
	struct daemons	*all = xcalloc(1, sizeof(*all));

	all->m = m;
	TAILQ_INIT(&all->list);
	event_assign(&all->touch_timer, m->base, -1, EV_PERSIST,
	    daemons_touch_cb, all);
	daemons_reload(all);
	return all;
}

/* Forgets one. */
static void
daemons_remove(struct daemons *all, struct daemon *d)
{
	TAILQ_REMOVE(&all->list, d, link);
	evtimer_del(&d->timer);
	daemon_rule_done(&d->rule);
	free(d);
}

/* Forgets all. */
void
daemons_free(struct daemons *all)
{
	if (all == NULL)
		return;
	evtimer_del(&all->touch_timer);
	while (!TAILQ_EMPTY(&all->list))
		daemons_remove(all, TAILQ_FIRST(&all->list));
	free(all);
}

/* Is this the time at which they end? The app may need them until then. */
static bool
daemons_are_done(const struct master *m)
{
	return (master_is_stopping(m) || upgrade_is_leaving(m)) &&
	    children_all_free(m);
}

/* What follows from the states. */
void
daemons_turn(struct daemons *all)
{
	struct master	*m = all->m;
	struct daemon	*d, *next;

	all->done = daemons_are_done(m);
	for (d = TAILQ_FIRST(&all->list); d != NULL; d = next) {
		next = TAILQ_NEXT(d, link);
		if (all->done)
			daemon_finish(d);
		else if (d->state == DAEMON_OVER && d->wanted)
			daemon_set_state(d, DAEMON_DOWN);
		if (d->state == DAEMON_DOWN && daemon_is_wanted(d) &&
		    !master_is_stopping(m) && !upgrade_is_leaving(m) &&
		    takeover_may_work(m) && d->child == 0 &&
		    !evtimer_pending(&d->timer, NULL))
			daemon_begin(d);
		if (d->state == DAEMON_OVER && d->child == 0 && !d->wanted)
			daemons_remove(all, d);
	}
}

/* SIGKILL. */
void
daemons_kill_all(struct daemons *all)
{
	struct daemon	*d;

	TAILQ_FOREACH(d, &all->list, link) {
		d->wanted = false;
		if (!daemon_is_smart(d))
			daemon_signal(d, SIGKILL);
		else if (d->state != DAEMON_OVER)
			daemon_stop(d, 0, d->rule.stop_signal);
	}
}

/* Is nobody left who must not be left? */
bool
daemons_all_over(const struct daemons *all)
{
	const struct daemon	*d;

	TAILQ_FOREACH(d, &all->list, link) {
		if (d->state == DAEMON_STOPS || d->state == DAEMON_RUNS ||
		    d->state == DAEMON_STARTED) {
			if (!daemon_is_smart(d))
				return false;
		}
	}
	return true;
}

/* Its process has ended; so do those of its group. */
static void
daemon_reaped(struct daemon *d, int status)
{
	char	 how[64];

	process_status_text(status, how, sizeof(how));
	d->child = 0;
	if (daemon_is_smart(d)) {
		log_debug("daemon \"%s\": what was started has ended: %s",
		    d->rule.command, how);
		if (d->state == DAEMON_STARTED)
			timer_arm(&d->timer, 0);
		return;
	}
	log_write(d->state == DAEMON_RUNS && d->wanted ? LOG_LEVEL_ERROR :
	    LOG_LEVEL_INFO, NULL, "daemon \"%s\" (pid %d) has ended: %s",
	    d->rule.command, (int)d->group, how);
	if (d->state == DAEMON_STOPS &&
	    d->all->m->state != MASTER_KILLING) {
		daemon_late(d);
		return;
	}
	process_kill_groups(&d->group, 1, d->uid);
	daemon_ended(d);
}

/* Whose was it? */
bool
daemons_reaped(struct daemons *all, pid_t pid, int status)
{
	struct daemon	*d;

	TAILQ_FOREACH(d, &all->list, link) {
		if (d->child == pid) {
			daemon_reaped(d, status);
			return true;
		}
	}
	return false;
}

/* The longest mercy. */
double
daemons_mercy(const struct daemons *all)
{
	const struct daemon	*d;
	double			 most = 0;

	TAILQ_FOREACH(d, &all->list, link) {
		if (d->rule.mercy > most)
			most = d->rule.mercy;
	}
	return most;
}

/* Shows them. */
void
daemons_show(const struct daemons *all, struct json_out *json)
{
	const struct daemon	*d;

	json_open(json, "daemons", '[');
	TAILQ_FOREACH(d, &all->list, link) {
		json_open(json, NULL, '{');
		json_str(json, "cmd", d->rule.command);
		json_int(json, "pid", d->pid);
		json_uint(json, "respawns", d->starts > 0 ? d->starts - 1 : 0);
		json_str(json, "state", daemon_state_names[d->state]);
		json_close(json);
	}
	json_close(json);
}
