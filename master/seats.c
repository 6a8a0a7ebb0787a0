/* Worker ids: who sits on each, and when it gets a new process. */
#include "master/seats.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "master/backoff.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/timer.h"
#include "master/workers.h"

#define SEAT_RETRY_S	0.5	/* when the system had no room */

/* Makes all seats, empty. */
void
seats_init(struct master *m)
{
	int	 i;

	m->seats = xcalloc((size_t)m->max, sizeof(*m->seats));
	for (i = 0; i < m->max; i++) {
		m->seats[i].master = m;
		m->seats[i].id = i + 1;
		m->seats[i].gen = m->serving;
		evtimer_assign(&m->seats[i].respawn, m->base, timer_wakes_cb,
		    NULL);
	}
}

/* Forgets all. */
void
seats_done(struct master *m)
{
	int	 i;

	for (i = 0; i < m->max; i++)
		evtimer_del(&m->seats[i].respawn);
	free(m->seats);
	m->seats = NULL;
}

/* The one who sat there is dead: when may the next one come? */
static void
seat_lost(struct seat *seat)
{
	const struct worker_proc	*wp = seat->proc;
	struct master			*m = seat->master;
	double				 delay, ready;

	ready = child_ready_seconds(&wp->child);
	seat->proc = NULL;
	seat->died = true;
	if (!m->ever_ready && wp->child.failure[0] != '\0' &&
	    m->cfg->need_app) {
		master_fail(m, wp->child.failure);
		return;
	}
	if (takeover_is_trial(m) && ready < 0) {
		master_fail(m, wp->child.failure[0] != '\0' ?
		    wp->child.failure : "a worker died before it was ready");
		return;
	}
	delay = backoff_died(&seat->failures, ready,
	    m->cfg->respawn_delay_max);
	if (delay == 0)
		return;
	log_info("worker %d is started again in %g seconds", seat->id, delay);
	timer_arm(&seat->respawn, delay);
}

/* Empties the seats of the dead. */
void
seats_notice(struct master *m)
{
	int	 i;

	for (i = 0; i < m->max && !master_is_stopping(m); i++) {
		if (m->seats[i].proc != NULL &&
		    workers_is_lost(m->seats[i].proc))
			seat_lost(&m->seats[i]);
	}
}

/* Shall somebody be asked for now? */
static bool
seat_wants(const struct seat *seat)
{
	const struct master	*m = seat->master;

	return seat->proc == NULL && seat->id <= m->target &&
	    seat->id != m->reload.placing &&
	    seat->id != m->recycle.placing &&
	    !evtimer_pending(&seat->respawn, NULL) &&
	    !workers_ports_taken(m, seat->id) &&
	    generation_can_spawn(seat->gen);
}

/* A READY worker sits down. */
void
seats_replace(struct master *m, struct worker_proc *wp, enum ending why)
{
	struct seat		*seat = &m->seats[wp->child.id - 1];
	struct worker_proc	*old = seat->proc;

	seat->proc = wp;
	seat->gen = wp->child.gen;
	seat->failures = 0;
	seat->died = false;
	evtimer_del(&seat->respawn);
	if (old != NULL)
		workers_drain(old, why);
}

/* The one who sits there gets up. */
struct worker_proc *
seats_vacate(struct master *m, int id, enum ending why)
{
	struct seat		*seat = &m->seats[id - 1];
	struct worker_proc	*old = seat->proc;

	seat->proc = NULL;
	if (old != NULL)
		workers_drain(old, why);
	return old;
}

/* Could somebody else be asked for now? */
static bool
seat_can_change(const struct seat *seat)
{
	return workers_have_room(seat->master) &&
	    generation_can_spawn(seat->gen);
}

/* One that sits there, or not any more, drains; the seat is free again. */
void
seats_give_up(struct worker_proc *wp, enum ending why)
{
	struct master	*m = wp->child.master;

	if (m->seats[wp->child.id - 1].proc != wp || wp->owns_listeners) {
		workers_drain(wp, why);
	} else if (seat_can_change(&m->seats[wp->child.id - 1])) {
		seats_vacate(m, wp->child.id, why);
	} else {
		log_warn("worker %d (pid %d) is replaced later: no other one "
		    "can be started now", wp->child.id, (int)wp->child.pid);
		wp->gives_up = why;
	}
}

/* One that shall be replaced is, now that there is room; not in a reload. */
static void
seat_give_up_late(struct seat *seat)
{
	struct worker_proc	*wp = seat->proc;
	struct master		*m = seat->master;

	if (wp != NULL && wp->gives_up != ENDING_DIED &&
	    m->reload.fresh == NULL && seat_can_change(seat))
		seats_vacate(m, seat->id, wp->gives_up);
}

/* Fills the empty seats. */
void
seats_fill(struct master *m)
{
	struct seat	*seat;
	int		 i;

	if (master_is_stopping(m) || upgrade_is_leaving(m))
		return;
	for (i = 0; i < m->max; i++) {
		seat = &m->seats[i];
		seat_give_up_late(seat);
		if (!seat_wants(seat))
			continue;
		seat->proc = workers_spawn(m, seat->id, seat->gen,
		    seat->died);
		if (seat->proc == NULL)
			timer_arm(&seat->respawn, SEAT_RETRY_S);
		else
			seat->died = false;
	}
}

/* Changes how many seats are used. */
void
seats_set_target(struct master *m, int target)
{
	struct seat	*seat;
	int		 i;

	for (i = 0; i < m->max; i++) {
		seat = &m->seats[i];
		if (i >= target)
			seats_vacate(m, seat->id, ENDING_SCALE);
		if (i < target && i < m->target)
			continue;	/* it is used, and stays so */
		seat->gen = m->serving;
		seat->failures = 0;
		seat->died = false;
		evtimer_del(&seat->respawn);
	}
	m->target = target;
}

/* Is somebody READY on every seat? */
bool
seats_all_ready(const struct master *m)
{
	int	 i;

	for (i = 0; i < m->target; i++) {
		if (m->seats[i].proc == NULL ||
		    m->seats[i].proc->child.state != SB_SLOT_READY)
			return false;
	}
	return true;
}

/* Will somebody come? */
bool
seats_is_awaited(const struct master *m, int id, const struct generation *gen)
{
	const struct seat	*seat = &m->seats[id - 1];

	return id <= m->target && seat->gen == gen &&
	    !master_is_stopping(m) &&
	    (seat->proc == NULL || seat->proc->child.state == SB_SLOT_FREE ||
	    seat->proc->child.state == SB_SLOT_GONE);
}

/* Does a seat get its workers from there? */
bool
seats_use(const struct master *m, const struct generation *gen)
{
	int	 i;

	for (i = 0; i < m->max; i++) {
		if (m->seats[i].gen == gen)
			return true;
	}
	return false;
}
