/* One frame of wsgimaster ctl top: two samples of a server, as text. */
#include "ctl/ctl_frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/xmalloc.h"
#include "ctl/ctl_show.h"
#include "ctl/ctl_table.h"
#include "ctl/ctl_text.h"

#define FRAME_HEAD	6	/* lines above the workers */
#define FRAME_REST	4	/* titles, blank lines, the keys */
#define FRAME_REQUESTS	5	/* lines they have at least */
#define FRAME_BAR	24	/* columns of the bar */

/* One worker, with what it is sorted by. */
struct frame_worker {
	const json_t	*json;
	double		 rate;		/* requests a second, -1: not known */
	double		 key;
};

/* How each order is called, chosen and computed; the highest come first. */
static const struct {
	const char	*name;
	const char	*key;		/* member of a worker, NULL: the rate */
	double		 sign;
} frame_sorts[CTL_SORT_COUNT] = {
	[CTL_SORT_ID] = { "id", "worker", -1 },
	[CTL_SORT_RATE] = { "rate", NULL, 1 },
	[CTL_SORT_BUSY] = { "busy", "busy", 1 },
	[CTL_SORT_MEMORY] = { "memory", "rss", 1 },
	[CTL_SORT_LAG] = { "lag", "loop_lag_us", 1 },
};

/* The order of that name. */
enum ctl_sort
ctl_sort_find(const char *name)
{
	int	 i;

	for (i = 0; i < CTL_SORT_COUNT; i++) {
		if (strcmp(frame_sorts[i].name, name) == 0)
			return (enum ctl_sort)i;
	}
	return CTL_SORT_COUNT;
}

/* The order of that key: the name's first letter. */
enum ctl_sort
ctl_sort_key(int key)
{
	int	 i;

	for (i = 0; i < CTL_SORT_COUNT; i++) {
		if (frame_sorts[i].name[0] == key)
			return (enum ctl_sort)i;
	}
	return CTL_SORT_COUNT;
}

/* Forgets a sample. */
void
ctl_sample_done(struct ctl_sample *sample)
{
	json_decref(sample->status);
	json_decref(sample->workers);
	json_decref(sample->by_pid);
	json_decref(sample->cores);
	memset(sample, 0, sizeof(*sample));
}

/* Seconds between the two, 0: there are no two. */
static double
frame_seconds(const struct ctl_sample *before, const struct ctl_sample *now)
{
	double	 seconds;

	if (before->status == NULL)
		return 0;
	seconds = (ctl_real(now->status, "clock_us") -
	    ctl_real(before->status, "clock_us")) / 1e6;
	return seconds > 0 ? seconds : 0;
}

/* How much a number of the server has grown. */
static double
frame_growth(const struct ctl_sample *before, const struct ctl_sample *now,
    const char *key)
{
	return ctl_real(now->status, key) - ctl_real(before->status, key);
}

/* Adds a name and how fast its number grows. */
static void
frame_add_rate(struct strbuf *sb, const char *name, double growth,
    double seconds, bool bytes)
{
	double	 rate = seconds > 0 ? growth / seconds : 0;

	strbuf_adds(sb, name);
	if (seconds <= 0)
		strbuf_addc(sb, '-');
	else if (bytes)
		ctl_add_bytes(sb, rate);
	else if (rate >= 99.95)
		ctl_add_count(sb, (long long)(rate + 0.5));
	else
		strbuf_addf(sb, "%.1f", rate);
	strbuf_adds(sb, "/s");
}

/* The first line: who, since when, and the time. */
static void
frame_add_title(struct strbuf *sb, const struct ctl_view *view,
    const json_t *status)
{
	struct strbuf	 left = STRBUF_INIT;
	char		 clock[16];
	time_t		 now = time(NULL);
	struct tm	 tm;
	int		 blanks;

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &tm));
	strbuf_addf(&left, "wsgimaster %s  pid %lld  %s%s  generation %lld  "
	    "up ", ctl_str(status, "version"), ctl_int(status, "pid"),
	    ctl_str(status, "state"),
	    json_is_true(json_object_get(status, "ready")) ? "" :
	    " (not ready)", ctl_int(status, "generation"));
	ctl_add_seconds(&left, ctl_real(status, "uptime_ms") / 1e3);
	blanks = view->columns - (int)(left.len + strlen(clock));
	strbuf_addf(sb, "%s%s%*s%s\n", view->marks ? "\001" : "",
	    strbuf_str(&left), blanks > 2 ? blanks : 2, "", clock);
	strbuf_done(&left);
}

/* The second line: what has happened since the last frame, by the second. */
static void
frame_add_rates(struct strbuf *sb, const struct ctl_sample *before,
    const struct ctl_sample *now)
{
	double	 seconds = frame_seconds(before, now), requests;

	requests = frame_growth(before, now, "requests");
	frame_add_rate(sb, "requests   ", requests, seconds, false);
	frame_add_rate(sb, "  exceptions ", frame_growth(before, now,
	    "exceptions"), seconds, false);
	frame_add_rate(sb, "  shed ", frame_growth(before, now, "shed"),
	    seconds, false);
	frame_add_rate(sb, "  sent ", frame_growth(before, now, "tx"),
	    seconds, true);
	strbuf_adds(sb, "  mean ");
	if (seconds > 0 && requests > 0)
		ctl_add_seconds(sb, frame_growth(before, now, "running_us") /
		    requests / 1e6);
	else
		strbuf_addc(sb, '-');
	strbuf_addc(sb, '\n');
}

/* The third line: how full it is. */
static void
frame_add_load(struct strbuf *sb, const json_t *status)
{
	const json_t	*socket;
	long long	 busy, cores, waiting = 0;
	size_t		 i, filled;

	json_array_foreach(json_object_get(status, "sockets"), i, socket)
		waiting += ctl_int(socket, "queue");
	busy = ctl_int(status, "busy");
	cores = ctl_int(status, "cores") * ctl_int(status, "processes");
	filled = cores > 0 ? (size_t)(busy * FRAME_BAR / cores) : 0;
	if (filled > FRAME_BAR)
		filled = FRAME_BAR;
	strbuf_addf(sb, "running    %lld of %lld cores [", busy, cores);
	for (i = 0; i < FRAME_BAR; i++)
		strbuf_addc(sb, i < filled ? '#' : ' ');
	strbuf_addf(sb, "]  queued %lld  unaccepted %lld\n",
	    ctl_int(status, "queued"), waiting);
}

/* The fourth line: the processes, and what they hold. */
static void
frame_add_processes(struct strbuf *sb, const struct ctl_sample *now)
{
	const json_t	*status = now->status, *worker;
	double		 rss = 0, lag = 0;
	size_t		 i;

	json_array_foreach(now->workers, i, worker) {
		rss += ctl_real(worker, "rss");
		if (ctl_real(worker, "loop_lag_us") > lag)
			lag = ctl_real(worker, "loop_lag_us");
	}
	strbuf_addf(sb, "workers    %lld of %lld ready  %lld respawned  "
	    "connections %lld  memory ", ctl_int(status, "ready_workers"),
	    ctl_int(status, "workers"), ctl_int(status, "respawns"),
	    ctl_int(status, "connections"));
	ctl_add_bytes(sb, rss);
	strbuf_adds(sb, "  lag ");
	ctl_add_seconds(sb, lag / 1e6);
	strbuf_addc(sb, '\n');
}

/* The fifth line: generations, and a reload. */
static void
frame_add_generations(struct strbuf *sb, const json_t *status)
{
	const json_t	*reload = json_object_get(status, "reload");
	const json_t	*gen, *last;
	size_t		 i;

	strbuf_adds(sb, "generation ");
	json_array_foreach(json_object_get(status, "generations"), i, gen)
		strbuf_addf(sb, "%s%lld %s (%lld)", i > 0 ? ", " : "",
		    ctl_int(gen, "id"), ctl_str(gen, "state"),
		    ctl_int(gen, "workers"));
	last = json_object_get(reload, "last");
	if (json_is_true(json_object_get(reload, "running")))
		strbuf_addf(sb, "  reloading to %lld",
		    ctl_int(reload, "generation"));
	else if (last != NULL && !json_is_true(json_object_get(last, "ok"))) {
		strbuf_adds(sb, "  last reload failed: ");
		ctl_add_clean(sb, ctl_str(last, "error"));
	}
	strbuf_addc(sb, '\n');
}

/* The highest key first; the same order among equals as they came. */
static int
frame_compare(const void *a, const void *b)
{
	const struct frame_worker	*x = a, *y = b;

	if (x->key != y->key)
		return x->key > y->key ? -1 : 1;
	return (int)(ctl_int(x->json, "worker") - ctl_int(y->json, "worker"));
}

/* The workers, sorted. */
static struct frame_worker *
frame_sort(const struct ctl_view *view, const struct ctl_sample *before,
    const struct ctl_sample *now)
{
	size_t			 n = json_array_size(now->workers), i;
	struct frame_worker	*list = xcalloc(n + 1, sizeof(*list)), *w;
	double			 seconds = frame_seconds(before, now);
	const json_t		*old;
	char			 pid[24];

	for (i = 0; i < n; i++) {
		w = &list[i];
		w->json = json_array_get(now->workers, i);
		snprintf(pid, sizeof(pid), "%lld", ctl_int(w->json, "pid"));
		old = json_object_get(before->by_pid, pid);
		w->rate = seconds > 0 ? (ctl_real(w->json, "requests") -
		    ctl_real(old, "requests")) / seconds : -1;
		w->key = frame_sorts[view->sort].key == NULL ? w->rate :
		    ctl_real(w->json, frame_sorts[view->sort].key);
		w->key *= frame_sorts[view->sort].sign;
	}
	qsort(list, n, sizeof(*list), frame_compare);
	return list;
}

/* A worker's row. */
static void
frame_add_worker(struct ctl_table *table, const struct frame_worker *w)
{
	const json_t	*json = w->json;
	struct strbuf	 rate = STRBUF_INIT;

	if (w->rate >= 0)
		strbuf_addf(&rate, w->rate < 99.95 ? "%.1f" : "%.0f",
		    w->rate);
	else
		strbuf_addc(&rate, '-');
	ctl_table_add(table, xasprintf("%lld", ctl_int(json, "worker")));
	ctl_table_add(table, xasprintf("%lld", ctl_int(json, "pid")));
	ctl_table_add(table, xstrdup(ctl_str(json, "state")));
	ctl_table_add(table, xasprintf("%lld", ctl_int(json, "generation")));
	ctl_table_add(table, ctl_seconds(ctl_real(json, "ready_ms") /
	    1e3));
	ctl_table_add(table, strbuf_detach(&rate));
	ctl_table_add(table, ctl_seconds(ctl_real(json, "avg_us") / 1e6));
	ctl_table_add(table, xasprintf("%lld/%lld", ctl_int(json, "busy"),
	    ctl_int(json, "cores")));
	ctl_table_add(table, xasprintf("%lld", ctl_int(json, "queued")));
	ctl_table_add(table, xasprintf("%lld",
	    ctl_int(json, "connections")));
	ctl_table_add(table, ctl_seconds(ctl_real(json, "loop_lag_us") /
	    1e6));
	ctl_table_add(table, ctl_bytes(ctl_real(json, "rss")));
}

/* The table of workers; returns how many lines it took. */
static int
frame_add_workers(struct strbuf *sb, const struct ctl_view *view,
    const struct ctl_sample *before, const struct ctl_sample *now, int room)
{
	static const struct ctl_column	 columns[] = {
		{ "ID", true }, { "PID", true }, { "STATE", false },
		{ "GEN", true }, { "UP", true }, { "REQ/S", true },
		{ "MEAN", true }, { "BUSY", true }, { "QUEUE", true },
		{ "CONN", true }, { "LAG", true }, { "MEMORY", true },
		{ NULL, false }
	};
	struct frame_worker		*list = frame_sort(view, before, now);
	struct ctl_table		 table;
	int				 n, i, shown;

	n = (int)json_array_size(now->workers);
	shown = room > 0 && n > room ? room : n;
	ctl_table_init(&table, columns);
	for (i = 0; i < shown; i++)
		frame_add_worker(&table, &list[i]);
	if (view->marks)
		strbuf_addc(sb, '\002');
	ctl_table_print(&table, sb, (size_t)view->columns);
	ctl_table_done(&table);
	free(list);
	return shown;
}

/* The table of the oldest requests. */
static void
frame_add_cores(struct strbuf *sb, const struct ctl_view *view,
    const struct ctl_sample *now, int room)
{
	json_t	*some = json_array();
	size_t	 i;

	for (i = 0; i < json_array_size(now->cores); i++) {
		if (room == 0 || (int)i < room)
			json_array_append(some, json_array_get(now->cores,
			    i));
	}
	if (view->marks)
		strbuf_addc(sb, '\002');
	if (json_array_size(some) == 0)
		strbuf_adds(sb, "no request is running\n");
	else
		ctl_table_of_cores(some, sb, (size_t)view->columns);
	json_decref(some);
}

/* Makes a frame. */
void
ctl_frame(struct strbuf *sb, const struct ctl_view *view,
    const struct ctl_sample *before, const struct ctl_sample *now)
{
	int	 room = 0, used, left = 0, n;

	frame_add_title(sb, view, now->status);
	frame_add_rates(sb, before, now);
	frame_add_load(sb, now->status);
	frame_add_processes(sb, now);
	frame_add_generations(sb, now->status);
	strbuf_addc(sb, '\n');
	if (view->lines > 0) {
		n = (int)json_array_size(now->cores);
		if (n > FRAME_REQUESTS)
			n = FRAME_REQUESTS;
		room = view->lines - FRAME_HEAD - FRAME_REST - n;
		room = room > 1 ? room : 1;
	}
	used = frame_add_workers(sb, view, before, now, room);
	strbuf_addc(sb, '\n');
	if (view->lines > 0) {
		left = view->lines - FRAME_HEAD - FRAME_REST - used;
		left = left > 1 ? left : 1;
	}
	frame_add_cores(sb, view, now, left);
}
