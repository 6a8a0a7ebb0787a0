/* A process hears its doorbell: in its loop, or while it blocks. */
#ifndef WM_WORKER_DOORBELL_WATCH_H
#define WM_WORKER_DOORBELL_WATCH_H

#include <event2/event_struct.h>
#include <stdbool.h>

#include "worker/wait.h"

struct core;
struct worker;

/*
 * Whoever changes something in shared memory that somebody may wait for rings
 * that one's bell (shm/doorbell.h); a ring says no more than "look again". In
 * a worker its loop hears it, answers it first, and then has each subsystem
 * look (doorbell_looks): so what is rung for during a look rings anew, and no
 * ring is lost. A look function is short, never blocks, runs no Python, and
 * makes due (core_wake) what waits in this process for what has come.
 *
 * Somebody who rings may die before he does. So who waits for long looks again
 * by himself after DOORBELL_LOOK seconds, and never waits for a ring alone.
 *
 * A child that the app has forked has no bell: the seat is its parent's.
 */
#define DOORBELL_LOOK		1.0
#define DOORBELL_LOOK_DEAF	0.01	/* where no bell is to be heard */

struct doorbell_watch {
	struct event	 ev;
	bool		 is_watched;
};

/* In the worker: its seat (w->seat) is known, its base renewed. */
void	 doorbell_watch_init(struct worker *w);
/* The loop is over; nobody waits. */
void	 doorbell_watch_done(struct worker *w);
/* In a child of the app's, beside worker_forked: deaf from now on. */
void	 doorbell_watch_forked(struct worker *w, int null);

/*
 * On a core's own stack: wait_until, where is_so is what shared memory says.
 * It is asked at each ring, and after DOORBELL_LOOK seconds at the latest, in
 * the order of the cores: who needs another order has a look function. On the
 * loop thread or the core's own; also once more after it has said yes. Works
 * without a suspend engine and in a child of the app's, too.
 */
enum wait_reason doorbell_wait(struct core *core,
	    bool (*is_so)(struct core *), double timeout,
	    enum sb_core_state shown);

#endif
