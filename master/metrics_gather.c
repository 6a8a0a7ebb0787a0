/* What the metrics are made of, gathered at one moment. */
#include "master/metrics_gather.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xmalloc.h"
#include "master/master.h"
#include "master/seats.h"
#include "master/workers.h"

/* Adds a process to those of its worker id. */
static void
metrics_add_process(struct metrics_worker *w, const struct master *m,
    const struct worker_proc *wp, uint64_t now)
{
	const struct sb_slot	*slot = sb_slot(m->sb,
	    (uint32_t)wp->child.seat);
	uint64_t		 since = sb_get(&slot->queue_since_us);
	uint32_t		 busy = sb_get(&slot->busy_cores);

	sb_total_add(&w->total, slot);
	w->busy_us += sb_slot_busy_us(m->sb, wp->child.seat, busy, now);
	w->processes++;
	w->busy += busy;
	w->connections += sb_get(&slot->connections);
	w->websockets += sb_get(&slot->websockets);
	w->queued += sb_get(&slot->queued);
	if (since != 0 && since < now && now - since > w->queue_age_us)
		w->queue_age_us = now - since;
	if (m->seats[wp->child.id - 1].proc != wp)
		return;
	w->pid = wp->child.pid;
	w->loop_lag_us = sb_get(&slot->loop_lag_us);
	if (wp->child.state == SB_SLOT_READY)
		w->cores = m->sb->cores;
}

/*
 * The time that a worker id's cores were busy. A request may end between two
 * reads and then be missing: but what was told once is not taken back.
 */
static void
metrics_set_busy(struct metrics_worker *w, struct sb_total *told)
{
	w->busy_us += w->total.running_us + w->total.broken_us;
	if (w->busy_us < told->told_busy_us)
		w->busy_us = told->told_busy_us;
	told->told_busy_us = w->busy_us;
}

/* Adds a worker id to the sum of all. */
static void
metrics_add_worker(struct metrics_worker *sum, const struct metrics_worker *w)
{
	const struct sb_total	*from = &w->total;
	struct sb_total		*to = &sum->total;

	to->requests += from->requests;
	to->bytes_out += from->bytes_out;
	to->shed += from->shed;
	to->accepted += from->accepted;
	to->refused += from->refused;
	to->static_requests += from->static_requests;
	to->websockets_begun += from->websockets_begun;
	to->websocket_received += from->websocket_received;
	to->websocket_sent += from->websocket_sent;
	to->tls_handshakes += from->tls_handshakes;
	to->tls_resumed += from->tls_resumed;
	to->tls_failed += from->tls_failed;
	to->cut += from->cut;
	to->harakiris += from->harakiris;
	to->respawns += from->respawns;
	to->signals += from->signals;
	to->signal_errors += from->signal_errors;
	sum->processes += w->processes;
	sum->cores += w->cores;
	sum->busy += w->busy;
	sum->connections += w->connections;
	sum->websockets += w->websockets;
	sum->queued += w->queued;
	if (w->queue_age_us > sum->queue_age_us)
		sum->queue_age_us = w->queue_age_us;
}

/* Gathers everything. */
void
metrics_gather(struct metrics_gathered *g, const struct master *m)
{
	const struct worker_proc	*wp;
	uint64_t			 now = clock_mono_us();
	uint32_t			 i;
	int				 id;

	memset(g, 0, sizeof(*g));
	g->max = m->max;
	g->workers = xcalloc((size_t)m->max, sizeof(*g->workers));
	for (id = 1; id <= m->max; id++)
		g->workers[id - 1].total = *sb_total(m->sb, id);
	for (i = 0; i < m->sb->slots; i++) {
		wp = &m->workers[i];
		g->states[wp->child.state]++;
		if (wp->child.state != SB_SLOT_FREE)
			metrics_add_process(&g->workers[wp->child.id - 1],
			    m, wp, now);
	}
	for (id = 1; id <= m->max; id++) {
		metrics_set_busy(&g->workers[id - 1], sb_total(m->sb, id));
		metrics_add_worker(&g->sum, &g->workers[id - 1]);
	}
	mounts_collect(&g->mounts, m);
}

/* Frees the memory. */
void
metrics_gathered_done(struct metrics_gathered *g)
{
	free(g->workers);
	mounts_done(&g->mounts);
}
