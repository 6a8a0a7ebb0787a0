/* The master process: signals, children, and what follows from them. */
#include "master/master.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_place.h"
#include "base/strbuf.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "master/autoscale.h"
#include "master/background.h"
#include "master/checks.h"
#include "master/children.h"
#include "master/control.h"
#include "master/cron_commands.h"
#include "master/daemons.h"
#include "master/handover.h"
#include "master/inherit.h"
#include "master/pidfile.h"
#include "master/process.h"
#include "master/seats.h"
#include "master/signals.h"
#include "master/stacks.h"
#include "master/stats.h"
#include "master/stuck.h"
#include "master/timer.h"
#include "master/touch.h"
#include "master/user_signals.h"
#include "master/workers.h"
#include "shm/listener.h"

#define MASTER_STOP_S	5.0	/* beyond worker-reload-mercy */
#define MASTER_KILL_S	5.0	/* from SIGKILL to leaving all the same */

static const char *const master_state_names[] = {
	[MASTER_STARTING] = "starting",
	[MASTER_RUNNING] = "running",
	[MASTER_LEAVING] = "leaving",
	[MASTER_STOPPING] = "stopping",
	[MASTER_KILLING] = "killing",
};

/* The printable name of a state. */
const char *
master_state_name(enum master_state state)
{
	return master_state_names[state];
}

/* Is it on its way out? */
bool
master_is_stopping(const struct master *m)
{
	return m->state == MASTER_STOPPING || m->state == MASTER_KILLING;
}

/* The only function that changes the state. */
static void
master_set_state(struct master *m, enum master_state state)
{
	log_debug("master: %s -> %s", master_state_name(m->state),
	    master_state_name(state));
	if (state < m->state)
		fatalx("the master cannot go back from %s to %s",
		    master_state_name(m->state), master_state_name(state));
	m->state = state;
}

/* Sends everybody SIGKILL. */
void
master_kill(struct master *m, const char *why)
{
	if (m->state == MASTER_KILLING)
		return;
	log_info("stopping at once (%s)", why);
	master_set_state(m, MASTER_KILLING);
	reload_abandon(m);
	upgrade_abandon(m, true);
	takeover_stop(m, true);
	generations_stop_all(m);
	generations_kill_all(m);
	children_kill_all(m);
	daemons_kill_all(m->daemons);
	timer_arm(&m->stop_timer, MASTER_KILL_S);
}

/*
 * Leaves the listeners to the workers, which close them when nobody is queued
 * any more. The numbers stay taken: main closes them.
 */
static void
master_leave_listeners(const struct master *m)
{
	int	 null = open("/dev/null", O_RDWR | O_CLOEXEC);
	size_t	 i;

	for (i = 0; i < m->listeners->count && null != -1; i++)
		dup3(null, m->listeners->items[i].fd, O_CLOEXEC);
	if (null != -1)
		close(null);
}

/* Does another master serve clients of the same sockets? */
static bool
master_shares_listeners(const struct master *m)
{
	return takeover_is_trial(m) || upgrade_is_leaving(m);
}

/* Serves on for a while, so that who sends clients here can notice. */
static void
master_leave(struct master *m, const char *why)
{
	log_info("stopping in %g seconds (%s)", m->cfg->drain_delay, why);
	master_set_state(m, MASTER_LEAVING);
	upgrade_abandon(m, false);
	reload_is_last(m);
	workers_tell_all(m, &(struct message){ .type = MSG_LEAVING });
	timer_arm(&m->stop_timer, m->cfg->drain_delay);
}

/* Lets everybody finish. */
void
master_stop(struct master *m, const char *why)
{
	if (master_is_stopping(m))
		return;
	log_info("stopping (%s)", why);
	if (takeover_is_trial(m))
		takeover_failed(why);
	master_set_state(m, MASTER_STOPPING);
	reload_abandon(m);
	upgrade_abandon(m, false);
	takeover_stop(m, false);
	workers_drain_all(m, ENDING_STOP, master_shares_listeners(m) ?
	    DRAIN_OTHERS : DRAIN_LAST);
	generations_stop_all(m);
	master_leave_listeners(m);
	timer_arm(&m->stop_timer, m->cfg->worker_reload_mercy +
	    background_mercy(m) + daemons_mercy(m->daemons) + MASTER_STOP_S);
}

/* The other master says that all of the server stops. */
void
master_told_stop(struct master *m, bool at_once)
{
	if (at_once) {
		master_kill(m, "the other master stops at once");
	} else if (!master_is_stopping(m)) {
		m->told = true;
		master_stop(m, "the other master stops");
	}
}

/* It cannot even start. */
void
master_fail(struct master *m, const char *why)
{
	if (master_is_stopping(m))
		return;
	log_error("cannot start: %s", why);
	m->status = 1;
	if (takeover_is_trial(m)) {
		takeover_failed(why);
		master_stop(m, "it cannot start");	/* some serve */
	} else {
		master_kill(m, "it cannot start");
	}
}

/* Waited long enough for those who should have left. */
static void
master_stop_cb(evutil_socket_t fd, short what, void *arg)
{
	struct master	*m = arg;

	(void)fd, (void)what;
	if (m->state == MASTER_LEAVING) {
		master_stop(m, "drain-delay is over");
		return;
	}
	if (m->state == MASTER_STOPPING) {
		master_kill(m, "some processes would not leave");
		return;
	}
	log_error("leaving, though some processes are left");
	m->expired = true;
}

/* Leaves, after drain-delay; asked once more, before that is over. */
void
master_ask_stop(struct master *m, const char *who)
{
	if (m->state == MASTER_RUNNING && m->cfg->drain_delay > 0)
		master_leave(m, who);
	else
		master_stop(m, who);
}

/* TERM, INT: leave, at last with grace; once more: a step faster. */
static void
master_on_stop(struct master *m, const char *name)
{
	if (m->state == MASTER_STOPPING && m->told)
		m->told = false;
	else if (m->state == MASTER_STOPPING)
		master_kill(m, name);
	else
		master_ask_stop(m, name);
}

/* Opens one of the log's files again, and hands it to everybody. */
static int
master_reopen_log(struct master *m, enum log_place place, char **cause)
{
	struct message		 msg = { .type = MSG_REOPEN_LOGS,
	    .value = place };
	struct generation	*gen;
	int			 fd = log_place_reopen(place);

	if (fd == -1) {
		free(*cause);
		*cause = xasprintf("cannot open the log again: %s",
		    strerror(errno));
		return -1;
	}
	if (fd == 0)
		return 0;
	TAILQ_FOREACH(gen, &m->generations, link)
		generation_send(gen, &msg, fd);
	children_tell_all(m, NULL, &msg, fd);
	return 0;
}

/* Opens the log's files again: the others may not be allowed to. */
int
master_reopen_logs(struct master *m, const char *who, char **cause)
{
	int	 place, result = 0;

	*cause = NULL;
	for (place = 0; place < LOG_PLACES; place++)
		result |= master_reopen_log(m, (enum log_place)place, cause);
	log_info("opened the log again (%s)", who);
	return result;
}

/* USR1 */
static void
master_on_reopen(struct master *m, const char *name)
{
	char	*cause;

	upgrade_signal(m, SIGUSR1);
	if (master_reopen_logs(m, name, &cause) == 0)
		return;
	log_error("%s", cause);
	free(cause);
}

/* The level of one generation's processes. */
void
master_tell_log_level(struct master *m, struct generation *gen)
{
	struct message	 msg = { .type = MSG_LOG_LEVEL };

	msg.value = m->log_level != -1 ? m->log_level : gen->cfg->log_level;
	generation_send(gen, &msg, -1);
	children_tell_all(m, gen, &msg, -1);
}

/* Chooses what all processes write to the log. */
void
master_set_log_level(struct master *m, int level, const char *who)
{
	struct generation	*gen;

	m->log_level = level;
	if (level == -1)
		level = m->cfg->log_level;
	log_set_level((enum log_level)level);
	log_info("log level: %s (%s)", log_level_name((enum log_level)level),
	    who);
	TAILQ_FOREACH(gen, &m->generations, link)
		master_tell_log_level(m, gen);
}

/* Changes how many workers there shall be. */
int
master_change_target(struct master *m, int target, const char *who,
    char **cause)
{
	if (master_is_stopping(m)) {
		*cause = xstrdup("the server is stopping");
	} else if (m->cfg->reuse_port) {
		*cause = xstrdup("with \"reuse-port\" the number of workers "
		    "is fixed, since each has a socket of its own");
	} else if (target > autoscale_most(m)) {
		*cause = xasprintf("there are %d workers, no more than %s",
		    m->target, m->cfg->cheaper > 0 ? "\"processes\"" :
		    "at the start");
	} else if (target < autoscale_least(m)) {
		*cause = xstrdup(m->cfg->cheaper > 0 ? "there are no more "
		    "workers than \"cheaper\" says" :
		    "one worker must stay");
	} else {
		log_info("%s: %d workers", who, target);
		seats_set_target(m, target);
		reload_set_target(m, target);
		return 0;
	}
	return -1;
}

/* One worker more or less. */
static void
master_on_change(struct master *m, int change, const char *name)
{
	char	*cause;

	if (master_change_target(m, m->target + change, name, &cause) == 0)
		return;
	log_warn("%s: %s", name, cause);
	free(cause);
}

/* TTIN */
static void
master_on_more(struct master *m, const char *name)
{
	master_on_change(m, 1, name);
}

/* TTOU */
static void
master_on_less(struct master *m, const char *name)
{
	master_on_change(m, -1, name);
}

/* A new program in this one's place. */
const char *
master_upgrade(struct master *m, const char *who)
{
	return upgrade_request(m, who);
}

/* USR2 */
static void
master_on_upgrade(struct master *m, const char *name)
{
	(void)master_upgrade(m, name);
}

/* A child has ended: whose was it? */
static void
master_reaped(struct master *m, pid_t pid, int status)
{
	struct generation	*gen;
	char			 how[64];

	if (children_reaped(m, pid, status) ||
	    daemons_reaped(m->daemons, pid, status) ||
	    cron_commands_reaped(m->crons, pid, status) ||
	    generations_reaped(m, pid, status) ||
	    upgrade_reaped(m, pid, status))
		return;
	log_debug("reaped process %d: %s", (int)pid,
	    process_status_text(status, how, sizeof(how)));
	reaped_add(&m->reaped, pid, status, clock_mono_us());
	TAILQ_FOREACH(gen, &m->generations, link)
		generation_read(gen);	/* they may tell whose it was */
}

/* CHLD */
static void
master_on_child(struct master *m, const char *name)
{
	pid_t	 pid;
	int	 status;

	(void)name;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		master_reaped(m, pid, status);
}

static const struct {
	int		 number;
	const char	*name;
	void		(*act)(struct master *m, const char *name);
} master_signals[] = {
	{ SIGTERM,	"SIGTERM",	master_on_stop },
	{ SIGINT,	"SIGINT",	master_on_stop },
	{ SIGQUIT,	"SIGQUIT",	master_kill },
	{ SIGHUP,	"SIGHUP",	reload_request },
	{ SIGUSR1,	"SIGUSR1",	master_on_reopen },
	{ SIGUSR2,	"SIGUSR2",	master_on_upgrade },
	{ SIGTTIN,	"SIGTTIN",	master_on_more },
	{ SIGTTOU,	"SIGTTOU",	master_on_less },
	{ SIGCHLD,	"SIGCHLD",	master_on_child },
};

/* A signal has come. */
static void
master_signal_cb(int number, void *arg)
{
	size_t	 i;

	for (i = 0; i < sizeof(master_signals) / sizeof(master_signals[0]);
	    i++) {
		if (master_signals[i].number == number)
			master_signals[i].act(arg, master_signals[i].name);
	}
}

/* Every worker is ready for the first time: say so, on one line. */
static void
master_check_ready(struct master *m)
{
	struct strbuf	 names = STRBUF_INIT;
	size_t		 i;

	if (m->state != MASTER_STARTING || !seats_all_ready(m))
		return;
	master_set_state(m, MASTER_RUNNING);
	for (i = 0; i < m->listeners->count; i++) {
		if (i > 0 && strcmp(m->listeners->items[i].name,
		    m->listeners->items[i - 1].name) == 0)
			continue;
		strbuf_addf(&names, "%s%s%s%s", names.len > 0 ? ", " : "",
		    m->listeners->items[i].is_unix ? "unix" :
		    listener_role(m->listeners->items[i].protocol),
		    m->listeners->items[i].is_unix ? ":" : "://",
		    m->listeners->items[i].name);
	}
	log_info("wsgimaster ready: %d worker%s, %s", m->target,
	    m->target == 1 ? "" : "s", strbuf_str(&names));
	strbuf_done(&names);
}

/* What follows from all that has happened; see master.h. */
static void
master_turn(struct master *m)
{
	seats_notice(m);
	reload_turn(m);
	upgrade_turn(m);
	recycle_turn(m);
	seats_fill(m);
	background_turn(m);
	user_signals_turn(m);
	cron_commands_turn(m->crons);
	daemons_turn(m->daemons);
	generations_turn(m);
	master_check_ready(m);
	takeover_turn(m);
	service_turn(m);
}

/* Is there nothing left to do? */
static bool
master_is_done(const struct master *m)
{
	if (!master_is_stopping(m))
		return false;
	return m->expired || (children_all_free(m) &&
	    daemons_all_over(m->daemons) &&
	    generations_all_gone(m) && !upgrade_is_pending(m) &&
	    !takeover_is_shared(m));
}

/* Names itself in the pidfile; -1: it cannot be written. */
static int
master_write_pidfile(const struct master *m)
{
	if (m->cfg->pidfile == NULL || pidfile_write(m->cfg->pidfile) == 0)
		return 0;
	log_error("cannot write the pidfile %s: %s", m->cfg->pidfile,
	    strerror(errno));
	return -1;
}

/* This master is the one whom everybody talks to. */
void
master_opens(struct master *m)
{
	stats_accept(m->stats, true);
	control_accept(m->control, true);
	if (takeover_old_pid() != 0 || m->upgrade.tried)
		service_set_main(m, getpid());
	inherited_close(m->inherited, true, m->cfg->vacuum);
	handover_own(m->handover);
	(void)master_write_pidfile(m);
}

/* From here on it is another one. */
void
master_closes(struct master *m, pid_t next)
{
	stats_accept(m->stats, false);
	control_accept(m->control, false);
	service_set_main(m, next);
}

/* No worker is left, the new master has them all. */
void
master_hand_over(struct master *m)
{
	master_stop(m, "the new master serves");
}

/* Its own base, signals, tables and the first generation. */
static void
master_start(struct master *m)
{
	log_set_role("master", 0);
	process_set_name("wm-master");
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == -1)
		fatal("PR_SET_CHILD_SUBREAPER");
	signals_block();
	m->base = event_base_new();
	if (m->base == NULL)
		fatalx("cannot make an event base");
	m->signals = signals_new(m->base, master_signal_cb, m);
	evtimer_assign(&m->stop_timer, m->base, master_stop_cb, m);
	m->stats = stats_new(m);
	m->checks = checks_new(m);
	m->control = control_new(m);
	m->stacks = stacks_new(m);
	m->stuck = stuck_new(m);
	m->autoscale = autoscale_new(m);
	takeover_start(m);
	upgrade_init(m);
	m->sb->master_pid = getpid();
	m->sb->started_us = clock_real_us();
	TAILQ_INIT(&m->generations);
	user_signals_init(m);
	m->serving = generation_new(m, m->cfg, false);
	children_init(m);
	workers_init(m);
	background_init(m);
	m->daemons = daemons_new(m);
	m->crons = cron_commands_new(m);
	seats_init(m);
	reload_init(m);
	recycle_init(m);
	service_init(m);
	if (takeover_is_trial(m)) {
		stats_accept(m->stats, false);
		control_accept(m->control, false);
	} else if (master_write_pidfile(m) == -1) {
		master_fail(m, "the pidfile cannot be written");
	}
	if (!master_is_stopping(m))
		generation_start(m->serving);
}

/* Frees everything. */
static void
master_done(struct master *m)
{
	reload_abandon(m);
	recycle_done(m);
	touch_done(m);
	upgrade_done(m);
	takeover_done(m);
	service_done(m);
	evtimer_del(&m->stop_timer);
	stats_free(m->stats);
	control_free(m->control);
	mounts_done(&m->mounts);
	checks_free(m->checks);
	stuck_free(m->stuck);
	stacks_free(m->stacks);
	autoscale_free(m->autoscale);
	seats_done(m);
	children_done(m);
	daemons_free(m->daemons);
	cron_commands_free(m->crons);
	generations_done(m);
	user_signals_done(m);
	signals_free(m->signals);
	event_base_free(m->base);
	free(m->workers);
	free(m->backgrounds);
}

/* Serves until told to stop. */
int
master_run(const struct master_args *args)
{
	struct master	 m = { .argc = args->argc, .argv = args->argv,
	    .cfg = args->cfg, .listeners = args->listeners,
	    .sb = args->sb, .commons = args->commons,
	    .stats_socket = args->stats_socket,
	    .control_socket = args->control_socket,
	    .handover = args->handover, .inherited = args->inherited,
	    .log_level = -1, .max = args->cfg->processes,
	    .target = autoscale_initial(args->cfg) };

	master_start(&m);
	master_turn(&m);
	while (!master_is_done(&m)) {
		event_base_loop(m.base, EVLOOP_ONCE);
		master_turn(&m);
	}
	log_info("stopped");
	if (upgrade_is_leaving(&m) && m.upgrade.pid != 0)
		handover_disown(m.handover);
	master_done(&m);
	return m.status;
}
