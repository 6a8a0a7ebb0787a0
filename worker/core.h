/*
 * Async cores: the places where requests run.
 *
 *	IDLE ----- core_take, core_run ----> RUNNING	a request is its own
 *	RUNNING -- wait.c parks -----------> WAITING	the base watches for it
 *	WAITING -- an event, core_wake ----> WOKEN	due; resume comes next
 *	WOKEN ---- resume -----------------> RUNNING
 *	WAITING -- thrown into ------------> WOKEN	the same, without resume
 *	RUNNING -- core_main ends ---------> FINISHED	on worker's list
 *	FINISHED - cores_work_off ---------> IDLE
 *
 * A core of which the app has switched away by itself (greenlet's switch())
 * stays RUNNING: the server does not know what it waits for.
 * core_set_state is the only function that changes the state, logs the step
 * at debug level, and dies on an impossible one. A core belongs to its worker
 * process; what others may see of it is in the scoreboard.
 */
#ifndef WM_WORKER_CORE_H
#define WM_WORKER_CORE_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "worker/request.h"
#include "worker/wait.h"

struct conn;
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
	int			 id;		/* 0..cores-1 */
	enum core_state		 state;
	struct sb_core		*sb;
	struct request		 req;
	void			*suspend_data;	/* the suspend engine's own */

	/* wait.c's own. */
	enum wait_reason	 woken;
	struct event		 timer;
	uint64_t		 until_us;	/* clock_mono_us: its end */
	struct wait_watch	*watches;
	size_t			 nwatches;
	uint32_t		 switches;	/* of this request so far */

	TAILQ_ENTRY(core)	 link;		/* idle, woken or finished */
};

TAILQ_HEAD(core_list, core);

/* Worker start and end. n is 1 or more. */
void	 cores_init(struct worker *w, int n);
void	 cores_done(struct worker *w);

/* An idle core, or NULL. The caller gives it a connection with core_run. */
struct core *core_take(struct worker *w);
/* Hub: runs the connection's request; returns when it parks or is over. */
void	 core_run(struct core *core, struct conn *conn);
/* The core's own stack, called by the suspend engine: one whole request. */
void	 core_main(struct core *core);
/*
 * The second half of core_main: the request is over. For engines whose cores
 * are threads; cores_work_off is to follow.
 */
void	 core_finish(struct core *core);
/* Anybody on the loop thread: a waiting core goes on at this turn's end. */
void	 core_wake(struct core *core, enum wait_reason reason);
/*
 * Hub: resumes the woken, frees the finished and gives their cores to the
 * connections that wait, until there is nothing more to do.
 */
void	 cores_work_off(struct worker *w);

void	 core_set_state(struct core *core, enum core_state state);

#endif
