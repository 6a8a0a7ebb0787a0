/* wsgimaster ctl: asks a running server, or tells it to do something. */
#include "ctl/ctl.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "base/xmalloc.h"
#include "ctl/ctl_ask.h"
#include "ctl/ctl_command.h"
#include "ctl/ctl_show.h"
#include "ctl/ctl_top.h"

#define CTL_POLL_NS	100000000	/* while it waits for readiness */

/* Writes it to standard output; the exit status. */
static int
ctl_put(const struct strbuf *sb)
{
	if (fwrite(strbuf_str(sb), 1, sb->len, stdout) == sb->len &&
	    fflush(stdout) == 0)
		return CTL_OK;
	perror("wsgimaster ctl: standard output");
	return CTL_FAILED;
}

/* Writes JSON, whose reference it takes. */
static int
ctl_put_json(json_t *value)
{
	struct strbuf	 sb = STRBUF_INIT;
	char		*text;
	int		 status;

	text = json_dumps(value, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
	strbuf_addf(&sb, "%s\n", text != NULL ? text : "null");
	status = ctl_put(&sb);
	strbuf_done(&sb);
	free(text);
	json_decref(value);
	return status;
}

/* Says why it has not worked; takes the reason. */
static int
ctl_fail(const struct ctl *ctl, int status, char *why)
{
	fprintf(stderr, "wsgimaster ctl: %s\n", why);
	if (ctl_has(ctl, CTL_OPTION_JSON))
		ctl_put_json(json_pack("{s:s}", "error", why));
	free(why);
	return status;
}

/* A request for the command. */
static json_t *
ctl_request(const char *command)
{
	return json_pack("{s:s}", "command", command);
}

/* Asks; the result is shown by show, or is JSON. */
static int
ctl_run(struct ctl *ctl, json_t *request, void (*show)(const struct ctl *ctl,
    const json_t *result, struct strbuf *sb))
{
	struct strbuf	 sb = STRBUF_INIT;
	json_t		*result;
	char		*why;
	int		 status;

	status = ctl_ask(ctl, ctl->timeout, request, &result, &why);
	if (status != CTL_OK)
		return ctl_fail(ctl, status, why);
	if (ctl_has(ctl, CTL_OPTION_JSON))
		return ctl_put_json(result);
	show(ctl, result, &sb);
	status = ctl_put(&sb);
	strbuf_done(&sb);
	json_decref(result);
	return status;
}

/* Adds the filters that were given. */
static json_t *
ctl_add_filters(const struct ctl *ctl, json_t *request)
{
	if (ctl_has(ctl, CTL_OPTION_WORKER))
		json_object_set_new(request, "worker",
		    json_integer(ctl->worker));
	if (ctl_has(ctl, CTL_OPTION_OLDEST))
		json_object_set_new(request, "oldest",
		    json_integer(ctl->oldest));
	if (ctl_has(ctl, CTL_OPTION_ALL))
		json_object_set_new(request, "all", json_true());
	return request;
}

/* status */
static int
ctl_do_status(struct ctl *ctl)
{
	return ctl_run(ctl, ctl_request("status"), ctl_show_status);
}

/* workers */
static int
ctl_do_workers(struct ctl *ctl)
{
	json_t	*request = ctl_request("workers");

	if (ctl->arg != NULL)
		json_object_set_new(request, "target",
		    json_string(ctl->arg));
	return ctl_run(ctl, request, ctl_show_workers);
}

/* cores */
static int
ctl_do_cores(struct ctl *ctl)
{
	return ctl_run(ctl, ctl_add_filters(ctl, ctl_request("cores")),
	    ctl_show_cores);
}

/* Does an answer's core pass the filters? */
static bool
ctl_wants_core(const struct ctl *ctl, const json_t *core)
{
	return (!ctl_has(ctl, CTL_OPTION_CORE) ||
	    ctl_int(core, "core") == ctl->core) &&
	    (!ctl_has(ctl, CTL_OPTION_REQUEST) ||
	    strcmp(ctl_str(core, "request"), ctl->request) == 0);
}

/* Takes out of one worker's stacks what is not wanted. */
static void
ctl_filter_worker(const struct ctl *ctl, json_t *worker)
{
	json_t	*cores = json_object_get(worker, "cores");
	size_t	 i;

	json_object_del(worker, "threads");
	for (i = json_array_size(cores); i-- > 0;) {
		if (!ctl_wants_core(ctl, json_array_get(cores, i)))
			json_array_remove(cores, i);
	}
}

/* stacks: of one core or request, its stack alone. */
static int
ctl_do_stacks(struct ctl *ctl)
{
	struct strbuf	 sb = STRBUF_INIT;
	json_t		*result, *worker;
	char		*why;
	int		 status;
	size_t		 i;

	status = ctl_ask(ctl, ctl->timeout, ctl_add_filters(ctl,
	    ctl_request("stacks")), &result, &why);
	if (status != CTL_OK)
		return ctl_fail(ctl, status, why);
	if (ctl_has(ctl, CTL_OPTION_CORE) || ctl_has(ctl, CTL_OPTION_REQUEST))
		json_array_foreach(json_object_get(result, "workers"), i,
		    worker)
			ctl_filter_worker(ctl, worker);
	if (ctl_has(ctl, CTL_OPTION_JSON))
		return ctl_put_json(result);
	ctl_show_stacks(ctl, result, &sb);
	status = ctl_put(&sb);
	strbuf_done(&sb);
	json_decref(result);
	return status;
}

/* What became of a reload. */
static void
ctl_show_reload(const struct ctl *ctl, const json_t *result,
    struct strbuf *sb)
{
	if (ctl_has(ctl, CTL_OPTION_NO_WAIT))
		strbuf_adds(sb, "asked for a reload\n");
	else
		strbuf_addf(sb, "reloaded in %.1f s: generation %lld "
		    "serves\n", ctl_real(result, "seconds"),
		    ctl_int(result, "generation"));
}

/* reload */
static int
ctl_do_reload(struct ctl *ctl)
{
	json_t	*request = ctl_request("reload");

	json_object_set_new(request, "wait",
	    json_boolean(!ctl_has(ctl, CTL_OPTION_NO_WAIT)));
	return ctl_run(ctl, request, ctl_show_reload);
}

/* It was asked for. */
static void
ctl_show_upgrade(const struct ctl *ctl, const json_t *result,
    struct strbuf *sb)
{
	(void)ctl, (void)result;
	strbuf_adds(sb, "asked for an upgrade; the log says how it goes\n");
}

/* upgrade */
static int
ctl_do_upgrade(struct ctl *ctl)
{
	return ctl_run(ctl, ctl_request("upgrade"), ctl_show_upgrade);
}

/* It stops, or has stopped: the answer's end was the server's. */
static void
ctl_show_stop(const struct ctl *ctl, const json_t *result, struct strbuf *sb)
{
	(void)result;
	strbuf_adds(sb, ctl_has(ctl, CTL_OPTION_NO_WAIT) ? "stopping\n" :
	    "stopped\n");
}

/* stop */
static int
ctl_do_stop(struct ctl *ctl)
{
	json_t	*request = ctl_request("stop");

	json_object_set_new(request, "now",
	    json_boolean(ctl_has(ctl, CTL_OPTION_NOW)));
	json_object_set_new(request, "wait",
	    json_boolean(!ctl_has(ctl, CTL_OPTION_NO_WAIT)));
	return ctl_run(ctl, request, ctl_show_stop);
}

/* The level. */
static void
ctl_show_log_level(const struct ctl *ctl, const json_t *result,
    struct strbuf *sb)
{
	(void)ctl;
	strbuf_addf(sb, "log level %s", ctl_str(result, "level"));
	if (json_is_true(json_object_get(result, "overridden")))
		strbuf_addf(sb, " (configured: %s)",
		    ctl_str(result, "configured"));
	strbuf_addc(sb, '\n');
}

/* log-level */
static int
ctl_do_log_level(struct ctl *ctl)
{
	json_t	*request = ctl_request("log-level");

	if (ctl->arg != NULL)
		json_object_set_new(request, "level", json_string(ctl->arg));
	return ctl_run(ctl, request, ctl_show_log_level);
}

/* They were opened. */
static void
ctl_show_reopened(const struct ctl *ctl, const json_t *result,
    struct strbuf *sb)
{
	(void)ctl, (void)result;
	strbuf_adds(sb, "opened the log again\n");
}

/* reopen-logs */
static int
ctl_do_reopen_logs(struct ctl *ctl)
{
	return ctl_run(ctl, ctl_request("reopen-logs"), ctl_show_reopened);
}

/* config */
static int
ctl_do_config(struct ctl *ctl)
{
	return ctl_run(ctl, ctl_request("config"), ctl_show_config);
}

/* It is there. */
static void
ctl_show_ping(const struct ctl *ctl, const json_t *result, struct strbuf *sb)
{
	(void)ctl;
	strbuf_addf(sb, "pid %lld, %s, %s\n", ctl_int(result, "pid"),
	    ctl_str(result, "state"),
	    json_is_true(json_object_get(result, "ready")) ? "ready" :
	    "not ready");
}

/* ping */
static int
ctl_do_ping(struct ctl *ctl)
{
	return ctl_run(ctl, ctl_request("ping"), ctl_show_ping);
}

/* wait-ready: also for a server that is only about to come. */
static int
ctl_do_wait_ready(struct ctl *ctl)
{
	static const struct timespec	 pause = { 0, CTL_POLL_NS };
	uint64_t			 begin = clock_mono_us();
	double				 left = ctl->timeout;
	json_t				*result;
	bool				 ready;
	char				*why;
	int				 status;

	for (;;) {
		status = ctl_ask(ctl, left, ctl_request("ping"), &result,
		    &why);
		ready = json_is_true(json_object_get(result, "ready"));
		if (status == CTL_OK && ready &&
		    ctl_has(ctl, CTL_OPTION_JSON))
			return ctl_put_json(result);
		json_decref(result);
		if (status == CTL_OK && ready)
			return CTL_OK;
		left = ctl->timeout - (double)(clock_mono_us() - begin) / 1e6;
		if (left <= 0 || status == CTL_USAGE)
			return ctl_fail(ctl, status == CTL_OK ? CTL_FAILED :
			    status, status == CTL_OK ?
			    xstrdup("not ready in time") : why);
		free(why);
		nanosleep(&pause, NULL);
	}
}

static const struct ctl_command ctl_commands[] = {
	{ "status", NULL, 0, 10, "the server as a whole", ctl_do_status },
	{ "workers", "+1|-1|N", 0, 10, "the processes; or how many there "
	    "shall be", ctl_do_workers },
	{ "cores", NULL, CTL_OPTION_ALL | CTL_OPTION_WORKER |
	    CTL_OPTION_OLDEST, 30, "the requests that run, and what they wait "
	    "for", ctl_do_cores },
	{ "stacks", NULL, CTL_OPTION_WORKER | CTL_OPTION_CORE |
	    CTL_OPTION_REQUEST, 30, "the Python stacks of running and waiting "
	    "requests", ctl_do_stacks },
	{ "top", NULL, CTL_OPTION_FRAMES | CTL_OPTION_DELAY |
	    CTL_OPTION_SORT, 5, "all of it, live; q leaves", ctl_top },
	{ "reload", NULL, CTL_OPTION_NO_WAIT, 600, "new configuration and "
	    "code; waits until it serves", ctl_do_reload },
	{ "upgrade", NULL, 0, 10, "a new program in the old one's place",
	    ctl_do_upgrade },
	{ "stop", NULL, CTL_OPTION_NOW | CTL_OPTION_NO_WAIT, 600,
	    "finish all requests and leave; waits for the end", ctl_do_stop },
	{ "log-level", "LEVEL", 0, 10, "what all processes log: debug, info, "
	    "warn, error, default", ctl_do_log_level },
	{ "reopen-logs", NULL, 0, 10, "open the log files anew, after a "
	    "rotation", ctl_do_reopen_logs },
	{ "config", NULL, CTL_OPTION_ALL, 10, "the options in force, and who "
	    "set them", ctl_do_config },
	{ "ping", NULL, 0, 10, "does the master answer?", ctl_do_ping },
	{ "wait-ready", NULL, 0, 60, "wait until a worker can serve",
	    ctl_do_wait_ready },
	{ NULL, NULL, 0, 0, NULL, NULL }
};

/* Prints what was asked for with --help. */
static int
ctl_do_help(const struct ctl *ctl)
{
	struct strbuf	 sb = STRBUF_INIT;
	int		 status;

	ctl_help(&sb, ctl_commands, ctl->command);
	status = ctl_put(&sb);
	strbuf_done(&sb);
	return status;
}

/* Reads the command line and does what it says. */
int
ctl_main(int argc, char **argv)
{
	struct ctl	 ctl = { .command = NULL, .delay = 1 };
	char		*why;
	int		 status = CTL_USAGE;

	if (ctl_parse(&ctl, ctl_commands, argc, argv) == 0) {
		if (ctl_has(&ctl, CTL_OPTION_HELP))
			status = ctl_do_help(&ctl);
		else if (ctl_find_socket(&ctl, &why) == -1)
			status = ctl_fail(&ctl, CTL_USAGE, why);
		else
			status = ctl.command->run(&ctl);
	}
	free(ctl.socket);
	strlist_done(&ctl.config);
	return status;
}
