/* uWSGI's own metrics, by its names: read off the scoreboard when asked for. */
#include "shm/metrics_own.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "shm/scoreboard.h"

enum { COUNTER, GAUGE, ABSOLUTE, ALIAS };	/* uWSGI's numbers */

/* What is known of one worker id, or (0) of all. */
struct metrics_own_worker {
	struct sb_total	 total;
	struct sb_slot	*slot;		/* who serves now; NULL: nobody */
	uint32_t	 slot_number;
	unsigned long long rss;
	unsigned long long vsz;
};

/* One number of a worker's. */
struct metrics_own_row {
	const char	*name;
	int		 oid;
	int		 type;
	int64_t		 (*value)(const struct metrics_own_worker *w);
};

/* Requests, of all processes it had. */
static int64_t
own_requests(const struct metrics_own_worker *w)
{
	return (int64_t)w->total.requests;
}

/* Of the one it has. */
static int64_t
own_delta_requests(const struct metrics_own_worker *w)
{
	return w->slot == NULL ? 0 : (int64_t)sb_get(&w->slot->requests);
}

/* That ended with an exception. */
static int64_t
own_failed_requests(const struct metrics_own_worker *w)
{
	return (int64_t)w->total.exceptions;
}

/* How often it was started again. */
static int64_t
own_respawns(const struct metrics_own_worker *w)
{
	return (int64_t)w->total.respawns;
}

/* Microseconds. */
static int64_t
own_avg_response_time(const struct metrics_own_worker *w)
{
	return w->slot == NULL ? 0 : (int64_t)sb_get(&w->slot->avg_us);
}

/* Bytes sent. */
static int64_t
own_total_tx(const struct metrics_own_worker *w)
{
	return (int64_t)w->total.bytes_out;
}

/* Its memory. */
static int64_t
own_rss_size(const struct metrics_own_worker *w)
{
	return (int64_t)w->rss;
}

/* The same, addresses. */
static int64_t
own_vsz_size(const struct metrics_own_worker *w)
{
	return (int64_t)w->vsz;
}

/* Microseconds in requests. */
static int64_t
own_running_time(const struct metrics_own_worker *w)
{
	return (int64_t)w->total.running_us;
}

/* Does it handle a request? */
static int64_t
own_is_busy(const struct metrics_own_worker *w)
{
	return w->slot != NULL && sb_get(&w->slot->busy_cores) > 0;
}

/* Does it handle none? */
static int64_t
own_is_idle(const struct metrics_own_worker *w)
{
	return w->slot != NULL && sb_get(&w->slot->busy_cores) == 0;
}

/* Refused since all cores were busy. */
static int64_t
own_shed(const struct metrics_own_worker *w)
{
	return (int64_t)w->total.shed;
}

/* There is no such thing. */
static int64_t
own_none(const struct metrics_own_worker *w)
{
	(void)w;
	return 0;
}

static const struct metrics_own_row	 metrics_own_workers[] = {
	{ "requests", 1, COUNTER, own_requests },
	{ "delta_requests", 2, ABSOLUTE, own_delta_requests },
	{ "failed_requests", 13, COUNTER, own_failed_requests },
	{ "respawns", 14, COUNTER, own_respawns },
	{ "avg_response_time", 8, GAUGE, own_avg_response_time },
	{ "total_tx", 9, COUNTER, own_total_tx },
	{ "rss_size", 11, GAUGE, own_rss_size },
	{ "vsz_size", 12, GAUGE, own_vsz_size },
	{ "running_time", 13, COUNTER, own_running_time },
	{ NULL, 0, 0, NULL }
};

/* Sums over all workers; avg is divided by their number. */
static const struct metrics_own_row	 metrics_own_sums[] = {
	{ "core.routed_signals", 1, COUNTER, own_none },
	{ "core.unrouted_signals", 2, COUNTER, own_none },
	{ "core.busy_workers", 3, GAUGE, own_is_busy },
	{ "core.idle_workers", 4, GAUGE, own_is_idle },
	{ "core.overloaded", 5, COUNTER, own_shed },
	{ "core.total_tx", 100, COUNTER, own_total_tx },
	{ "core.total_rss", 101, GAUGE, own_rss_size },
	{ "core.total_vsz", 102, GAUGE, own_vsz_size },
	{ "core.avg_response_time", 103, GAUGE, own_avg_response_time },
	{ "core.total_running_time", 104, COUNTER, own_running_time },
	{ "rss_size", 101, ALIAS, own_rss_size },
	{ "vsz_size", 102, ALIAS, own_vsz_size },
	{ NULL, 0, 0, NULL }
};

static const struct {
	const char	*name;
	int		 oid;
} metrics_own_cores[] = {
	{ "requests", 1 }, { "write_errors", 3 }, { "routed_requests", 4 },
	{ "static_requests", 5 }, { "offloaded_requests", 6 },
	{ "exceptions", 7 }, { "read_errors", 8 }, { NULL, 0 }
};

/* Must /proc be asked? */
static bool
own_is_memory(const struct metrics_own_row *row)
{
	return row->value == own_rss_size || row->value == own_vsz_size;
}

/* Gathers what is known of a worker id. */
static void
own_worker(const struct metrics_own *own, int id, bool with_memory,
    struct metrics_own_worker *w)
{
	struct sb_slot	*slot;
	uint32_t	 i, state;
	pid_t		 pid;

	memset(w, 0, sizeof(*w));
	w->total = *sb_total(own->sb, id);
	for (i = 0; i < own->sb->slots; i++) {
		slot = sb_slot(own->sb, i);
		state = sb_get(&slot->state);
		if (state == SB_SLOT_FREE || slot->worker_id != id)
			continue;
		sb_total_add(&w->total, slot);
		if (w->slot != NULL && state != SB_SLOT_READY)
			continue;
		w->slot = slot;
		w->slot_number = i;
	}
	pid = w->slot == NULL ? 0 : sb_get(&w->slot->pid);
	if (pid > 0 && with_memory && own->memory != NULL)
		own->memory(pid, &w->rss, &w->vsz);
}

/* One core's number. */
static int64_t
own_core(const struct metrics_own *own, const struct metrics_own_worker *w,
    uint32_t number, const char *what)
{
	const struct sb_core	*core;

	if (w->slot == NULL || number >= own->sb->cores)
		return 0;
	core = sb_core(own->sb, w->slot_number, number);
	if (strcmp(what, "requests") == 0)
		return (int64_t)sb_get(&core->requests);
	if (strcmp(what, "write_errors") == 0)
		return sb_get(&core->write_errors);
	if (strcmp(what, "read_errors") == 0)
		return sb_get(&core->read_errors);
	return 0;
}

/* A sum over all workers. */
static int64_t
own_sum(const struct metrics_own *own, const struct metrics_own_row *row)
{
	struct metrics_own_worker	 w;
	int64_t				 sum = 0;
	int				 id;

	for (id = 1; id <= own->workers; id++) {
		own_worker(own, id, own_is_memory(row), &w);
		sum = (int64_t)((uint64_t)sum + (uint64_t)row->value(&w));
	}
	if (row->value == own_avg_response_time && own->workers > 0)
		sum /= own->workers;
	return sum;
}

/* "worker.N.what" or "worker.N.core.M.what". */
static bool
own_get_worker(const struct metrics_own *own, const char *name,
    int64_t *value)
{
	const struct metrics_own_row	*row;
	struct metrics_own_worker	 w;
	unsigned			 id, core;
	int				 end = 0, i;

	if (sscanf(name, "worker.%9u.core.%9u.%n", &id, &core, &end) == 2 &&
	    end > 0) {
		if (id < 1 || id > (unsigned)own->workers ||
		    core >= own->sb->cores || own->no_cores)
			return false;
		for (i = 0; metrics_own_cores[i].name != NULL; i++)
			if (strcmp(metrics_own_cores[i].name, name + end) ==
			    0) {
				own_worker(own, (int)id, false, &w);
				*value = own_core(own, &w, core, name + end);
				return true;
			}
		return false;
	}
	end = 0;
	if (sscanf(name, "worker.%9u.%n", &id, &end) != 1 || end == 0 ||
	    id > (unsigned)own->workers)
		return false;
	for (row = metrics_own_workers; row->name != NULL; row++) {
		if (strcmp(row->name, name + end) != 0)
			continue;
		if (id == 0) {
			*value = row->value == own_requests ?
			    own_sum(own, row) : 0;
			return true;
		}
		own_worker(own, (int)id, own_is_memory(row), &w);
		*value = row->value(&w);
		return true;
	}
	return false;
}

/* One, by its name. */
bool
metrics_own_get(const struct metrics_own *own, const char *name,
    int64_t *value)
{
	const struct metrics_own_row	*row;
	unsigned			 i;
	int				 end = 0;

	for (row = metrics_own_sums; row->name != NULL; row++) {
		if (strcmp(row->name, name) == 0) {
			*value = own_sum(own, row);
			return true;
		}
	}
	if (sscanf(name, "socket.%9u.listen_queue%n", &i, &end) == 1 &&
	    end > 0 && name[end] == '\0' && i < (unsigned)own->sockets) {
		*value = own->backlog(own->backlog_arg, (int)i);
		return true;
	}
	return own_get_worker(own, name, value);
}

/* Whom to tell. */
struct own_each {
	void	(*each)(void *arg, const char *name, int type,
		    const char *oid, int64_t value);
	void	*arg;
};

/* The cores of one worker. */
static void
own_each_core(const struct metrics_own *own, int id,
    const struct metrics_own_worker *w, const struct own_each *to)
{
	char		 name[96], oid[48];
	uint32_t	 core;
	int		 i;

	for (core = 0; core < own->sb->cores; core++) {
		for (i = 0; metrics_own_cores[i].name != NULL; i++) {
			snprintf(name, sizeof(name), "worker.%d.core.%u.%s",
			    id, (unsigned)core, metrics_own_cores[i].name);
			snprintf(oid, sizeof(oid), "3.%d.2.%u.%d", id,
			    (unsigned)core, metrics_own_cores[i].oid);
			to->each(to->arg, name, COUNTER, oid, own_core(own, w,
			    core, metrics_own_cores[i].name));
		}
	}
}

/* One worker's. */
static void
own_each_worker(const struct metrics_own *own, int id,
    const struct own_each *to)
{
	const struct metrics_own_row	*row;
	struct metrics_own_worker	 w;
	char				 name[96], oid[48];
	int64_t				 value;

	own_worker(own, id, true, &w);
	for (row = metrics_own_workers; row->name != NULL; row++) {
		snprintf(name, sizeof(name), "worker.%d.%s", id, row->name);
		snprintf(oid, sizeof(oid), "3.%d.%d", id, row->oid);
		value = row->value(&w);
		if (id == 0)
			(void)metrics_own_get(own, name, &value);
		to->each(to->arg, name, row->type, oid, value);
	}
	if (id > 0 && !own->no_cores && own->sb->cores <=
	    METRICS_OWN_CORES / (uint32_t)own->workers)
		own_each_core(own, id, &w, to);
}

/* All of them. */
void
metrics_own_each(const struct metrics_own *own, void (*each)(void *arg,
    const char *name, int type, const char *oid, int64_t value), void *arg)
{
	const struct own_each		 to = { each, arg };
	const struct metrics_own_row	*row;
	char				 name[96], oid[48];
	int64_t				 value;
	int				 i;

	for (row = metrics_own_sums; row->name != NULL; row++) {
		snprintf(oid, sizeof(oid), "5.%d", row->oid);
		each(arg, row->name, row->type, oid, own_sum(own, row));
	}
	for (i = 0; i <= own->workers; i++)
		own_each_worker(own, i, &to);
	for (i = 0; i < own->sockets; i++) {
		snprintf(name, sizeof(name), "socket.%d.listen_queue", i);
		snprintf(oid, sizeof(oid), "7.%d.1", i);
		value = 0;
		(void)metrics_own_get(own, name, &value);
		each(arg, name, GAUGE, oid, value);
	}
}
