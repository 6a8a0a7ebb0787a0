/* What the live page asks for every second, as JSON. */
#include "master/page_live.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "build_config.h"
#include "master/backlog.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/mounts.h"
#include "master/process.h"
#include "master/seats.h"
#include "master/stats_parts.h"
#include "master/workers.h"
#include "shm/scoreboard.h"

/* The oldest requests that were found, the oldest first. */
struct page_oldest {
	uint64_t	 all;		/* how many are under way */
	uint32_t	 count;
	struct {
		uint64_t	 start_us;
		uint32_t	 slot;
		uint32_t	 core;
	} items[PAGE_REQUESTS];
};

/* A number of microseconds as seconds. */
static void
page_seconds(struct json_out *json, const char *key, uint64_t us)
{
	struct strbuf	 text = STRBUF_INIT;

	strbuf_addf(&text, "%llu.%06llu", (unsigned long long)(us / 1000000),
	    (unsigned long long)(us % 1000000));
	json_raw(json, key, text.buf, text.len);
	strbuf_done(&text);
}

/* What all apps did, and how long it took. */
static void
page_sums(struct json_out *json, const struct master *m)
{
	uint64_t	 requests = 0, errors = 0, steps[LATENCY_STEPS] = { 0 };
	struct mounts	 mounts;
	size_t		 i, j;

	mounts_collect(&mounts, m);
	for (i = 0; i < mounts.count; i++) {
		for (j = 0; j < SB_CLASSES; j++)
			requests += mounts.items[i].statuses[j];
		errors += mounts.items[i].statuses[5];
		for (j = 0; j < LATENCY_STEPS; j++)
			steps[j] += mounts.items[i].steps[j];
	}
	mounts_done(&mounts);
	json_uint(json, "requests", requests);
	json_uint(json, "errors", errors);
	json_open(json, "latency", '{');
	json_open(json, "bounds", '[');
	for (j = 0; j + 1 < LATENCY_STEPS; j++)
		page_seconds(json, NULL, latency_limit_us((unsigned)j));
	json_close(json);
	json_open(json, "counts", '[');
	for (j = 0; j < LATENCY_STEPS; j++)
		json_uint(json, NULL, steps[j]);
	json_close(json);
	json_close(json);
}

/* The server as a whole. */
static void
page_server(struct json_out *json, const struct master *m)
{
	char	 host[256] = "";

	gethostname(host, sizeof(host) - 1);
	page_seconds(json, "time", clock_real_us());
	json_str(json, "host", host);
	json_str(json, "version", WM_VERSION);
	json_int(json, "pid", getpid());
	json_str(json, "state", master_state_name(m->state));
	page_seconds(json, "started", m->sb->started_us);
	json_int(json, "generation", m->serving->id);
	json_uint(json, "cores", m->sb->cores);
	json_uint(json, "listen_queue", backlog_total(m->listeners));
}

/* One worker process. */
static void
page_worker(struct json_out *json, const struct master *m,
    const struct worker_proc *wp)
{
	const struct sb_slot	*slot = sb_slot(m->sb,
	    (uint32_t)wp->child.seat);
	unsigned long long	 rss = 0, vsz = 0;

	if (wp->child.pid > 0)
		process_memory(wp->child.pid, &rss, &vsz);
	json_open(json, NULL, '{');
	json_int(json, "id", wp->child.id);
	json_int(json, "slot", wp->child.seat);
	json_int(json, "pid", wp->child.pid);
	json_int(json, "generation", wp->child.gen->id);
	json_str(json, "state", sb_slot_state_name(wp->child.state));
	json_uint(json, "busy", sb_get(&slot->busy_cores));
	json_uint(json, "queued", sb_get(&slot->queued));
	json_uint(json, "connections", sb_get(&slot->connections));
	json_uint(json, "requests", sb_get(&slot->requests));
	json_uint(json, "exceptions", sb_get(&slot->exceptions));
	json_uint(json, "rss", rss);
	page_seconds(json, "loop_lag", sb_get(&slot->loop_lag_us));
	page_seconds(json, "since", slot->spawned_us);
	json_close(json);
}

/* Those on a seat, or all others. */
static void
page_workers(struct json_out *json, const struct master *m, bool seated)
{
	const struct worker_proc	*wp;
	uint32_t			 i;

	json_open(json, seated ? "workers" : "others", '[');
	for (i = 0; i < m->sb->slots; i++) {
		wp = &m->workers[i];
		if (wp->child.state != SB_SLOT_FREE &&
		    (m->seats[wp->child.id - 1].proc == wp) == seated)
			page_worker(json, m, wp);
	}
	json_close(json);
}

/* Keeps a request if it is one of the oldest. */
static void
page_keep(struct page_oldest *oldest, uint64_t start_us, uint32_t slot,
    uint32_t core)
{
	uint32_t	 at = oldest->count;

	oldest->all++;
	if (at == PAGE_REQUESTS && oldest->items[--at].start_us <= start_us)
		return;
	if (oldest->count < PAGE_REQUESTS)
		oldest->count++;
	for (; at > 0 && oldest->items[at - 1].start_us > start_us; at--)
		oldest->items[at] = oldest->items[at - 1];
	oldest->items[at].start_us = start_us;
	oldest->items[at].slot = slot;
	oldest->items[at].core = core;
}

/*
 * Looks through the cores of all workers that have busy ones. start_us may
 * be changing just now: then this one request is out of its order.
 */
static void
page_find(struct page_oldest *oldest, const struct master *m)
{
	const struct sb_core	*core;
	uint32_t		 i, j, left;

	for (i = 0; i < m->sb->slots; i++) {
		if (m->workers[i].child.state == SB_SLOT_FREE)
			continue;
		left = sb_get(&sb_slot(m->sb, i)->busy_cores);
		for (j = 0; j < m->sb->cores && left > 0; j++) {
			core = sb_core(m->sb, i, j);
			if (sb_get(&core->state) == SB_CORE_IDLE)
				continue;
			left--;
			page_keep(oldest, __atomic_load_n(&core->start_us,
			    __ATOMIC_RELAXED), i, j);
		}
	}
}

/* One request, if it is still there. */
static void
page_request(struct json_out *json, const struct master *m, uint32_t slot,
    uint32_t core, uint64_t now)
{
	struct sb_core_view	 view;

	sb_core_read(sb_core(m->sb, slot, core), &view);
	if (view.state == SB_CORE_IDLE)
		return;
	json_open(json, NULL, '{');
	json_uint(json, "slot", slot);
	json_int(json, "worker", m->workers[slot].child.id);
	json_uint(json, "core", core);
	json_str(json, "state", sb_core_state_name(view.state));
	json_int(json, "fd", view.wait_fd);
	json_str(json, "method", view.method);
	json_str(json, "path", view.path);
	json_str(json, "addr", view.addr);
	json_uint(json, "age_ms", now > view.start_us ?
	    (now - view.start_us) / 1000 : 0);
	if (view.deadline_us != 0)
		json_int(json, "deadline_ms",
		    (int64_t)(view.deadline_us - now) / 1000);
	else
		json_raw(json, "deadline_ms", "null", 4);
	json_uint(json, "switches", view.switches);
	json_uint(json, "bytes", view.bytes_out);
	json_str(json, "request", view.id);
	json_close(json);
}

/* The oldest of those under way. */
static void
page_requests(struct json_out *json, const struct master *m)
{
	struct page_oldest	 oldest = { .count = 0 };
	uint64_t		 now = clock_mono_us();
	uint32_t		 i;

	page_find(&oldest, m);
	json_uint(json, "under_way_all", oldest.all);
	json_open(json, "under_way", '[');
	for (i = 0; i < oldest.count; i++)
		page_request(json, m, oldest.items[i].slot,
		    oldest.items[i].core, now);
	json_close(json);
}

/* All of it. */
enum stats_progress
page_live(struct stats_reply *r)
{
	const struct master	*m = r->master;
	struct json_out		 json = { .out = &r->out };

	json_open(&json, NULL, '{');
	page_server(&json, m);
	page_sums(&json, m);
	stats_generations(&json, m);
	stats_reload(&json, m);
	stats_endings(&json, m);
	page_workers(&json, m, true);
	page_workers(&json, m, false);
	page_requests(&json, m);
	json_close(&json);
	return STATS_DONE;
}
