/* Recycling: a worker that has done enough gives its seat to a new one. */
#include "master/recycle.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "config/config.h"
#include "master/backoff.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/memory.h"
#include "master/recycle_due.h"
#include "master/seats.h"
#include "master/timer.h"
#include "master/workers.h"
#include "shm/scoreboard.h"

#define RECYCLE_RETRY_S	0.5	/* when the system had no room */

/* Nobody is recycled. */
void
recycle_init(struct master *m)
{
	evtimer_assign(&m->recycle.retry, m->base, timer_wakes_cb, NULL);
}

/* Nobody will be. */
void
recycle_done(struct master *m)
{
	evtimer_del(&m->recycle.retry);
}

/* May somebody be replaced now? */
static bool
recycle_may(const struct master *m)
{
	const struct recycle	*r = &m->recycle;
	int			 i, draining = 0;

	if (m->state != MASTER_RUNNING && m->state != MASTER_LEAVING)
		return false;
	if (m->reload.fresh != NULL || m->reload.again ||
	    upgrade_is_leaving(m) || r->candidate != NULL || r->placing != 0 ||
	    evtimer_pending(&r->retry, NULL))
		return false;
	for (i = 0; i < (int)m->sb->slots; i++) {
		if (m->workers[i].child.state == SB_SLOT_DRAINING)
			draining++;
	}
	return draining <= m->max / 2;
}

/* Why a worker is due; ENDING_DIED: it is not. */
static enum ending
recycle_look(const struct master *m, const struct worker_proc *wp)
{
	const struct config	*cfg = wp->child.gen->cfg;
	struct recycle_facts	 facts = { .id = wp->child.id,
	    .jitter = (double)(wp->child.spawned_us % 1009) / 1009,
	    .seconds = child_ready_seconds(&wp->child),
	    .requests = sb_get(&sb_slot(m->sb,
	    (uint32_t)wp->child.seat)->requests) };

	if (facts.seconds < cfg->min_worker_lifetime)
		return ENDING_DIED;
	if (recycle_wants_memory(cfg))
		memory_read(wp->child.pid, &facts.mem);
	if (recycle_wants_shares(cfg))
		memory_read_shares(wp->child.pid, &facts.mem);
	return recycle_due(cfg, &facts);
}

/* Asks for a replacement, or empties the seat of who owns its listeners. */
static void
recycle_begin(struct master *m, struct worker_proc *wp, enum ending why)
{
	struct recycle	*r = &m->recycle;

	log_info("worker %d (pid %d) is replaced: %s", wp->child.id,
	    (int)wp->child.pid, ending_name(why));
	r->why = why;
	if (wp->owns_listeners) {
		r->placing = wp->child.id;
		r->leaving = seats_vacate(m, wp->child.id, why);
		return;
	}
	r->candidate = workers_spawn(m, wp->child.id, wp->child.gen, false);
	if (r->candidate == NULL)
		timer_arm(&r->retry, RECYCLE_RETRY_S);
}

/*
 * Looks at the workers, from where it stopped the last time, for one that is
 * due. Where looking costs, at one only.
 */
void
recycle_check(struct master *m)
{
	struct recycle		*r = &m->recycle;
	struct worker_proc	*wp;
	enum ending		 why;
	int			 n;

	if (!recycle_is_wanted(m->serving->cfg) || !recycle_may(m))
		return;
	for (n = 0; n < m->target; n++) {
		r->next = r->next % m->target + 1;
		wp = m->seats[r->next - 1].proc;
		if (wp == NULL || wp->child.state != SB_SLOT_READY ||
		    !generation_can_spawn(wp->child.gen))
			continue;
		why = recycle_look(m, wp);
		if (why != ENDING_DIED)
			recycle_begin(m, wp, why);
		if (why != ENDING_DIED ||
		    recycle_wants_shares(m->serving->cfg))
			return;
	}
}

/* The candidate has died: the old one serves on. */
static void
recycle_failed(struct master *m)
{
	struct recycle	*r = &m->recycle;
	double		 delay;

	r->failures++;
	delay = backoff_delay(r->failures, -1, m->cfg->respawn_delay_max);
	log_warn("worker %d is not replaced, since the new one did not "
	    "start%s%s; the next try is in %g seconds", r->candidate->child.id,
	    r->candidate->child.failure[0] != '\0' ? ": " : "",
	    r->candidate->child.failure, delay);
	r->candidate = NULL;
	timer_arm(&r->retry, delay);
}

/* The candidate is nobody's replacement any more. */
static void
recycle_drop(struct master *m)
{
	workers_drain(m->recycle.candidate, m->reload.fresh != NULL ||
	    upgrade_is_leaving(m) ? ENDING_RELOAD : ENDING_SCALE);
	m->recycle.candidate = NULL;
}

/* What has become of the candidate. */
static void
recycle_notice(struct master *m)
{
	struct recycle		*r = &m->recycle;
	struct worker_proc	*wp = r->candidate;
	struct seat		*seat = &m->seats[wp->child.id - 1];

	if (workers_is_lost(wp)) {
		recycle_failed(m);
	} else if (m->reload.fresh != NULL || upgrade_is_leaving(m) ||
	    wp->child.id > m->target) {
		recycle_drop(m);
	} else if (seat->proc == NULL) {	/* the old one has died */
		seat->proc = wp;
		evtimer_del(&seat->respawn);
		r->candidate = NULL;
	} else if (wp->child.state == SB_SLOT_READY) {
		seats_replace(m, wp, r->why);
		r->candidate = NULL;
		r->failures = 0;
	}
}

/* Takes the step that is possible. */
void
recycle_turn(struct master *m)
{
	struct recycle	*r = &m->recycle;

	if (master_is_stopping(m)) {
		r->candidate = r->leaving = NULL;
		return;
	}
	if (r->leaving != NULL && workers_is_lost(r->leaving))
		r->leaving = NULL;
	if (r->leaving == NULL)
		r->placing = 0;
	if (r->candidate != NULL)
		recycle_notice(m);
}
