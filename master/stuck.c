/* Workers whose event loop does not turn any more. */
#include "master/stuck.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "master/blackbox.h"
#include "master/master.h"
#include "master/process.h"
#include "master/stacks.h"
#include "master/stuck_log.h"
#include "master/workers.h"
#include "shm/messages.h"
#include "shm/scoreboard.h"

/* No look for so long: this process did not run, so others may not have. */
#define STUCK_PAUSE_US	2000000

enum stuck_state {
	STUCK_FINE,
	STUCK_ASKED,
	STUCK_SEEN,
	STUCK_DUMPED,
	STUCK_KILLED
};

/* One worker process. */
struct stuck_worker {
	struct stuck		*stuck;
	int			 slot;
	enum stuck_state	 state;
	enum stuck_why		 why;
	pid_t			 pid;		/* whom this is about */
	uint64_t		 tick_us;	/* its last one, then */
};

struct stuck {
	struct master		*master;
	struct stuck_worker	*workers;	/* one for each slot */
	uint64_t		 last_us;	/* the look before */
	uint64_t		 woke_us;	/* the end of the last pause */
};

static const char *const stuck_state_names[] = {
	[STUCK_FINE] = "fine",
	[STUCK_ASKED] = "asked",
	[STUCK_SEEN] = "seen",
	[STUCK_DUMPED] = "dumped",
	[STUCK_KILLED] = "killed",
};

/* Which state may follow which: one bit for each. */
static const unsigned stuck_next_states[] = {
	[STUCK_FINE] = 1u << STUCK_ASKED,
	[STUCK_ASKED] = 1u << STUCK_FINE | 1u << STUCK_SEEN |
	    1u << STUCK_DUMPED,
	[STUCK_SEEN] = 1u << STUCK_FINE | 1u << STUCK_KILLED,
	[STUCK_DUMPED] = 1u << STUCK_FINE | 1u << STUCK_KILLED,
	[STUCK_KILLED] = 1u << STUCK_FINE,
};

/* Makes the step, or dies. */
static void
stuck_set_state(struct stuck_worker *sw, enum stuck_state state)
{
	if ((stuck_next_states[sw->state] & 1u << state) == 0)
		fatalx("slot %d: impossible step from %s to %s", sw->slot,
		    stuck_state_names[sw->state], stuck_state_names[state]);
	sw->state = state;
}

/* Microseconds of seconds. */
static uint64_t
stuck_us(double seconds)
{
	return (uint64_t)(seconds * 1e6);
}

/* Is it stuck? */
enum stuck_why
stuck_decide(const struct stuck_seen *seen)
{
	uint64_t	 silent = seen->now_us > seen->tick_us ?
	    seen->now_us - seen->tick_us : 0;

	if (silent < stuck_us(STUCK_TICK_S))
		return STUCK_NOT;
	if (seen->deadline_us != 0 &&
	    seen->now_us >= seen->deadline_us + stuck_us(STUCK_GRACE_S))
		return STUCK_DEADLINE;
	if (seen->timeout > 0 && silent >= stuck_us(seen->timeout))
		return STUCK_TIMEOUT;
	return STUCK_NOT;
}

/* The earliest deadline of a worker's cores, and its job; 0: there is none. */
static uint64_t
stuck_deadline(struct scoreboard *sb, int slot)
{
	uint64_t	 first = 0, deadline;
	uint32_t	 i;

	for (i = 0; i <= sb->cores; i++) {
		deadline = sb_get(&sb_core(sb, (uint32_t)slot,
		    i)->deadline_us);
		if (deadline != 0 && (first == 0 || deadline < first))
			first = deadline;
	}
	return first;
}

/* When it was last known to turn its loop. */
static uint64_t
stuck_tick(const struct worker_proc *wp)
{
	uint64_t	 tick;

	tick = sb_get(&sb_slot(wp->child.master->sb,
	    (uint32_t)wp->child.seat)->tick_us);
	return tick > wp->child.ready_us ? tick : wp->child.ready_us;
}

/* Looks at one, as far as is needed: cores only of a silent one. */
static enum stuck_why
stuck_look(const struct worker_proc *wp)
{
	struct stuck_seen	 seen = { .now_us = clock_mono_us(),
	    .tick_us = stuck_tick(wp),
	    .timeout = wp->child.gen->cfg->worker_timeout };

	if (seen.tick_us < wp->child.master->stuck->woke_us)
		seen.tick_us = wp->child.master->stuck->woke_us;
	if (seen.now_us < seen.tick_us + stuck_us(STUCK_TICK_S))
		return STUCK_NOT;
	seen.deadline_us = stuck_deadline(wp->child.master->sb, wp->child.seat);
	return stuck_decide(&seen);
}

/* The stacks have come, or not. */
static void
stuck_stacks_cb(void *arg, const char *json, const char *why)
{
	struct stuck_worker		*sw = arg;
	const struct worker_proc	*wp;
	char				 who[64];

	wp = &sw->stuck->master->workers[sw->slot];
	if (sw->state != STUCK_ASKED || wp->child.pid != sw->pid ||
	    wp->child.pid == 0)
		return;
	child_str(&wp->child, who, sizeof(who));
	if (json != NULL && stuck_log(who, json)) {
		stuck_set_state(sw, STUCK_SEEN);
		return;
	}
	log_error("%s: %s; Python writes what its threads do, the innermost "
	    "frame first", who, why != NULL ? why :
	    "the interpreter's lock is kept, by what runs");
	child_signal(&wp->child, SIGNAL_DUMP);
	stuck_set_state(sw, STUCK_DUMPED);
}

/* It is stuck: what is it doing? */
static void
stuck_begin(struct stuck_worker *sw, const struct worker_proc *wp,
    enum stuck_why why)
{
	char	 who[64];

	sw->why = why;
	sw->pid = wp->child.pid;
	sw->tick_us = stuck_tick(wp);
	log_error("%s: its event loop has not turned for %.1f s, and %s",
	    child_str(&wp->child, who, sizeof(who)),
	    (double)(clock_mono_us() - sw->tick_us) / 1e6,
	    why == STUCK_DEADLINE ? "a request is past its deadline" :
	    "that is worker-timeout");
	stuck_set_state(sw, STUCK_ASKED);
	stacks_ask(wp->child.master, sw->slot, STUCK_ASK_S, stuck_stacks_cb,
	    sw);
}

/* Enough is known. */
static void
stuck_kill(struct stuck_worker *sw, struct worker_proc *wp)
{
	char	 who[64];

	child_str(&wp->child, who, sizeof(who));
	blackbox_log(wp->child.master->sb, sw->slot, LOG_LEVEL_ERROR, who);
	log_error("%s is killed: its event loop does not turn", who);
	workers_kill(wp, sw->why == STUCK_DEADLINE ? ENDING_HARAKIRI :
	    ENDING_STUCK);
	stuck_set_state(sw, STUCK_KILLED);
}

/* It has gone on, or is another one. */
static void
stuck_end(struct stuck_worker *sw, const struct worker_proc *wp)
{
	char	 who[64];

	if (sw->state == STUCK_ASKED)
		stacks_cancel(sw->stuck->master, stuck_stacks_cb, sw);
	if (sw->state != STUCK_KILLED && wp->child.pid == sw->pid)
		log_warn("%s: its event loop turns again",
		    child_str(&wp->child, who, sizeof(who)));
	stuck_set_state(sw, STUCK_FINE);
}

/* Does it run no further, because somebody wants so? */
static bool
stuck_is_stopped(const struct worker_proc *wp)
{
	char	 state;

	if (wp->child.gen->cfg->worker_timeout_stopped)
		return false;
	state = process_state(wp->child.pid);
	return state == 'T' || state == 't';
}

/* Looks at one worker. */
static void
stuck_check_one(struct stuck_worker *sw, struct worker_proc *wp)
{
	enum stuck_why	 why;
	bool		 serves = wp->child.state == SB_SLOT_READY ||
	    wp->child.state == SB_SLOT_DRAINING;

	if (sw->state != STUCK_FINE && (!serves || wp->child.pid != sw->pid ||
	    stuck_tick(wp) != sw->tick_us))
		stuck_end(sw, wp);
	if (!serves || wp->child.pid == 0 || wp->child.doomed)
		return;
	if (sw->state == STUCK_FINE) {
		why = stuck_look(wp);
		if (why != STUCK_NOT && !stuck_is_stopped(wp))
			stuck_begin(sw, wp, why);
	} else if (sw->state != STUCK_ASKED && !stuck_is_stopped(wp))
		stuck_kill(sw, wp);
}

/* Looks at all of them. After a pause of this process all begin anew. */
void
stuck_check(struct master *m)
{
	struct stuck	*stuck = m->stuck;
	uint64_t	 now = clock_mono_us();
	uint32_t	 i;

	if (now - stuck->last_us > STUCK_PAUSE_US)
		stuck->woke_us = now;
	stuck->last_us = now;
	for (i = 0; i < m->sb->slots; i++)
		stuck_check_one(&m->stuck->workers[i], &m->workers[i]);
}

/* All are fine. */
struct stuck *
stuck_new(struct master *m)
{
	struct stuck	*stuck = xcalloc(1, sizeof(*stuck));
	uint32_t	 i;

	stuck->master = m;
	stuck->last_us = clock_mono_us();
	stuck->workers = xcalloc(m->sb->slots, sizeof(*stuck->workers));
	for (i = 0; i < m->sb->slots; i++) {
		stuck->workers[i].stuck = stuck;
		stuck->workers[i].slot = (int)i;
	}
	return stuck;
}

/* Nobody is looked at any more; before stacks_free. */
void
stuck_free(struct stuck *stuck)
{
	uint32_t	 i;

	for (i = 0; i < stuck->master->sb->slots; i++)
		stacks_cancel(stuck->master, stuck_stacks_cb,
		    &stuck->workers[i]);
	free(stuck->workers);
	free(stuck);
}
