/* Commands that are executed at times. */
#include "master/cron_commands.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/cron_rule.h"
#include "config/daemon_rule.h"
#include "master/daemon_start.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/process.h"
#include "master/takeover.h"

/* A process. */
struct cron_run {
	TAILQ_ENTRY(cron_run)	 link;
	pid_t			 pid;
	char			*text;		/* of its entry */
	time_t			 started;
	uint64_t		 kill_us;	/* clock_mono_us; 0: never */
};

struct cron_commands {
	struct master		*master;
	int			 generation;	/* whose entries, 0: none */
	struct cron_rules	 rules;
	TAILQ_HEAD(, cron_run)	 runs;
	time_t			 last;		/* minute */
	struct event		 tick;
};

/* The newest process of an entry; NULL: none runs. */
static struct cron_run *
cron_run_of(const struct cron_commands *cc, const struct cron_rule *rule)
{
	struct cron_run	*run;

	TAILQ_FOREACH(run, &cc->runs, link)
		if (strcmp(run->text, rule->text) == 0)
			return run;
	return NULL;
}

/* Executes one. */
static void
cron_start(struct cron_commands *cc, const struct cron_rule *rule)
{
	struct daemon_rule	 command = { .command = rule->command };
	struct cron_run		*run;
	pid_t			 pid;

	if (rule->unique && cron_run_of(cc, rule) != NULL)
		return;
	pid = daemon_start(&command, cc->master->serving->cfg);
	if (pid == -1) {
		log_error("cron: \"%s\": %s", rule->command, strerror(errno));
		return;
	}
	log_info("cron: running \"%s\" (pid %d)", rule->command, (int)pid);
	run = xcalloc(1, sizeof(*run));
	run->pid = pid;
	run->text = xstrdup(rule->text);
	run->started = time(NULL);
	if (rule->harakiri > 0)
		run->kill_us = clock_mono_us() +
		    (uint64_t)(rule->harakiri * 1e6);
	TAILQ_INSERT_HEAD(&cc->runs, run, link);
}

/* Kills whose time is over; again, until it is reaped. */
static void
cron_harakiri(struct cron_commands *cc)
{
	struct cron_run	*run;
	uint64_t	 now = clock_mono_us();
	pid_t		 pids[1];

	TAILQ_FOREACH(run, &cc->runs, link) {
		if (run->kill_us == 0 || now < run->kill_us)
			continue;
		log_warn("cron: \"%s\" (pid %d) has run for too long "
		    "(cron-harakiri); killing it", run->text, (int)run->pid);
		pids[0] = run->pid;
		process_kill_groups(pids, 1, cc->master->serving->cfg->
		    app_uid);
		run->kill_us = now + 5000000;
	}
}

/* Looks at the clock. */
static void
cron_tick_cb(evutil_socket_t fd, short what, void *arg)
{
	struct cron_commands	*cc = arg;
	time_t			 from, to;
	size_t			 i;

	(void)fd, (void)what;
	cron_harakiri(cc);
	if (!cron_times_span(&cc->last, time(NULL), &from, &to) ||
	    master_is_stopping(cc->master) || !takeover_may_work(cc->master))
		return;
	for (i = 0; i < cc->rules.count; i++)
		if (cron_times_due_in(&cc->rules.items[i].times, from, to))
			cron_start(cc, &cc->rules.items[i]);
}

/* Makes it, without entries. */
struct cron_commands *
cron_commands_new(struct master *m)
{
	struct cron_commands	*cc = xcalloc(1, sizeof(*cc));

	cc->master = m;
	TAILQ_INIT(&cc->runs);
	event_assign(&cc->tick, m->base, -1, EV_PERSIST, cron_tick_cb, cc);
	return cc;
}

/* Forgets a process. */
static void
cron_run_free(struct cron_commands *cc, struct cron_run *run)
{
	TAILQ_REMOVE(&cc->runs, run, link);
	free(run->text);
	free(run);
}

/* The master leaves. */
void
cron_commands_free(struct cron_commands *cc)
{
	while (!TAILQ_EMPTY(&cc->runs))
		cron_run_free(cc, TAILQ_FIRST(&cc->runs));
	evtimer_del(&cc->tick);
	cron_rules_done(&cc->rules);
	free(cc);
}

/* Whose entries count? They were checked with the configuration. */
void
cron_commands_turn(struct cron_commands *cc)
{
	static const struct timeval	 often = { 0, 500000 };
	const struct generation		*gen = cc->master->serving;
	char				*cause;

	if (cc->generation == gen->id || !gen->was_loaded)
		return;
	cc->generation = gen->id;
	cron_rules_done(&cc->rules);
	if (cron_rules_read(&cc->rules, gen->cfg, &cause) == -1) {
		log_error("%s", cause);
		free(cause);
		cron_rules_done(&cc->rules);
	}
	if (cc->rules.count == 0 && TAILQ_EMPTY(&cc->runs)) {
		evtimer_del(&cc->tick);
	} else if (!evtimer_pending(&cc->tick, NULL)) {
		cc->last = time(NULL) / 60 * 60;
		event_add(&cc->tick, &often);
	}
}

/* Whose was it? */
bool
cron_commands_reaped(struct cron_commands *cc, pid_t pid, int status)
{
	struct cron_run	*run;
	char		 how[64];

	TAILQ_FOREACH(run, &cc->runs, link) {
		if (run->pid != pid)
			continue;
		if (status != 0)
			log_warn("cron: \"%s\" (pid %d) has ended: %s",
			    run->text, (int)pid, process_status_text(status,
			    how, sizeof(how)));
		cron_run_free(cc, run);
		return true;
	}
	return false;
}

/* All entries. */
void
cron_commands_show(const struct cron_commands *cc, struct json_out *json)
{
	const struct cron_rule	*rule;
	const struct cron_run	*run;
	size_t			 i;

	json_open(json, "crons", '[');
	for (i = 0; i < cc->rules.count; i++) {
		rule = &cc->rules.items[i];
		run = cron_run_of(cc, rule);
		json_open(json, NULL, '{');
		json_int(json, "minute", rule->times.minute);
		json_int(json, "hour", rule->times.hour);
		json_int(json, "day", rule->times.mday);
		json_int(json, "month", rule->times.month);
		json_int(json, "week", rule->times.wday);
		json_str(json, "command", rule->command);
		json_uint(json, "unique", rule->unique);
		json_str(json, "legion", "");
		json_int(json, "pid", run != NULL ? run->pid : -1);
		json_int(json, "started_at", run != NULL ? run->started : 0);
		json_close(json);
	}
	json_close(json);
}
