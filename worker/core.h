/*
 * Async cores: the places where requests run.
 *
 *	IDLE ----- core_begin -------------> RUNNING	a request is its own
 *	RUNNING -- wait.c parks -----------> WAITING	the base watches for it
 *	WAITING -- an event, core_wake ----> WOKEN	due; resume comes next
 *	WOKEN ---- resume -----------------> RUNNING
 *	WAITING -- thrown into ------------> WOKEN	the same, without resume
 *	RUNNING -- core_main: it is over --> FINISHED	on worker's list
 *	FINISHED - cores_work_off, or -----> IDLE
 *		   core_main itself
 *
 * A switch into a core and back costs as much as a small request, so one
 * serves for many. The callbacks of a turn only read and parse; a complete
 * request makes its connection READY (conn.h), and each callback ends with
 * cores_gather, which works off when no other callback of this turn is left,
 * when enough have gathered, or when as many are ready as cores are idle: so
 * READY never means to wait for a core. Then the hub switches into one core,
 * and that, its request over (FINISHED), frees itself (IDLE) and takes the
 * next (RUNNING) on its own stack: core_next. It goes back to the hub when
 *
 *  - nothing is ready or queued, or the turn's share of steps is used up;
 *  - others are finished, or woken: the hub's business, though the woken have
 *    only half of a turn's steps before those that are ready;
 *  - the hub is not who has switched into this core last (w->running): the
 *    request has ended inside somebody else's frame, which must get its turn;
 *  - this is an app's child;
 *  - the suspend engine says that somebody else may switch into this stack.
 *
 * A request that parks, or is switched away from by its app, gives the rest of
 * the batch to the hub, which gives it to another core.
 *
 * A core of which the app has switched away by itself (greenlet's switch())
 * stays RUNNING: the server does not know what it waits for.
 * core_set_state is the only function that changes the state, logs the step
 * at debug level, and dies on an impossible one. A core belongs to its worker
 * process; what others may see of it is in the scoreboard.
 *
 * One core more, the last, is the jobs' (job.h): it is in no list of idle ones.
 */
#ifndef WM_WORKER_CORE_H
#define WM_WORKER_CORE_H

#include <event2/event_struct.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "worker/harakiri.h"
#include "worker/request.h"
#include "worker/wait.h"

struct conn;
struct job;
struct locks_wait;
struct sb_core;
struct worker;

enum core_state {
	CORE_IDLE,
	CORE_RUNNING,
	CORE_WAITING,
	CORE_WOKEN,
	CORE_FINISHED
};

struct core {
	struct worker		*worker;
	int			 id;		/* 0..cores-1; cores: job.h */
	enum core_state		 state;
	struct job		*job;		/* NULL: a request's */
	struct sb_core		*sb;
	struct request		 req;
	void			*suspend_data;	/* the suspend engine's own */
	void			*runtime_data;	/* the runtime's own */
	struct core_harakiri	 harakiri;	/* of its request */

	/* wait.c's own. */
	enum wait_reason	 woken;
	struct event		 turn;		/* the next turn of the base */
	bool			(*asks)(struct core *);	/* wait_until's */
	bool			(*until)(struct core *); /* while it waits */
	bool			 hears;		/* doorbell_watch.c */
	struct locks_wait	*lock_wait;	/* locks.c */
	_Atomic unsigned	 locks;		/* that its request has */
	uint64_t		 until_us;	/* clock_mono_us: its end */
	size_t			 timer_at;	/* core_timer.c: place + 1 */
	struct wait_watch	*watches;
	size_t			 nwatches;
	uint32_t		 switches;	/* of this request so far */

	TAILQ_ENTRY(core)	 link;		/* idle, woken or finished */
};

TAILQ_HEAD(core_list, core);

/* Worker start and end. n is 1 or more. */
void	 cores_init(struct worker *w, int n);
void	 cores_done(struct worker *w);

/*
 * The core's own stack, called by the suspend engine: one whole request, and
 * those behind it that may be run on this stack; or one job.
 */
void	 core_main(struct core *core);
/* The first half of core_main: one request, or job. */
void	 core_run(struct core *core);
/*
 * The second half of core_main: the request is over. For engines whose cores
 * are threads; cores_work_off is to follow.
 */
void	 core_finish(struct core *core);
/* Anybody on the loop thread: a waiting core goes on at this turn's end. */
void	 core_wake(struct core *core, enum wait_reason reason);
/*
 * Hub: raises wsgimaster.Harakiri in the request of a core that runs: it may be
 * over when this returns.
 */
void	 core_interrupt(struct core *core);
/*
 * Hub: frees the finished, resumes the woken and gives idle cores to the
 * connections that are ready or wait, until there is nothing more to do or the
 * turn's share is used up.
 */
void	 cores_work_off(struct worker *w);
/* Hub: may one more connection become ready without any being worked off? */
bool	 cores_have_room(const struct worker *w);
/* Hub, at a callback's end: now, or at the end of this turn's callbacks. */
void	 cores_gather(struct worker *w);

void	 core_set_state(struct core *core, enum core_state state);

#endif
