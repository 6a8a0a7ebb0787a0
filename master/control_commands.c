/* What can be asked for on the control socket: a table of commands. */
#include "master/control_commands.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/names.h"
#include "base/nearest.h"
#include "base/strbuf.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/config_print.h"
#include "config/option_table.h"
#include "master/control_client.h"
#include "master/control_lists.h"
#include "master/control_stacks.h"
#include "master/control_status.h"
#include "master/master.h"

/* A reload that a client waits for. */
struct control_reload {
	struct reload_watch	 watch;
	struct control_client	*client;
};

/* status: the server as a whole. */
static void
control_do_status(struct control_client *c, const json_t *request)
{
	struct strbuf	 sb = STRBUF_INIT;

	(void)request;
	control_status(control_master(c), &sb);
	control_answer_text(c, strbuf_str(&sb));
	strbuf_done(&sb);
}

/* ping: does the master answer, and are there workers? */
static void
control_do_ping(struct control_client *c, const json_t *request)
{
	struct strbuf	 sb = STRBUF_INIT;

	(void)request;
	control_ping(control_master(c), &sb);
	control_answer_text(c, strbuf_str(&sb));
	strbuf_done(&sb);
}

/* config: what is in force. */
static void
control_do_config(struct control_client *c, const json_t *request)
{
	(void)request;
	control_answer(c, config_to_json(control_master(c)->cfg));
}

/* workers, "target": "+1", "-1", "3": how many there shall be. */
static void
control_set_workers(struct control_client *c, const char *text)
{
	struct master	*m = control_master(c);
	int		 before = m->target;
	char		*cause, *end;
	long		 n;

	n = strtol(text, &end, 10);
	if (end == text || *end != '\0' || n < -4096 || n > 4096) {
		control_refuse(c, "\"%.20s\" is no number of workers: +1, -1 "
		    "and 3 are some", text);
		return;
	}
	if (text[0] == '+' || text[0] == '-')
		n += before;
	if (master_change_target(m, (int)n, control_who(c), &cause) == 0) {
		control_answer(c, json_pack("{s:i, s:i}", "workers",
		    m->target, "before", before));
		return;
	}
	control_refuse(c, "%s", cause);
	free(cause);
}

/* workers: a list; or how many there shall be. */
static void
control_do_workers(struct control_client *c, const json_t *request)
{
	const char	*target;

	target = json_string_value(json_object_get(request, "target"));
	if (target != NULL)
		control_set_workers(c, target);
	else
		control_list_workers(c, request);
}

/* The reload is over. */
static void
control_reload_done(struct reload_watch *watch, int generation,
    double seconds, const char *failure)
{
	struct control_reload	*job = watch->arg;

	if (failure != NULL)
		control_refuse(job->client, "reload failed: %s", failure);
	else
		control_answer(job->client, json_pack("{s:i, s:f}",
		    "generation", generation, "seconds", seconds));
	free(job);
}

/* The client has left; the reload goes on. */
static void
control_reload_cancel(void *arg)
{
	struct control_reload	*job = arg;

	reload_unwatch(control_master(job->client), &job->watch);
	free(job);
}

/* reload: told how it went, or with "wait": false at once. */
static void
control_do_reload(struct control_client *c, const json_t *request)
{
	struct master		*m = control_master(c);
	struct control_reload	*job;

	if (master_is_stopping(m)) {
		control_refuse(c, "the server is stopping");
		return;
	}
	if (m->state == MASTER_LEAVING) {
		control_refuse(c, "the server is about to stop");
		return;
	}
	if (json_is_false(json_object_get(request, "wait"))) {
		reload_request(m, control_who(c));
		control_answer(c, json_pack("{s:b}", "asked", 1));
		return;
	}
	job = xcalloc(1, sizeof(*job));
	if (!control_wait(c, control_reload_cancel, job)) {
		free(job);
		control_refuse(c, "too many wait already");
		return;
	}
	job->client = c;
	job->watch.arg = job;
	job->watch.done = control_reload_done;
	reload_watch(m, &job->watch);
	reload_request(m, control_who(c));
}

/* upgrade: what SIGUSR2 does. */
static void
control_do_upgrade(struct control_client *c, const json_t *request)
{
	struct master	*m = control_master(c);
	const char	*why;

	(void)request;
	why = master_is_stopping(m) ? "the server is stopping" :
	    master_upgrade(m, control_who(c));
	if (why != NULL)
		control_refuse(c, "%s", why);
	else
		control_answer(c, json_pack("{s:b}", "asked", 1));
}

/* stop: with grace, or "now"; with "wait" the answer's end is the server's. */
static void
control_do_stop(struct control_client *c, const json_t *request)
{
	struct master	*m = control_master(c);
	bool		 now = json_is_true(json_object_get(request, "now"));

	if (json_is_true(json_object_get(request, "wait")))
		control_hold(c);
	control_answer(c, json_pack("{s:b}", "stopping", 1));
	if (now)
		master_kill(m, control_who(c));
	else
		master_ask_stop(m, control_who(c));
}

/* log-level: which; or with "level" another, "default" as configured. */
static void
control_do_log_level(struct control_client *c, const json_t *request)
{
	const struct option_row	*row = option_find("log-level");
	struct master		*m = control_master(c);
	const char		*name;
	int			 level = -1;

	name = json_string_value(json_object_get(request, "level"));
	if (name != NULL && strcmp(name, "default") != 0) {
		level = value_of(row->choices, name, -1);
		if (level == -1) {
			control_refuse(c, "no log level \"%.20s\": debug, "
			    "info, warn, error and default are some", name);
			return;
		}
	}
	if (name != NULL)
		master_set_log_level(m, level, control_who(c));
	control_answer(c, json_pack("{s:s, s:s, s:b}", "level",
	    log_level_name(log_level_now()), "configured",
	    name_of(row->choices, m->cfg->log_level), "overridden",
	    m->log_level != -1));
}

/* reopen-logs: what SIGUSR1 does. */
static void
control_do_reopen_logs(struct control_client *c, const json_t *request)
{
	char	*cause;

	(void)request;
	if (master_reopen_logs(control_master(c), control_who(c),
	    &cause) == 0) {
		control_answer(c, json_pack("{s:b}", "reopened", 1));
		return;
	}
	log_error("%s", cause);
	control_refuse(c, "%s", cause);
	free(cause);
}

static const struct {
	const char	*name;
	void		(*run)(struct control_client *c,
			    const json_t *request);
} control_commands[] = {
	{ "status",		control_do_status },
	{ "workers",		control_do_workers },
	{ "cores",		control_list_cores },
	{ "stacks",		control_do_stacks },
	{ "reload",		control_do_reload },
	{ "upgrade",		control_do_upgrade },
	{ "stop",		control_do_stop },
	{ "log-level",		control_do_log_level },
	{ "reopen-logs",	control_do_reopen_logs },
	{ "config",		control_do_config },
	{ "ping",		control_do_ping },
};

#define COMMANDS	(sizeof(control_commands) / sizeof(control_commands[0]))

/* There is no such command; perhaps there is one like it. */
static void
control_unknown(struct control_client *c, const char *name)
{
	struct nearest	 near;
	size_t		 i;

	if (nearest_begin(&near, name)) {
		for (i = 0; i < COMMANDS; i++)
			nearest_try(&near, control_commands[i].name);
	}
	if (near.best != NULL)
		control_refuse(c, "unknown command \"%.40s\"; did you mean "
		    "\"%s\"?", name, near.best);
	else
		control_refuse(c, "unknown command \"%.40s\"", name);
}

/* Does what the request asks for. */
void
control_command(struct control_client *c, const json_t *request)
{
	const char	*name;
	size_t		 i;

	name = json_string_value(json_object_get(request, "command"));
	if (name == NULL) {
		control_refuse(c, "the request has no \"command\"");
		return;
	}
	for (i = 0; i < COMMANDS; i++) {
		if (strcmp(control_commands[i].name, name) == 0) {
			control_commands[i].run(c, request);
			return;
		}
	}
	control_unknown(c, name);
}
