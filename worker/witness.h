/* A thread that looks at what Python does, for who must not wait for it. */
#ifndef WM_WORKER_WITNESS_H
#define WM_WORKER_WITNESS_H

#include <stdbool.h>

struct runtime_look;
struct worker;

/*
 * Whoever wants the interpreter's lock may have to wait for ever, since a C
 * function may keep it. So the watchdog sends a witness, and waits for that
 * only as long as it likes. The process has one witness at a time.
 *
 *	NONE --- witness_look ---------> WAITS	a thread asks for the lock
 *	WAITS -- it has the lock ------> LOOKS	what was asked for is called
 *	LOOKS -- it gives way ---------> WAITS
 *	LOOKS -- nothing is left ------> OVER
 *	OVER --- witness_look returns -> NONE
 *	WAITS -- the limit is over ----> LEFT	witness_look returns
 *	LEFT --- it has the lock ------> NONE	and goes away
 *
 * LOOKS is not ended by the limit: it lasts a moment. So what was given to
 * witness_look is touched by nobody once that has returned.
 */

/*
 * Has a runtime look (runtime.h; enter and leave are the witness's, and NULL
 * here). True when it has seen everything; false if not within the limit, or
 * if the last witness still waits for the lock. Watchdog's thread only.
 */
bool	 witness_look(struct worker *w, bool all,
	    const struct runtime_look *look, void *arg, double limit);
/* Before the watchdog begins. */
void	 witness_init(void);
/*
 * The same thread's waits end at once from now on, and nothing of the worker
 * is looked at when the watchdog has ended. Any thread.
 */
void	 witness_stop(void);
/* In a child that the app has forked: there is none. */
void	 witness_forked(void);

#endif
