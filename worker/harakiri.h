/*
 * Harakiri: a request that has had a core for too long is told to end, alone.
 *
 * A request has at most two deadlines, and the earlier one counts: the limit
 * of the options (of its path, from when it gets its core), and the app's own
 * (uwsgi.set_user_harakiri). Both are of the whole request, whatever it does:
 * computes, waits, reads its body, sends to a slow client.
 *
 *	NONE ------ it gets a core, there is a limit -------> ARMED
 *	NONE ------ set_user_harakiri ----------------------> ARMED
 *	ARMED ----- the deadline is over -------------------> TOLD, once
 *	TOLD ------ harakiri-graceful-timeout is over ------> TOLD, once more
 *	TOLD ------ set_user_harakiri: no deadline is over -> ARMED, NONE
 *	any ------- the request is over --------------------> NONE
 *
 * TOLD: it is logged, with what it waits for and its Python stack, and
 * wsgimaster.Harakiri is raised in it, by what its core is at:
 *
 *	it waits in wait.c	the wait ends with WAIT_HARAKIRI
 *	its app has switched	suspend->interrupt: the exception is thrown
 *	away by itself		into the greenlet
 *	it is a thread, which	suspend->interrupt: raised by the next Python
 *	runs			instruction
 *	its core is the only	wait.c's poll(2) ends at the deadline, and the
 *	one, without engine	wait with it
 *	it computes and so	nobody comes here; the master sees that the
 *	holds up the loop	loop does not turn, and the deadline
 *
 * An app may answer by itself then. If the exception ends the request, the
 * client gets 504, or sees that what has begun is cut off. With the third time
 * the request is given up: the master replaces the worker, which finishes its
 * other requests.
 *
 * Nothing is kept for each deadline but sb_core.deadline_us, the time of the
 * next step above: one timer a worker is due with the earliest one that was
 * asked for, and looks at all cores. A deadline that lies behind that costs a
 * comparison, so a request that ends in time costs no more. It is noticed
 * within HARAKIRI_GRID_US, unless the loop is held up.
 *
 * Loop thread, or with the loop lent (suspend.h), but for what says otherwise.
 */
#ifndef WM_WORKER_HARAKIRI_H
#define WM_WORKER_HARAKIRI_H

#include <event2/event_struct.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "worker/harakiri_path.h"

struct core;
struct worker;

#define HARAKIRI_GRID_US	50000

/* One a worker. */
struct harakiri {
	uint64_t		 limit_us;	/* harakiri; 0: none */
	uint64_t		 grace_us;
	struct harakiri_paths	 paths;
	bool			 is_set;	/* limit_us, or any path's */
	bool			 given_up;	/* the master was told */
	uint64_t		 next_us;	/* the timer's; 0: not armed */
	struct event		 timer;
	uint64_t		 shown_us;	/* harakiri_log.c: a second */
	uint32_t		 shown;		/* and its stacks */
};

/*
 * One a core; all zero when a request begins. The loop's owner writes it; the
 * core's own thread, if it has one, may read what is atomic.
 */
struct core_harakiri {
	uint64_t	 limit_us;	/* clock_mono_us: the option's; 0 */
	uint64_t	 user_us;	/* the app's; 0: none */
	_Atomic uint32_t told;		/* how often, for these deadlines */
	_Atomic bool	 is_late;	/* was told, ever */
	bool		 asks;		/* wait.c: its thread is in a wait, and
					   gives up the interpreter's lock for
					   it. With the lock */
	bool		 is_due;	/* then: its wait is to end so */
};

/* Spawner, before the app can set a locale; then each worker. */
void	 harakiri_prepare(struct worker *w);
void	 harakiri_init(struct worker *w);
void	 harakiri_done(struct worker *w);

/* A request gets this core, where is_set. */
void	 harakiri_begin(struct core *core);
/* A job gets it (job.h): the limit of the option, of no path. */
void	 harakiri_begin_job(struct core *core);
/*
 * In so many seconds from now the request shall be told; 0 or less: not by the
 * app's own deadline. In a child of the app's nothing happens.
 */
void	 harakiri_set_user(struct core *core, double seconds);

/* The limit of the options does not count any more for this request. */
void	 harakiri_spare(struct core *core);

/*
 * For a core that blocks the worker in poll(2): how long it may do so, if
 * timeout (below 0: for ever) allows for more; and afterwards: is its time
 * over? Then it is told by this.
 */
double	 harakiri_poll_limit(const struct core *core, double timeout);
bool	 harakiri_poll_due(struct core *core);

#endif
