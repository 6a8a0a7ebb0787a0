/* A thread that sees when the event loop is held up, and says by what. */
#ifndef WM_WORKER_WATCHDOG_H
#define WM_WORKER_WATCHDOG_H

#include <stdbool.h>

struct message;
struct worker;

/*
 * The loop is held up when something that it runs (a core, a callback of the
 * app's) does not give it back: all others wait. Nobody on the loop's thread
 * can tell while it lasts, so a thread of the worker's looks a few times a
 * second. It costs the loop a counter (worker_moves) and, when that has
 * changed, the answer to one question:
 *
 *	QUIET ---- the loop has moved --------> ASKED	an eventfd is written
 *	ASKED ---- the loop has answered -----> QUIET
 *	ASKED ---- loop-lag-warn is over -----> HELD	logged, with who it is
 *	HELD ----- twice as long as it was ---> HELD	logged again
 *	HELD ----- the loop has answered -----> QUIET	logged: how long it was
 *
 * Without loop-lag-warn, and where a request blocks its worker by design (no
 * suspend engine), nothing of this is logged. WATCHDOG_REPORTS holds are
 * logged within a minute, and of others the number. What the questions show
 * stands in the scoreboard: loop_lag_us, loop_lags.
 *
 * The Python stacks are seen by a witness (witness.h), so this thread never
 * waits for the interpreter's lock. If a hold's lock is not to be had, Python
 * is made to write its stacks by SIGNAL_DUMP.
 *
 * It also answers MSG_STACKS, which the loop hands on (watchdog_ask) or, if
 * that does not come within WATCHDOG_PATIENCE_MS, is read here (control.h).
 *
 * It gets no signals. In a child that the app forks it is not there.
 */
#define WATCHDOG_REPORTS	6
#define WATCHDOG_PATIENCE_MS	100

/* The worker, before its loop turns, and behind that. */
void	 watchdog_start(struct worker *w);
void	 watchdog_stop(struct worker *w);
/* Loop: the master asks for stacks. Takes the descriptor. */
void	 watchdog_ask(const struct message *msg, int steal_fd);
/* In a child that the app has forked; null is /dev/null. */
void	 watchdog_forked(int null);

#endif
