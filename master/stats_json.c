/* The server's state as a JSON document, in uWSGI's shape with more keys. */
#include "master/stats_json.h"

#include <jansson.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "build_config.h"
#include "config/config.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/process.h"
#include "master/seats.h"
#include "master/workers.h"
#include "shm/listener.h"
#include "shm/scoreboard.h"

/* A number of any kind. */
#define NUMBER(n)	((json_int_t)(n))

/* A string, as UTF-8 if it is that, else as latin-1. New reference. */
static json_t *
stats_string(const char *text)
{
	struct strbuf	 sb = STRBUF_INIT;
	json_t		*s = json_string(text);

	if (s != NULL)
		return s;
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x80) {
			strbuf_addc(&sb, *text);
			continue;
		}
		strbuf_addc(&sb, (char)(0xc0 | (unsigned char)*text >> 6));
		strbuf_addc(&sb, (char)(0x80 | (*text & 0x3f)));
	}
	s = json_string(strbuf_str(&sb));
	strbuf_done(&sb);
	return s;
}

/* How many connections wait to be accepted, and how many may. */
static int
stats_queue(const struct listener *l, int *max)
{
	struct tcp_info	 info;
	socklen_t	 len = sizeof(info);

	*max = 0;
	if (l->is_unix || getsockopt(l->fd, IPPROTO_TCP, TCP_INFO, &info,
	    &len) == -1)
		return 0;
	*max = (int)info.tcpi_sacked;
	return (int)info.tcpi_unacked;
}

/* All listening sockets; adds up their queues. */
static json_t *
stats_sockets(const struct master *m, int *total)
{
	const struct listener	*l;
	json_t			*list = json_array();
	size_t			 i;
	int			 queue, max;

	*total = 0;
	for (i = 0; i < m->listeners->count; i++) {
		l = &m->listeners->items[i];
		queue = stats_queue(l, &max);
		*total += queue;
		json_array_append_new(list, json_pack(
		    "{s:o, s:s, s:i, s:i, s:i, s:i, s:i}",
		    "name", stats_string(l->name), "proto", "http",
		    "queue", queue, "max_queue", max > 0 ? max :
		    m->cfg->listen, "shared", 0, "can_offload", 0,
		    "worker", l->worker_id));
	}
	return list;
}

/* When its request began, in seconds since 1970, and how long ago. */
static json_int_t
stats_request_start(const struct sb_core_view *view, uint64_t *age_us)
{
	uint64_t	 now = clock_mono_us();

	*age_us = now > view->start_us ? now - view->start_us : 0;
	return NUMBER((clock_real_us() - *age_us) / 1000000);
}

/* What uWSGI does not tell of a busy core. */
static void
stats_add_request(json_t *core, const struct sb_core_view *view)
{
	char		 id[24];
	uint64_t	 age;
	json_int_t	 start = stats_request_start(view, &age);
	json_t		*info;

	snprintf(id, sizeof(id), "%016llx",
	    (unsigned long long)view->request_id);
	json_object_set_new(core, "req_info",
	    json_pack("{s:I}", "request_start", start));
	info = json_pack("{s:i, s:o, s:o, s:o, s:I, s:i, s:s, s:I}",
	    "wait_fd", (int)view->wait_fd,
	    "method", stats_string(view->method),
	    "path", stats_string(view->path),
	    "addr", stats_string(view->addr),
	    "age_ms", NUMBER(age / 1000), "switches", (int)view->switches,
	    "request", id, "bytes", NUMBER(view->bytes_out));
	json_object_update(core, info);
	json_decref(info);
}

/* One core. */
static json_t *
stats_core(uint32_t id, const struct sb_core_view *view)
{
	bool	 busy = view->state != SB_CORE_IDLE;
	json_t	*core;

	core = json_pack("{s:i, s:I, s:i, s:i, s:i, s:I, s:I, s:i, s:[], "
	    "s:{}, s:s}",
	    "id", (int)id, "requests", NUMBER(view->requests),
	    "static_requests", 0, "routed_requests", 0,
	    "offloaded_requests", 0,
	    "write_errors", NUMBER(view->write_errors),
	    "read_errors", NUMBER(view->read_errors), "in_request", busy,
	    "vars", "req_info", "state", sb_core_state_name(view->state));
	if (busy)
		stats_add_request(core, view);
	return core;
}

/* The cores of a slot, or only the busy ones. */
static json_t *
stats_cores(const struct master *m, int slot, bool only_busy)
{
	struct sb_core_view	 view;
	json_t			*list = json_array();
	uint32_t		 i;

	for (i = 0; i < m->sb->cores; i++) {
		sb_core_read(sb_core(m->sb, (uint32_t)slot, i), &view);
		if (!only_busy || view.state != SB_CORE_IDLE)
			json_array_append_new(list, stats_core(i, &view));
	}
	return list;
}

/* The sums of a worker id: its dead processes and those that live. */
static struct sb_total
stats_total(const struct master *m, int id)
{
	struct sb_total		 total = *sb_total(m->sb, id);
	const struct sb_slot	*slot;
	uint32_t		 i;

	for (i = 0; i < m->sb->slots; i++) {
		slot = sb_slot(m->sb, i);
		if (m->workers[i].state == SB_SLOT_FREE ||
		    m->workers[i].id != id)
			continue;
		total.requests += sb_get(&slot->requests);
		total.exceptions += sb_get(&slot->exceptions);
		total.bytes_out += sb_get(&slot->bytes_out);
		total.running_us += sb_get(&slot->running_us);
		total.shed += sb_get(&slot->shed);
		total.accepted += sb_get(&slot->accepted);
	}
	return total;
}

/* One app; what it did is known of the first ones. */
static json_t *
stats_app(const struct master *m, size_t id, const char *mount, size_t len,
    const struct sb_slot *slot)
{
	const struct sb_app	*did = NULL;
	char			*text = strndup(mount, len);
	json_t			*app;

	if (slot != NULL && id < SB_APPS)
		did = &slot->apps[id];

	app = json_pack("{s:I, s:i, s:o, s:I, s:o, s:o, s:o}",
	    "id", NUMBER(id), "modifier1", 0, "mountpoint",
	    stats_string(text), "startup_time",
	    NUMBER(m->serving->load_us / 1000000),
	    "requests", did == NULL ? json_null() :
	    json_integer(NUMBER(sb_get(&did->requests))),
	    "exceptions", did == NULL ? json_null() :
	    json_integer(NUMBER(sb_get(&did->exceptions))),
	    "chdir", stats_string(m->cfg->chdir != NULL ? m->cfg->chdir :
	    ""));
	free(text);
	return app;
}

/* The apps of a worker. */
static json_t *
stats_apps(const struct master *m, const struct sb_slot *slot)
{
	const struct config	*cfg = m->cfg;
	json_t			*list = json_array();
	const char		*mount;
	size_t			 i, id = 0;

	if (cfg->module != NULL || cfg->wsgi_file != NULL)
		json_array_append_new(list, stats_app(m, id++, "", 0, slot));
	for (i = 0; i < cfg->mount.count; i++) {
		mount = cfg->mount.items[i];
		json_array_append_new(list, stats_app(m, id++, mount,
		    strcspn(mount, "="), slot));
	}
	return list;
}

/* uWSGI's word for what a worker does. */
static const char *
stats_status(const struct sb_slot *slot)
{
	if (slot == NULL || sb_get(&slot->state) != SB_SLOT_READY)
		return "cheap";
	return sb_get(&slot->busy_cores) > 0 ? "busy" : "idle";
}

/* The lines of a text. */
static json_t *
stats_lines(const char *text)
{
	json_t	*list = json_array();
	size_t	 len;

	for (; *text != '\0'; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		json_array_append_new(list, json_stringn(text, len));
	}
	return list;
}

/* What uWSGI does not tell of a process; slot NULL: there is none. */
static void
stats_add_process(const struct master *m, json_t *worker,
    const struct worker_proc *wp, const struct sb_slot *slot)
{
	json_t	*more;

	if (slot == NULL) {
		json_object_set_new(worker, "state", json_string("free"));
		return;
	}
	more = json_pack("{s:s, s:i, s:i, s:I, s:I, s:I, s:I, s:I}",
	    "state", sb_slot_state_name(wp->state), "generation",
	    wp->gen->id, "slot", wp->slot,
	    "queued", NUMBER(sb_get(&slot->queued)),
	    "connections", NUMBER(sb_get(&slot->connections)),
	    "busy_cores", NUMBER(sb_get(&slot->busy_cores)),
	    "shed", NUMBER(sb_get(&slot->shed)),
	    "accepted", NUMBER(sb_get(&slot->accepted)));
	json_object_update(worker, more);
	json_decref(more);
	json_object_set_new(worker, "owns_listeners",
	    json_boolean(wp->owns_listeners));
	json_object_set_new(worker, "listeners",
	    stats_lines(wp->listeners));
	(void)m;
}

/* The numbers of one worker id; slot NULL: nobody sits there. */
static json_t *
stats_worker_numbers(const struct master *m, int id, pid_t pid,
    const struct sb_slot *slot)
{
	struct sb_total		 total = stats_total(m, id);
	unsigned long long	 rss = 0, vsz = 0;

	if (pid > 0)
		process_memory(pid, &rss, &vsz);
	return json_pack("{s:i, s:i, s:i, s:I, s:I, s:I, s:i, s:i, s:i, s:s, "
	    "s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
	    "id", id, "pid", (int)pid,
	    "accepting", slot != NULL ? (int)sb_get(&slot->accepting) : 0,
	    "requests", NUMBER(total.requests),
	    "delta_requests", NUMBER(slot != NULL ?
	    sb_get(&slot->requests) : 0),
	    "exceptions", NUMBER(total.exceptions),
	    "harakiri_count", 0, "signals", 0, "signal_queue", 0,
	    "status", stats_status(slot),
	    "rss", NUMBER(rss), "vsz", NUMBER(vsz),
	    "running_time", NUMBER(total.running_us),
	    "last_spawn", NUMBER(slot != NULL ?
	    slot->spawned_us / 1000000 : 0),
	    "respawn_count", NUMBER(total.respawns),
	    "tx", NUMBER(total.bytes_out),
	    "avg_rt", NUMBER(slot != NULL ? sb_get(&slot->avg_us) : 0));
}

/* One worker id. */
static json_t *
stats_worker(const struct master *m, const struct seat *seat)
{
	const struct worker_proc	*wp = seat->proc;
	const struct sb_slot		*slot = NULL;
	json_t				*worker;

	if (wp != NULL && wp->state != SB_SLOT_FREE)
		slot = sb_slot(m->sb, (uint32_t)wp->slot);
	worker = stats_worker_numbers(m, seat->id, slot != NULL ? wp->pid : 0,
	    slot);
	stats_add_process(m, worker, wp, slot);
	json_object_set_new(worker, "apps", stats_apps(m, slot));
	json_object_set_new(worker, "cores", slot != NULL ?
	    stats_cores(m, wp->slot, false) : json_array());
	return worker;
}

/* All worker ids that are used. */
static json_t *
stats_workers(const struct master *m)
{
	json_t	*list = json_array();
	int	 i;

	for (i = 0; i < m->max; i++) {
		if (i < m->target || m->seats[i].proc != NULL)
			json_array_append_new(list,
			    stats_worker(m, &m->seats[i]));
	}
	return list;
}

/* A process that is not, or no longer, the one of its worker id. */
static json_t *
stats_other(const struct master *m, const struct worker_proc *wp)
{
	const struct sb_slot	*slot = sb_slot(m->sb, (uint32_t)wp->slot);
	json_t			*other;

	other = json_pack("{s:i, s:i, s:I}", "id", wp->id, "pid",
	    (int)wp->pid, "requests", NUMBER(sb_get(&slot->requests)));
	stats_add_process(m, other, wp, slot);
	json_object_set_new(other, "cores", stats_cores(m, wp->slot, true));
	return other;
}

/* All of them: draining ones, and a reload's next one. */
static json_t *
stats_others(const struct master *m)
{
	const struct worker_proc	*wp;
	json_t				*list = json_array();
	uint32_t			 i;

	for (i = 0; i < m->sb->slots; i++) {
		wp = &m->workers[i];
		if (wp->state != SB_SLOT_FREE &&
		    m->seats[wp->id - 1].proc != wp)
			json_array_append_new(list, stats_other(m, wp));
	}
	return list;
}

/* The generations there are. */
static json_t *
stats_generations(const struct master *m)
{
	const struct generation	*gen;
	json_t			*list = json_array();

	TAILQ_FOREACH(gen, &m->generations, link)
		json_array_append_new(list, json_pack(
		    "{s:i, s:s, s:i, s:I}", "id", gen->id, "state",
		    generation_state_name(gen->state), "spawner_pid",
		    (int)gen->pid, "workers", NUMBER(gen->workers)));
	return list;
}

/* The reload under way and the last one. */
static json_t *
stats_reload(const struct master *m)
{
	const struct reload	*r = &m->reload;
	json_t			*reload;

	reload = json_pack("{s:o, s:i}", "running",
	    json_boolean(r->fresh != NULL), "generation",
	    r->fresh != NULL ? r->fresh->id : 0);
	if (r->last_generation != 0)
		json_object_set_new(reload, "last", json_pack(
		    "{s:i, s:o, s:o}", "generation", r->last_generation,
		    "ok", json_boolean(r->last_ok), "error",
		    stats_string(r->last_failure)));
	return reload;
}

/* The upgrade under way, and why the last one failed, if it did. */
static json_t *
stats_upgrade(const struct master *m)
{
	const struct upgrade	*u = &m->upgrade;

	return json_pack("{s:o, s:i, s:o}", "running",
	    json_boolean(upgrade_is_trying(m)), "pid", (int)u->pid, "error",
	    stats_string(u->last_failure));
}

/* How many worker processes ended for which reason. */
static json_t *
stats_endings(const struct master *m)
{
	json_t	*counts = json_object();
	int	 i;

	for (i = 0; i < ENDING_COUNT; i++)
		json_object_set_new(counts, ending_name((enum ending)i),
		    json_integer(NUMBER(m->endings[i])));
	return counts;
}

/* What is said once. */
static json_t *
stats_server(const struct master *m)
{
	char	*cwd = getcwd(NULL, 0);
	json_t	*sockets, *top;
	int	 queue;

	sockets = stats_sockets(m, &queue);
	top = json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:o, "
	    "s:[], s:[], s:{}, s:s, s:i, s:I, s:i}",
	    "version", WM_VERSION, "listen_queue", queue,
	    "listen_queue_errors", 0, "signal_queue", 0, "load", queue,
	    "pid", (int)getpid(), "uid", (int)getuid(), "gid", (int)getgid(),
	    "cwd", stats_string(cwd != NULL ? cwd : ""), "locks", "caches",
	    "metrics", "state", master_state_name(m->state),
	    "generation", m->serving->id,
	    "started", NUMBER(m->sb->started_us / 1000000),
	    "processes", m->target);
	json_object_set_new(top, "sockets", sockets);
	free(cwd);
	return top;
}

/* Everything. */
char *
stats_json(const struct master *m)
{
	json_t	*top = stats_server(m);
	char	*text;

	json_object_set_new(top, "reload", stats_reload(m));
	json_object_set_new(top, "upgrade", stats_upgrade(m));
	json_object_set_new(top, "endings", stats_endings(m));
	json_object_set_new(top, "generations", stats_generations(m));
	json_object_set_new(top, "workers", stats_workers(m));
	json_object_set_new(top, "other_workers", stats_others(m));
	text = json_dumps(top, JSON_INDENT(1));
	json_decref(top);
	return text;
}
