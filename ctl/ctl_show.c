/* Results of commands, as people read them. */
#include "ctl/ctl_show.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "ctl/ctl_command.h"
#include "ctl/ctl_fd.h"
#include "ctl/ctl_table.h"
#include "ctl/ctl_text.h"

/* A number. */
long long
ctl_int(const json_t *object, const char *key)
{
	return (long long)json_number_value(json_object_get(object, key));
}

/* A number, also between whole ones. */
double
ctl_real(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

/* A text. */
const char *
ctl_str(const json_t *object, const char *key)
{
	const char	*text;

	text = json_string_value(json_object_get(object, key));
	return text != NULL ? text : "";
}

/* How wide the terminal is; COLUMNS says it also when there is none. */
int
ctl_columns(void)
{
	const char	*text = getenv("COLUMNS");
	struct winsize	 size;

	if (text != NULL && atoi(text) > 0)
		return atoi(text);
	if (!isatty(STDOUT_FILENO))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == -1 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

/* How something of a list's item is shown. */
enum show_kind {
	SHOW_END,
	SHOW_NUMBER,
	SHOW_TEXT,
	SHOW_CAUSE		/* if there is one, behind a colon */
};

/* What stands before it, and the item's key. */
struct show_part {
	enum show_kind	 kind;
	const char	*before;
	const char	*key;
};

/* A list in the status, an item a line, the first behind the list's name. */
struct show_list {
	const char		*key;
	const char		*name;
	struct show_part	 parts[8];
	const char		*after;
};

static const struct show_list	 show_lists[] = {
	{ "sockets", "listening", {
	    { SHOW_TEXT, "", "name" }, { SHOW_NUMBER, "  (", "queue" },
	    { SHOW_NUMBER, " of ", "max_queue" } }, " wait)" },
	/* Beside the one that serves, and why one is not as it should. */
	{ "generations", "generations", {
	    { SHOW_NUMBER, "", "id" }, { SHOW_TEXT, " is ", "state" },
	    { SHOW_NUMBER, ", spawner ", "spawner_pid" },
	    { SHOW_NUMBER, ", ", "workers" },
	    { SHOW_CAUSE, " processes", "failure" } }, "" },
	{ "mules", "mules", {
	    { SHOW_NUMBER, "", "id" }, { SHOW_TEXT, " is ", "state" },
	    { SHOW_NUMBER, ", pid ", "pid" },
	    { SHOW_NUMBER, ", ", "messages" },
	    { SHOW_NUMBER, " messages, ", "exceptions" },
	    { SHOW_NUMBER, " exceptions, ", "respawns" },
	    { SHOW_CAUSE, " respawns", "failure" } }, "" },
	{ "daemons", "daemons", {
	    { SHOW_TEXT, "", "state" }, { SHOW_NUMBER, ", pid ", "pid" },
	    { SHOW_NUMBER, ", ", "respawns" },
	    { SHOW_TEXT, " respawns: ", "cmd" } }, "" },
};

/* A part of an item. */
static void
show_part(const struct show_part *part, const json_t *item, struct strbuf *sb)
{
	const char	*text = ctl_str(item, part->key);

	strbuf_adds(sb, part->before);
	if (part->kind == SHOW_NUMBER) {
		strbuf_addf(sb, "%lld", ctl_int(item, part->key));
		return;
	}
	if (part->kind == SHOW_CAUSE && text[0] != '\0')
		strbuf_adds(sb, ": ");
	ctl_add_clean(sb, text);
}

/* A list. */
static void
show_list(const struct show_list *list, const json_t *result,
    struct strbuf *sb)
{
	const struct show_part	*part;
	const json_t		*item;
	size_t			 i;

	json_array_foreach(json_object_get(result, list->key), i, item) {
		strbuf_addf(sb, "%-13s", i == 0 ? list->name : "");
		for (part = list->parts; part->kind != SHOW_END; part++)
			show_part(part, item, sb);
		strbuf_adds(sb, list->after);
		strbuf_addc(sb, '\n');
	}
}

/* The reload under way and the last one. */
static void
show_reload(const json_t *result, struct strbuf *sb)
{
	const json_t	*reload = json_object_get(result, "reload"), *last;

	if (json_is_true(json_object_get(reload, "running")))
		strbuf_addf(sb, "reload       to generation %lld is under "
		    "way\n", ctl_int(reload, "generation"));
	last = json_object_get(reload, "last");
	if (last == NULL)
		return;
	strbuf_addf(sb, "last reload  to generation %lld: %s",
	    ctl_int(last, "generation"),
	    json_is_true(json_object_get(last, "ok")) ? "done" : "failed: ");
	ctl_add_clean(sb, ctl_str(last, "error"));
	strbuf_addc(sb, '\n');
}

/* How many processes have ended for which reason. */
static void
show_endings(const json_t *result, struct strbuf *sb)
{
	json_t		*endings = json_object_get(result, "endings");
	const char	*reason, *comma = "";
	json_t		*n;

	if (json_object_size(endings) == 0)
		return;
	strbuf_adds(sb, "ended        ");
	json_object_foreach(endings, reason, n) {
		strbuf_addf(sb, "%s%s %lld", comma, reason,
		    (long long)json_integer_value(n));
		comma = ", ";
	}
	strbuf_addc(sb, '\n');
}

/* What is counted. */
static void
show_numbers(const json_t *result, struct strbuf *sb)
{
	strbuf_addf(sb, "workers      %lld of %lld ready (at most %lld), "
	    "%lld respawned\n", ctl_int(result, "ready_workers"),
	    ctl_int(result, "workers"), ctl_int(result, "max_workers"),
	    ctl_int(result, "respawns"));
	strbuf_addf(sb, "requests     %lld run now in %lld processes of %lld "
	    "core%s each, %lld wait\n             ",
	    ctl_int(result, "busy"), ctl_int(result, "processes"),
	    ctl_int(result, "cores"), ctl_int(result, "cores") == 1 ? "" : "s",
	    ctl_int(result, "queued"));
	ctl_add_count(sb, ctl_int(result, "requests"));
	strbuf_adds(sb, " done, ");
	ctl_add_count(sb, ctl_int(result, "exceptions"));
	strbuf_adds(sb, " exceptions, ");
	ctl_add_count(sb, ctl_int(result, "shed"));
	strbuf_adds(sb, " shed (503), ");
	ctl_add_bytes(sb, ctl_real(result, "tx"));
	strbuf_adds(sb, " sent\nconnections  ");
	ctl_add_count(sb, ctl_int(result, "connections"));
	strbuf_adds(sb, " open, ");
	ctl_add_count(sb, ctl_int(result, "accepted"));
	strbuf_adds(sb, " accepted\n");
}

/* status */
void
ctl_show_status(const struct ctl *ctl, const json_t *result,
    struct strbuf *sb)
{
	size_t	 i;

	(void)ctl;
	strbuf_addf(sb, "wsgimaster   %s, pid %lld: %s%s, generation %lld, "
	    "up ", ctl_str(result, "version"), ctl_int(result, "pid"),
	    ctl_str(result, "state"),
	    json_is_true(json_object_get(result, "ready")) ? "" :
	    " (not ready)", ctl_int(result, "generation"));
	ctl_add_seconds(sb, ctl_real(result, "uptime_ms") / 1e3);
	strbuf_addc(sb, '\n');
	show_numbers(result, sb);
	for (i = 0; i < sizeof(show_lists) / sizeof(show_lists[0]); i++)
		show_list(&show_lists[i], result, sb);
	show_reload(result, sb);
	show_endings(result, sb);
	strbuf_addf(sb, "log level    %s\n", ctl_str(result, "log_level"));
}

/* One process; what only is of a living one stays empty otherwise. */
static void
show_worker(struct ctl_table *table, const json_t *w)
{
	bool	 alive = ctl_int(w, "pid") > 0;

	ctl_table_add(table, xasprintf("%lld", ctl_int(w, "worker")));
	ctl_table_add(table, alive ? xasprintf("%lld", ctl_int(w, "pid")) :
	    xstrdup(""));
	ctl_table_add(table, xstrdup(ctl_str(w, "state")));
	if (!alive) {
		while (table->ncells % table->ncolumns != 0)
			ctl_table_add(table, xstrdup(""));
		return;
	}
	ctl_table_add(table, xasprintf("%lld", ctl_int(w, "generation")));
	ctl_table_add(table, ctl_seconds(ctl_real(w, "ready_ms") / 1e3));
	ctl_table_add(table, xasprintf("%lld", ctl_int(w, "busy")));
	ctl_table_add(table, xasprintf("%lld", ctl_int(w, "queued")));
	ctl_table_add(table, xasprintf("%lld", ctl_int(w, "connections")));
	ctl_table_add(table, ctl_count(ctl_int(w, "requests")));
	ctl_table_add(table, xasprintf("%lld", ctl_int(w, "exceptions")));
	ctl_table_add(table, ctl_seconds(ctl_real(w, "avg_us") / 1e6));
	ctl_table_add(table, ctl_seconds(ctl_real(w, "loop_lag_us") / 1e6));
	ctl_table_add(table, ctl_bytes(ctl_real(w, "rss")));
}

/* workers, or how many there shall be from now on. */
void
ctl_show_workers(const struct ctl *ctl, const json_t *result,
    struct strbuf *sb)
{
	static const struct ctl_column	 columns[] = {
		{ "ID", true }, { "PID", true }, { "STATE", false },
		{ "GEN", true }, { "UP", true }, { "BUSY", true },
		{ "QUEUE", true }, { "CONN", true }, { "REQS", true },
		{ "EXC", true }, { "AVG", true }, { "LAG", true },
		{ "MEMORY", true }, { NULL, false }
	};
	struct ctl_table		 table;
	const json_t			*w;
	size_t				 i;

	if (ctl->arg != NULL) {
		strbuf_addf(sb, "%lld workers (before: %lld)\n",
		    ctl_int(result, "workers"), ctl_int(result, "before"));
		return;
	}
	ctl_table_init(&table, columns);
	json_array_foreach(json_object_get(result, "workers"), i, w)
		show_worker(&table, w);
	ctl_table_print(&table, sb, (size_t)ctl_columns());
	ctl_table_done(&table);
}

/* Does the core wait for a descriptor of the app's? */
static bool
show_waits_for_fd(const json_t *core)
{
	return strncmp(ctl_str(core, "state"), "wait-", 5) == 0 &&
	    ctl_int(core, "wait_fd") >= 0;
}

/* What each waits for, in the order of the rows. */
static struct ctl_fd *
show_find_fds(const json_t *cores)
{
	size_t		 n = json_array_size(cores), used = 0, i;
	struct ctl_fd	*fds = xcalloc(n + 1, sizeof(*fds));
	const json_t	*core;

	json_array_foreach(cores, i, core) {
		if (!show_waits_for_fd(core))
			continue;
		fds[used].pid = (int)ctl_int(core, "pid");
		fds[used++].fd = (int)ctl_int(core, "wait_fd");
	}
	ctl_fd_names(fds, used);
	return fds;
}

/* A table of cores. */
void
ctl_table_of_cores(const json_t *cores, struct strbuf *sb, size_t width)
{
	static const struct ctl_column	 columns[] = {
		{ "WORKER", true }, { "CORE", true }, { "AGE", true },
		{ "STATE", false }, { "WAITS FOR", false },
		{ "CLIENT", false }, { "REQUEST", false }, { NULL, false }
	};
	struct ctl_fd			*fds = show_find_fds(cores), *fd = fds;
	struct ctl_table		 table;
	const json_t			*core;
	bool				 busy;
	char				*line;
	size_t				 i;

	ctl_table_init(&table, columns);
	json_array_foreach(cores, i, core) {
		busy = json_object_get(core, "request") != NULL;
		ctl_table_add(&table, xasprintf("%lld",
		    ctl_int(core, "worker")));
		ctl_table_add(&table, xasprintf("%lld",
		    ctl_int(core, "core")));
		ctl_table_add(&table, busy ? ctl_seconds(ctl_real(core,
		    "age_ms") / 1e3) : xstrdup(""));
		ctl_table_add(&table, xstrdup(ctl_str(core, "state")));
		ctl_table_add(&table, show_waits_for_fd(core) ?
		    (fd++)->name : xstrdup(""));
		ctl_table_add(&table, ctl_clean(ctl_str(core, "addr")));
		line = xasprintf("%s%s%s", ctl_str(core, "method"),
		    busy ? " " : "", ctl_str(core, "path"));
		ctl_table_add(&table, ctl_clean(line));
		free(line);
	}
	ctl_table_print(&table, sb, width);
	ctl_table_done(&table);
	free(fds);
}

/* cores */
void
ctl_show_cores(const struct ctl *ctl, const json_t *result,
    struct strbuf *sb)
{
	const json_t	*cores = json_object_get(result, "cores");

	(void)ctl;
	if (json_array_size(cores) == 0)
		strbuf_adds(sb, "no request is running\n");
	else
		ctl_table_of_cores(cores, sb, (size_t)ctl_columns());
}

/* A stack, innermost frame last. */
static void
show_stack(const json_t *stack, struct strbuf *sb)
{
	const json_t	*line;
	const char	*text;
	size_t		 i;

	json_array_foreach(stack, i, line) {
		text = json_string_value(line);
		if (text == NULL)
			continue;
		ctl_add_clean(sb, text);
		strbuf_addc(sb, '\n');
	}
	if (json_array_size(stack) == 0)
		strbuf_adds(sb, "  (no Python frame)\n");
}

/* One worker's answer: its requests, then its threads. */
static void
show_worker_stacks(const json_t *w, struct strbuf *sb)
{
	const json_t	*item;
	size_t		 i;

	json_array_foreach(json_object_get(w, "cores"), i, item) {
		strbuf_addf(sb, "worker %lld (pid %lld), core %lld, %s for ",
		    ctl_int(w, "worker"), ctl_int(w, "pid"),
		    ctl_int(item, "core"), ctl_str(item, "state"));
		ctl_add_seconds(sb, ctl_real(item, "age_ms") / 1e3);
		strbuf_adds(sb, ": ");
		ctl_add_clean(sb, ctl_str(item, "method"));
		strbuf_addc(sb, ' ');
		ctl_add_clean(sb, ctl_str(item, "path"));
		strbuf_adds(sb, "\n  request ");
		ctl_add_clean(sb, ctl_str(item, "request"));
		strbuf_addc(sb, '\n');
		show_stack(json_object_get(item, "stack"), sb);
		strbuf_addc(sb, '\n');
	}
	json_array_foreach(json_object_get(w, "threads"), i, item) {
		strbuf_addf(sb, "worker %lld (pid %lld), thread ",
		    ctl_int(w, "worker"), ctl_int(w, "pid"));
		ctl_add_clean(sb, ctl_str(item, "name"));
		strbuf_addc(sb, '\n');
		show_stack(json_object_get(item, "stack"), sb);
		strbuf_addc(sb, '\n');
	}
}

/* stacks */
void
ctl_show_stacks(const struct ctl *ctl, const json_t *result,
    struct strbuf *sb)
{
	const json_t	*w;
	size_t		 i;

	json_array_foreach(json_object_get(result, "workers"), i, w) {
		if (json_object_get(w, "error") != NULL) {
			strbuf_addf(sb, "worker %lld (pid %lld): no stacks: ",
			    ctl_int(w, "worker"), ctl_int(w, "pid"));
			ctl_add_clean(sb, ctl_str(w, "error"));
			strbuf_adds(sb, "\n\n");
			continue;
		}
		if (json_is_true(json_object_get(w, "loop_stuck")))
			strbuf_addf(sb, "worker %lld (pid %lld): its loop is "
			    "stuck\n\n", ctl_int(w, "worker"),
			    ctl_int(w, "pid"));
		if (json_is_true(json_object_get(w, "lock_held")))
			strbuf_addf(sb, "worker %lld (pid %lld): C code "
			    "holds Python's lock; stacks are missing\n\n",
			    ctl_int(w, "worker"), ctl_int(w, "pid"));
		if (ctl_int(w, "left_out") > 0)
			strbuf_addf(sb, "worker %lld (pid %lld): the stacks "
			    "of %lld more cores are left out\n\n",
			    ctl_int(w, "worker"), ctl_int(w, "pid"),
			    ctl_int(w, "left_out"));
		show_worker_stacks(w, sb);
	}
	if (sb->len == 0)
		strbuf_addf(sb, "no%s request is running\n",
		    ctl_has(ctl, CTL_OPTION_REQUEST) ||
		    ctl_has(ctl, CTL_OPTION_CORE) ? " such" : "");
}

/* config: what was set, or with --all everything. */
void
ctl_show_config(const struct ctl *ctl, const json_t *result,
    struct strbuf *sb)
{
	static const struct ctl_column	 columns[] = {
		{ "OPTION", false }, { "SET BY", false }, { "VALUE", false },
		{ NULL, false }
	};
	json_t				*set_by, *value;
	struct ctl_table		 table;
	const char			*name;
	char				*text;

	set_by = json_object_get(result, "set_by");
	ctl_table_init(&table, columns);
	json_object_foreach(json_object_get(result, "config"), name, value) {
		if (json_object_get(set_by, name) == NULL &&
		    !ctl_has(ctl, CTL_OPTION_ALL))
			continue;
		ctl_table_add(&table, xstrdup(name));
		ctl_table_add(&table, ctl_clean(ctl_str(set_by, name)));
		text = json_is_string(value) ?
		    xstrdup(json_string_value(value)) :
		    json_dumps(value, JSON_ENCODE_ANY |
		    JSON_REAL_PRECISION(15));
		ctl_table_add(&table, ctl_clean(text));
		free(text);
	}
	ctl_table_print(&table, sb, (size_t)ctl_columns());
	ctl_table_done(&table);
}
