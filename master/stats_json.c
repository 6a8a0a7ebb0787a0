/* The server's state as a JSON document, in uWSGI's shape with more keys. */
#include "master/stats_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "base/xmalloc.h"
#include "build_config.h"
#include "config/config.h"
#include "master/autoscale.h"
#include "master/backlog.h"
#include "master/commons_caches.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/mounts.h"
#include "master/process.h"
#include "master/scale.h"
#include "master/seats.h"
#include "master/stats_parts.h"
#include "master/user_signals.h"
#include "master/workers.h"
#include "shm/commons.h"
#include "shm/listener.h"
#include "shm/scoreboard.h"

/*
 * The document while it is written, slice by slice. What a worker is may change
 * between two slices, so it is looked up anew in each; what stays is how far it
 * has been written.
 */
struct stats_json {
	struct json_out	 json;
	const struct master *m;
	size_t		 step;		/* of stats_json_steps */
	uint32_t	 at;		/* seat or slot */
	bool		 in_cores;	/* of it */
	int		 slot;		/* whose */
	uint32_t	 core;		/* the next one */
	struct strbuf	 core_text;
	bool		 only_busy;
	uint64_t	 mono_us;	/* when the slice began */
	uint64_t	 real_us;
};

/* All listening sockets. */
static void
stats_sockets(struct stats_json *j)
{
	struct json_out		*json = &j->json;
	const struct listener	*l;
	size_t			 i;
	unsigned		 max;

	json_open(json, "sockets", '[');
	for (i = 0; i < j->m->listeners->count; i++) {
		l = &j->m->listeners->items[i];
		json_open(json, NULL, '{');
		json_str(json, "name", l->name);
		json_str(json, "proto", listener_role(l->protocol));
		json_uint(json, "queue", backlog_length(l, &max));
		json_uint(json, "max_queue", max > 0 ? max :
		    (unsigned)j->m->cfg->listen);
		json_int(json, "shared", 0);
		json_int(json, "can_offload", 0);
		json_int(json, "worker", l->worker_id);
		json_close(json);
	}
	json_close(json);
}

/* What uWSGI does not tell of a busy core. */
static void
stats_request(struct stats_json *j, const struct sb_core_view *view)
{
	struct json_out	*json = &j->json;
	uint64_t	 age = 0;

	if (j->mono_us > view->start_us)
		age = j->mono_us - view->start_us;
	json_open(json, "req_info", '{');
	json_uint(json, "request_start", (j->real_us - age) / 1000000);
	json_close(json);
	json_int(json, "wait_fd", view->wait_fd);
	json_str(json, "method", view->method);
	json_str(json, "path", view->path);
	json_str(json, "addr", view->addr);
	json_uint(json, "age_ms", age / 1000);
	json_uint(json, "switches", view->switches);
	json_str(json, "request", view->id);
	json_uint(json, "bytes", view->bytes_out);
}

/* What is the same in every core: there is no such thing. */
#define CORE_ZEROS	"\"static_requests\":0,\"routed_requests\":0,"	\
	"\"offloaded_requests\":0"

/* One core that is idle: most are, so this is made to be quick. */
static void
stats_idle_core(struct stats_json *j, const struct sb_core *core, uint32_t id)
{
	struct strbuf	*text = &j->core_text;

#define ADD(literal)	strbuf_add(text, literal, sizeof(literal) - 1)
	strbuf_truncate(text, 0);
	ADD("{\"id\":");
	strbuf_addu(text, id);
	ADD(",\"requests\":");
	strbuf_addu(text, sb_get(&core->requests) & INT64_MAX);
	ADD("," CORE_ZEROS ",\"write_errors\":");
	strbuf_addu(text, sb_get(&core->write_errors));
	ADD(",\"read_errors\":");
	strbuf_addu(text, sb_get(&core->read_errors));
	ADD(",\"in_request\":0,\"vars\":[],\"state\":\"idle\","
	    "\"req_info\":{}}");
#undef ADD
	json_raw(&j->json, NULL, text->buf, text->len);
}

/* One core. */
static void
stats_core(struct stats_json *j, const struct sb_core *core, uint32_t id)
{
	struct json_out		*json = &j->json;
	struct sb_core_view	 view = { .state = SB_CORE_IDLE };

	if (sb_get(&core->state) != SB_CORE_IDLE)
		sb_core_read(core, &view);
	if (view.state == SB_CORE_IDLE) {
		stats_idle_core(j, core, id);
		return;
	}
	json_open(json, NULL, '{');
	json_uint(json, "id", id);
	json_uint(json, "requests", view.requests);
	json_raw(json, NULL, CORE_ZEROS, sizeof(CORE_ZEROS) - 1);
	json_uint(json, "write_errors", view.write_errors);
	json_uint(json, "read_errors", view.read_errors);
	json_int(json, "in_request", 1);
	json_raw(json, "vars", "[]", 2);
	json_str(json, "state", sb_core_state_name(view.state));
	stats_request(j, &view);
	json_close(json);
}

/* Begins the cores of a slot, or says that there are none; -1: no process. */
static void
stats_cores_begin(struct stats_json *j, int slot, bool only_busy)
{
	if (j->m->cfg->stats_no_cores)
		return;
	json_open(&j->json, "cores", '[');
	j->in_cores = true;
	j->slot = slot;
	j->core = 0;
	j->only_busy = only_busy;
}

/* Goes on with them; false: the slice is full. slot is what it is by now. */
static bool
stats_cores_go_on(struct stats_json *j, int slot)
{
	const struct sb_core	*core;
	uint32_t		 count = j->m->sb->cores;

	if (!j->in_cores)
		return true;
	if (slot != j->slot || slot == -1)
		count = 0;	/* that process is gone */
	for (; j->core < count; j->core++) {
		if (j->json.out->len >= STATS_SLICE)
			return false;
		core = sb_core(j->m->sb, (uint32_t)slot, j->core);
		if (!j->only_busy || sb_get(&core->state) != SB_CORE_IDLE)
			stats_core(j, core, j->core);
	}
	json_close(&j->json);
	j->in_cores = false;
	return true;
}

/* The sums of a worker id: its dead processes and those that live. */
static struct sb_total
stats_total(const struct master *m, int id)
{
	struct sb_total	 total = *sb_total(m->sb, id);
	uint32_t	 i;

	for (i = 0; i < m->sb->slots; i++) {
		if (m->workers[i].child.state != SB_SLOT_FREE &&
		    m->workers[i].child.id == id)
			sb_total_add(&total, sb_slot(m->sb, i));
	}
	return total;
}

/* The apps of a worker; slot NULL: nobody sits there. */
static void
stats_apps(struct stats_json *j, const struct generation *gen,
    const struct sb_slot *slot)
{
	struct json_out		*json = &j->json;
	const struct config	*cfg = gen->cfg;
	const struct sb_app	*did;
	size_t			 i, len, count = mounts_count(cfg);
	const char		*path;

	json_open(json, "apps", '[');
	for (i = 0; i < count; i++) {
		did = slot == NULL || i >= SB_APPS ? NULL : &slot->apps[i];
		path = mounts_path(cfg, i, &len);
		json_open(json, NULL, '{');
		json_uint(json, "id", i);
		json_int(json, "modifier1", 0);
		json_strn(json, "mountpoint", path, len);
		json_uint(json, "startup_time", gen->load_us / 1000000);
		json_uint(json, "requests", did == NULL ? 0 :
		    sb_get(&did->requests));
		json_uint(json, "exceptions", did == NULL ? 0 :
		    sb_get(&did->exceptions));
		json_str(json, "chdir", cfg->chdir != NULL ? cfg->chdir : "");
		json_close(json);
	}
	json_close(json);
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
static void
stats_lines(struct json_out *json, const char *key, const char *text)
{
	size_t	 len;

	json_open(json, key, '[');
	for (; *text != '\0'; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		json_strn(json, NULL, text, len);
	}
	json_close(json);
}

/* What uWSGI does not tell of a process; slot NULL: there is none. */
static void
stats_process(struct json_out *json, const struct worker_proc *wp,
    const struct sb_slot *slot)
{
	if (slot == NULL) {
		json_str(json, "state", "free");
		return;
	}
	json_str(json, "state", sb_slot_state_name(wp->child.state));
	json_int(json, "generation", wp->child.gen->id);
	json_int(json, "slot", wp->child.seat);
	json_uint(json, "queued", sb_get(&slot->queued));
	json_uint(json, "connections", sb_get(&slot->connections));
	json_uint(json, "websockets", sb_get(&slot->websockets));
	json_uint(json, "busy_cores", sb_get(&slot->busy_cores));
	json_uint(json, "shed", sb_get(&slot->shed));
	json_uint(json, "accepted", sb_get(&slot->accepted));
	json_bool(json, "owns_listeners", wp->owns_listeners);
	stats_lines(json, "listeners", wp->listeners);
}

/* The numbers of one worker id; slot NULL: nobody sits there. */
static void
stats_worker_numbers(struct stats_json *j, int id, pid_t pid,
    const struct sb_slot *slot)
{
	struct json_out		*json = &j->json;
	struct sb_total		 total = stats_total(j->m, id);
	unsigned long long	 rss = 0, vsz = 0;

	if (pid > 0)
		process_memory(pid, &rss, &vsz);
	json_int(json, "id", id);
	json_int(json, "pid", pid);
	json_uint(json, "accepting", slot != NULL ?
	    sb_get(&slot->accepting) : 0);
	json_uint(json, "requests", total.requests);
	json_uint(json, "delta_requests", slot != NULL ?
	    sb_get(&slot->requests) : 0);
	json_uint(json, "static_requests", total.static_requests);
	json_uint(json, "exceptions", total.exceptions);
	json_uint(json, "websockets_opened", total.websockets_begun);
	json_uint(json, "websocket_messages_received",
	    total.websocket_received);
	json_uint(json, "websocket_messages_sent", total.websocket_sent);
	json_uint(json, "tls_handshakes", total.tls_handshakes);
	json_uint(json, "tls_resumed", total.tls_resumed);
	json_uint(json, "tls_failed", total.tls_failed);
	json_uint(json, "harakiri_count", total.harakiris);
	json_uint(json, "signals", total.signals);
	json_uint(json, "signal_errors", total.signal_errors);
	json_uint(json, "signal_queue", slot != NULL ?
	    sb_get(&slot->jobs_queued) : 0);
	json_uint(json, "jobs_lost", slot != NULL ?
	    sb_get(&slot->jobs_lost) : 0);
	json_str(json, "status", stats_status(slot));
	json_uint(json, "rss", rss);
	json_uint(json, "vsz", vsz);
	json_uint(json, "running_time", total.running_us);
	json_uint(json, "last_spawn", slot != NULL ?
	    slot->spawned_us / 1000000 : 0);
	json_uint(json, "respawn_count", total.respawns);
	json_uint(json, "tx", total.bytes_out);
	json_uint(json, "avg_rt", slot != NULL ? sb_get(&slot->avg_us) : 0);
}

/* The slot of who sits on a seat, -1: nobody does. */
static int
stats_seat_slot(const struct seat *seat)
{
	if (seat->proc == NULL || seat->proc->child.state == SB_SLOT_FREE)
		return -1;
	return seat->proc->child.seat;
}

/* Begins one worker id, up to its cores. */
static void
stats_worker_begin(struct stats_json *j, const struct seat *seat, int slot)
{
	const struct worker_proc	*wp = seat->proc;
	const struct sb_slot		*sb = NULL;

	if (slot != -1)
		sb = sb_slot(j->m->sb, (uint32_t)slot);
	json_open(&j->json, NULL, '{');
	stats_worker_numbers(j, seat->id, sb != NULL ? wp->child.pid : 0, sb);
	stats_process(&j->json, wp, sb);
	stats_apps(j, sb != NULL ? wp->child.gen : j->m->serving, sb);
	stats_cores_begin(j, slot, false);
}

/* All worker ids that are used, or that autoscale may use. */
static bool
stats_workers(struct stats_json *j)
{
	const struct master	*m = j->m;
	const struct seat	*seat;
	int			 slot;

	for (; j->at < (uint32_t)m->max; j->at++) {
		seat = &m->seats[j->at];
		slot = stats_seat_slot(seat);
		if (!j->in_cores) {
			if (j->json.out->len >= STATS_SLICE)
				return false;
			if (seat->id > m->target && seat->proc == NULL &&
			    (m->cfg->cheaper == 0 ||
			    seat->id > autoscale_most(m)))
				continue;
			stats_worker_begin(j, seat, slot);
		}
		if (!stats_cores_go_on(j, slot))
			return false;
		json_close(&j->json);
	}
	json_close(&j->json);
	return true;
}

/* Begins a process that is not, or no longer, the one of its worker id. */
static void
stats_other_begin(struct stats_json *j, const struct worker_proc *wp)
{
	const struct sb_slot	*slot = sb_slot(j->m->sb,
	    (uint32_t)wp->child.seat);

	json_open(&j->json, NULL, '{');
	json_int(&j->json, "id", wp->child.id);
	json_int(&j->json, "pid", wp->child.pid);
	json_uint(&j->json, "requests", sb_get(&slot->requests));
	stats_process(&j->json, wp, slot);
	stats_cores_begin(j, wp->child.seat, true);
}

/* All of them: draining ones, and a reload's next one. */
static bool
stats_others(struct stats_json *j)
{
	const struct master		*m = j->m;
	const struct worker_proc	*wp;

	for (; j->at < m->sb->slots; j->at++) {
		wp = &m->workers[j->at];
		if (!j->in_cores) {
			if (j->json.out->len >= STATS_SLICE)
				return false;
			if (wp->child.state == SB_SLOT_FREE ||
			    m->seats[wp->child.id - 1].proc == wp)
				continue;
			stats_other_begin(j, wp);
		}
		if (!stats_cores_go_on(j, wp->child.state == SB_SLOT_FREE ? -1 :
		    wp->child.seat))
			return false;
		json_close(&j->json);
	}
	json_close(&j->json);
	return true;
}

/* The upgrade under way, and why the last one failed, if it did. */
static void
stats_upgrade(struct json_out *json, const struct master *m)
{
	const struct upgrade	*u = &m->upgrade;

	json_open(json, "upgrade", '{');
	json_bool(json, "running", upgrade_is_trying(m));
	json_int(json, "pid", u->pid);
	json_str(json, "error", u->last_failure);
	json_close(json);
}

/* What autoscale goes by; null without it. */
static void
stats_autoscale(struct json_out *json, const struct master *m)
{
	const struct config	*cfg = m->cfg;
	struct strbuf		 text = STRBUF_INIT;

	if (cfg->cheaper == 0) {
		json_raw(json, "autoscale", "null", 4);
		return;
	}
	json_open(json, "autoscale", '{');
	json_str(json, "algo", scale_policy(cfg->cheaper_algo)->name);
	json_int(json, "least", autoscale_least(m));
	json_int(json, "most", autoscale_most(m));
	json_int(json, "workers", m->target);
	if (autoscale_busyness(m) < 0)
		strbuf_adds(&text, "null");
	else
		strbuf_addf(&text, "%.3f", autoscale_busyness(m));
	json_raw(json, "busyness", text.buf, text.len);
	strbuf_done(&text);
	json_close(json);
}

/* What is said once. */
static bool
stats_server(struct stats_json *j)
{
	const struct master	*m = j->m;
	struct json_out		*json = &j->json;
	char			*cwd = getcwd(NULL, 0);
	unsigned		 queue = backlog_total(m->listeners);

	json_open(json, NULL, '{');
	json_str(json, "version", WM_VERSION);
	json_uint(json, "listen_queue", queue);
	json_int(json, "listen_queue_errors", 0);
	json_uint(json, "signal_queue", user_signals_counts(m).pending);
	json_uint(json, "signals_raised", user_signals_counts(m).raised);
	json_uint(json, "signals_routed", user_signals_counts(m).routed);
	json_uint(json, "signals_lost", user_signals_counts(m).lost);
	json_uint(json, "load", queue);
	json_int(json, "pid", getpid());
	json_uint(json, "uid", getuid());
	json_uint(json, "gid", getgid());
	json_str(json, "cwd", cwd != NULL ? cwd : "");
	stats_locks(json, m);
	stats_metrics(json, m);
	stats_queue(json, m);
	commons_caches_json(json, m->commons->caches);
	json_str(json, "state", master_state_name(m->state));
	json_int(json, "generation", m->serving->id);
	json_uint(json, "started", m->sb->started_us / 1000000);
	json_int(json, "processes", m->target);
	free(cwd);
	stats_sockets(j);
	stats_daemons(json, m);
	stats_mules(json, m);
	stats_spoolers(json, m);
	stats_reload(json, m);
	stats_upgrade(json, m);
	stats_endings(json, m);
	stats_generations(json, m);
	stats_autoscale(json, m);
	json_open(json, "workers", '[');
	j->at = 0;
	return true;
}

/* Between the two lists. */
static bool
stats_begin_others(struct stats_json *j)
{
	json_open(&j->json, "other_workers", '[');
	j->at = 0;
	return true;
}

/* The end. */
static bool
stats_end(struct stats_json *j)
{
	json_close(&j->json);
	strbuf_add(j->json.out, "\n", 1);
	return true;
}

/* The document's parts; each returns false when the slice is full. */
static bool (*const stats_json_steps[])(struct stats_json *j) = {
	stats_server, stats_workers, stats_begin_others, stats_others,
	stats_end, NULL
};

/* Forgets what was written. */
static void
stats_json_done(struct stats_reply *r)
{
	struct stats_json	*j = r->own;

	strbuf_done(&j->core_text);
	free(j);
}

/* Writes the next slice. */
enum stats_progress
stats_json_write(struct stats_reply *r)
{
	struct stats_json	*j = r->own;

	if (j == NULL) {
		j = r->own = xcalloc(1, sizeof(*j));
		r->done = stats_json_done;
		j->m = r->master;
		j->json.out = &r->out;
		j->json.pretty = !r->master->cfg->stats_minified;
	}
	j->mono_us = clock_mono_us();
	j->real_us = clock_real_us();
	while (stats_json_steps[j->step] != NULL) {
		if (!stats_json_steps[j->step](j))
			return STATS_MORE;
		j->step++;
	}
	return STATS_DONE;
}
