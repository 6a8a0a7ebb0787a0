/* Signals for all workers that one of them cannot take yet. */
#include "master/user_kept.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/seats.h"
#include "master/user_route.h"
#include "master/user_signals.h"
#include "master/workers.h"
#include "shm/scoreboard.h"

/* Whose they are: a process's, or a seat's. */
struct kept_place {
	uint32_t	 total;
	int		 id;		/* of the worker */
	uint64_t	 spawned_us;	/* which process; of a seat: 0 */
	uint16_t	 count[USER_SIGNALS];
};

/* Made when the first one is kept. */
struct user_kept {
	struct user_signals	*us;
	uint32_t		 total;
	struct kept_place	*procs;		/* by slot */
	struct kept_place	*seats;		/* by id - 1 */
};

/* None. */
struct user_kept *
user_kept_new(struct user_signals *us)
{
	struct user_kept	*kept = xcalloc(1, sizeof(*kept));

	kept->us = us;
	return kept;
}

/* Frees. */
void
user_kept_free(struct user_kept *kept)
{
	free(kept->procs);
	free(kept->seats);
	free(kept);
}

/* How many wait. */
uint32_t
user_kept_total(const struct user_kept *kept)
{
	return kept->total;
}

/* There shall be places. */
static void
kept_make(struct user_kept *kept)
{
	const struct master	*m = kept->us->gen->master;

	if (kept->procs != NULL)
		return;
	kept->procs = xcalloc(m->sb->slots, sizeof(*kept->procs));
	kept->seats = xcalloc((size_t)m->max, sizeof(*kept->seats));
}

/* Takes some away. */
static void
kept_take(struct user_kept *kept, struct kept_place *p, int number,
    uint32_t n)
{
	p->count[number] = (uint16_t)(p->count[number] - n);
	p->total -= n;
	kept->total -= n;
}

/* Forgets all of a place. */
static void
kept_drop(struct user_kept *kept, struct kept_place *p)
{
	kept->total -= p->total;
	memset(p, 0, sizeof(*p));
}

/* One more. */
static bool
kept_add(struct user_kept *kept, struct kept_place *p, int number, bool once)
{
	if (once && p->count[number] > 0)
		return true;
	if (p->total >= USER_KEPT_MAX)
		return false;
	p->count[number]++;
	p->total++;
	kept->total++;
	return true;
}

/* The place of a process; what another one left there is dropped. */
static struct kept_place *
kept_proc(struct user_kept *kept, const struct worker_proc *wp)
{
	struct kept_place	*p = &kept->procs[wp->child.seat];

	if (p->spawned_us != wp->child.spawned_us)
		kept_drop(kept, p);
	p->id = wp->child.id;
	p->spawned_us = wp->child.spawned_us;
	return p;
}

/* One more for a process. */
bool
user_kept_proc(struct user_kept *kept, const struct worker_proc *wp,
    int number, bool once)
{
	kept_make(kept);
	return kept_add(kept, kept_proc(kept, wp), number, once);
}

/* One more for who comes. */
bool
user_kept_seat(struct user_kept *kept, int id, int number, bool once)
{
	kept_make(kept);
	return kept_add(kept, &kept->seats[id - 1], number, once);
}

/* From one place to another, as far as there is room. */
static void
kept_move(struct user_kept *kept, struct kept_place *from,
    struct kept_place *to)
{
	int	 i, n;

	for (i = 0; i < USER_SIGNALS && from->total > 0; i++) {
		for (n = from->count[i]; n > 0; n--) {
			kept_take(kept, from, i, 1);
			(void)kept_add(kept, to, i, false);
		}
	}
}

/* A process's: it is there still? */
static void
kept_turn_proc(struct user_kept *kept, struct kept_place *p,
    struct worker_proc *wp)
{
	int	 i;

	if (wp->child.spawned_us != p->spawned_us ||
	    !child_is_live(&wp->child)) {
		if (wp->child.state != SB_SLOT_DRAINING)
			kept_move(kept, p, &kept->seats[p->id - 1]);
		kept_drop(kept, p);
		return;
	}
	for (i = 0; i < USER_SIGNALS && p->total > 0; i++) {
		if (p->count[i] > 0 && !user_route_awaits(kept->us, wp, i))
			kept_take(kept, p, i, p->count[i]);
		while (p->count[i] > 0 && user_route_try(kept->us, wp, i))
			kept_take(kept, p, i, 1);
	}
}

/* A seat's: has somebody come? */
static void
kept_turn_seat(struct user_kept *kept, struct kept_place *p, int id)
{
	struct master		*m = kept->us->gen->master;
	struct worker_proc	*wp = m->seats[id - 1].proc;

	if (seats_is_awaited(m, id, kept->us->gen))
		return;
	if (wp != NULL && wp->child.gen == kept->us->gen &&
	    child_is_live(&wp->child))
		kept_move(kept, p, kept_proc(kept, wp));
	kept_drop(kept, p);
}

/* Sends what can be taken. */
void
user_kept_turn(struct user_kept *kept)
{
	struct master	*m = kept->us->gen->master;
	uint32_t	 i;
	int		 id;

	for (id = 1; kept->total > 0 && id <= m->max; id++) {
		if (kept->seats[id - 1].total > 0)
			kept_turn_seat(kept, &kept->seats[id - 1], id);
	}
	for (i = 0; kept->total > 0 && i < m->sb->slots; i++) {
		if (kept->procs[i].total > 0)
			kept_turn_proc(kept, &kept->procs[i], &m->workers[i]);
	}
}
