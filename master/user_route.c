/* Which process gets a signal. */
#include "master/user_route.h"

#include <stdlib.h>

#include "config/config.h"
#include "config/mule_rule.h"
#include "master/background.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/seats.h"
#include "master/takeover.h"
#include "master/user_kept.h"
#include "master/user_signals.h"
#include "master/workers.h"
#include "shm/messages.h"
#include "shm/scoreboard.h"

/* What a worker writes of itself. */
static struct sb_slot *
route_slot(const struct worker_proc *wp)
{
	return sb_slot(wp->child.master->sb, (uint32_t)wp->child.seat);
}

/* A worker's handler. */
void
user_route_learn(struct worker_proc *wp, int number, bool has)
{
	unsigned char	*byte = &wp->user_signals[number / 8];
	unsigned char	 bit = (unsigned char)(1u << number % 8);

	*byte = (unsigned char)(has ? *byte | bit : *byte & ~bit);
}

/* Does it have one of its own? */
static bool
route_learnt(const struct worker_proc *wp, int number)
{
	return (wp->user_signals[number / 8] >> number % 8 & 1) != 0;
}

/* What it was sent and has not done; it may say what it likes. */
uint32_t
user_signals_flight(const struct worker_proc *wp)
{
	uint64_t	 done = sb_get(&route_slot(wp)->signals);

	return done > wp->user_sent ? 0 : (uint32_t)(wp->user_sent - done);
}

/* Is it a process of the table's that could have the handler, sometime? */
static bool
route_is_of(const struct user_signals *us, const struct worker_proc *wp,
    int number)
{
	const struct user_signal	*row = &us->rows[number];

	if (!child_is_live(&wp->child) || wp->child.gen != us->gen)
		return false;
	return row->everywhere || route_learnt(wp, number) ||
	    sb_get(&route_slot(wp)->signal_waits) > 0;
}

/* Can it take it now? */
static bool
route_can(const struct user_signals *us, const struct worker_proc *wp,
    int number)
{
	if (!route_is_of(us, wp, number) ||
	    user_signals_flight(wp) >= USER_SIGNALS_FLIGHT)
		return false;
	return wp->child.state == SB_SLOT_READY ||
	    sb_get(&route_slot(wp)->signal_waits) > 0;
}

/* Sends it. */
static bool
route_send(struct worker_proc *wp, int number)
{
	if (child_tell(&wp->child, &(struct message){ .type = MSG_SIGNAL,
	    .value = number }, -1) != 0)
		return false;
	wp->user_sent++;
	return true;
}

/* Sends it, if it can take it. */
bool
user_route_try(const struct user_signals *us, struct worker_proc *wp,
    int number)
{
	return route_can(us, wp, number) && route_send(wp, number);
}

/* Does it get it later? What it registers it does before it is READY. */
bool
user_route_awaits(const struct user_signals *us, const struct worker_proc *wp,
    int number)
{
	if (wp->child.state == SB_SLOT_READY)
		return route_is_of(us, wp, number);
	return child_is_live(&wp->child) && wp->child.gen == us->gen &&
	    us->rows[number].registered;
}

/* The less, the sooner it gets to it. */
static uint32_t
route_cost(const struct worker_proc *wp)
{
	const struct sb_slot	*slot = route_slot(wp);

	if (sb_get(&slot->signal_waits) > 0)
		return 0;
	return 1 + user_signals_flight(wp) * 2 +
	    (sb_get(&slot->busy_cores) >= wp->child.master->sb->cores ? 1 : 0);
}

/* One of them: who gets to it first; of equals each in its turn. */
static enum user_routed
route_any_worker(struct user_signals *us, int number)
{
	struct master		*m = us->gen->master;
	struct worker_proc	*wp, *best = NULL;
	bool			 is_any = false;
	uint32_t		 i, at = ++m->user_turn;

	for (i = 0; i < m->sb->slots; i++) {
		wp = &m->workers[(at + i) % m->sb->slots];
		is_any |= route_is_of(us, wp, number);
		if (route_can(us, wp, number) && (best == NULL ||
		    route_cost(wp) < route_cost(best)))
			best = wp;
	}
	if (best != NULL && route_send(best, number))
		return USER_SENT;
	return is_any || us->rows[number].everywhere ? USER_LATER :
	    USER_NEVER;
}

/* All of them; who cannot take it now gets it later. */
static enum user_routed
route_workers(struct user_signals *us, int number, bool once)
{
	struct master		*m = us->gen->master;
	struct worker_proc	*wp;
	bool			 any = false, full = false, ok;
	uint32_t		 i;
	int			 id;

	for (i = 0; i < m->sb->slots; i++) {
		wp = &m->workers[i];
		ok = user_route_try(us, wp, number);
		if (!ok && user_route_awaits(us, wp, number)) {
			ok = user_kept_proc(us->kept, wp, number, once);
			full |= !ok;
		}
		any |= ok;
	}
	for (id = 1; us->rows[number].registered && id <= m->target; id++) {
		if (!seats_is_awaited(m, id, us->gen))
			continue;
		ok = user_kept_seat(us->kept, id, number, once);
		full |= !ok;
		any |= ok;
	}
	if (full)
		user_signals_lose(m, number, "a worker has too many to come");
	if (any || full)
		return USER_SENT;
	return us->rows[number].everywhere ? USER_LATER : USER_NEVER;
}

/* The one of an id. */
static enum user_routed
route_worker(struct user_signals *us, int number)
{
	struct master		*m = us->gen->master;
	struct worker_proc	*wp;
	uint32_t		 i;

	for (i = 0; i < m->sb->slots; i++) {
		wp = &m->workers[i];
		if (wp->child.id == us->rows[number].target.number &&
		    route_can(us, wp, number) && route_send(wp, number))
			return USER_SENT;
	}
	return USER_LATER;
}

/* One of a kind, each in its turn, which a farm has or which has the number. */
static enum user_routed
route_background(struct user_signals *us, int number, enum process_kind kind,
    int count, const struct farm_rule *farm)
{
	struct master	*m = us->gen->master;
	struct message	 msg = { .type = MSG_SIGNAL, .value = number };
	int		 i, id;

	m->user_turn++;
	for (i = 0; i < count; i++) {
		id = (int)((m->user_turn + (uint32_t)i) % (uint32_t)count) + 1;
		if ((farm == NULL || farm->has[id]) &&
		    background_send(m, kind, id, &msg))
			return USER_SENT;
	}
	return count > 0 ? USER_LATER : USER_NEVER;
}

/* One mule of a farm. */
static enum user_routed
route_farm(struct user_signals *us, int number)
{
	const struct config	*cfg = us->gen->cfg;
	struct farm_rule	 farm;
	size_t			 i = (size_t)us->rows[number].target.number;
	char			*cause;

	if (i == 0 || i > cfg->farm.count)
		return USER_NEVER;
	if (farm_rule_parse(&farm, cfg->farm.items[i - 1], mules_count(cfg),
	    &cause) == -1) {
		free(cause);
		return USER_NEVER;
	}
	return route_background(us, number, PROCESS_MULE, mules_count(cfg),
	    &farm);
}

/* A mule, by its id, or (0) all. */
static enum user_routed
route_mule(struct user_signals *us, int number)
{
	struct message	 msg = { .type = MSG_SIGNAL, .value = number };

	return background_send(us->gen->master, PROCESS_MULE,
	    us->rows[number].target.number, &msg) ? USER_SENT : USER_LATER;
}

/* Sends it. */
enum user_routed
user_route(struct user_signals *us, int number, bool once)
{
	const struct config	*cfg = us->gen->cfg;

	switch (us->rows[number].target.kind) {
	case TARGET_ANY_WORKER:
		return route_any_worker(us, number);
	case TARGET_WORKERS:
		return route_workers(us, number, once);
	case TARGET_WORKER:
		return route_worker(us, number);
	case TARGET_ANY_MULE:
		return route_background(us, number, PROCESS_MULE,
		    mules_count(cfg), NULL);
	case TARGET_MULES:
	case TARGET_MULE:
		return route_mule(us, number);
	case TARGET_FARM:
		return route_farm(us, number);
	case TARGET_SPOOLER:
		return route_background(us, number, PROCESS_SPOOLER,
		    spoolers_count(cfg), NULL);
	}
	return USER_NEVER;
}

/* Is somebody there? */
bool
user_route_has(const struct user_signals *us)
{
	const struct master	*m = us->gen->master;
	uint32_t		 i;

	for (i = 0; i < m->sb->slots; i++) {
		if (m->workers[i].child.gen == us->gen &&
		    m->workers[i].child.state == SB_SLOT_READY)
			return true;
	}
	return false;
}

/* May timers run? */
bool
user_route_may_run(const struct master *m)
{
	return takeover_may_work(m) && m->serving->was_loaded;
}
