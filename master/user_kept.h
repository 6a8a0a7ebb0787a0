/* Signals for all workers that one of them cannot take yet. */
#ifndef WM_MASTER_USER_KEPT_H
#define WM_MASTER_USER_KEPT_H

#include <stdbool.h>
#include <stdint.h>

struct user_kept;
struct user_signals;
struct worker_proc;

/*
 * A worker that is SPAWNING or STARTING, or has USER_SIGNALS_FLIGHT to do,
 * gets its own later; so does the one who comes next on a seat that is empty
 * (a worker has died, and the next one is not asked for yet).
 *
 *	SEAT	of an id within the target, nobody sits there
 *	PROC	of one process
 *
 *	SEAT -> PROC	somebody is asked for
 *	PROC -> sent	it is READY, or waits in signal_wait()
 *	PROC -> SEAT	it has died, and another one is to come
 *	PROC -> over	it has left, or has no handler
 *	SEAT -> over	the seat is used no more, or by another generation
 *
 * They are counts beside numbers, USER_KEPT_MAX in all for each.
 */
#define USER_KEPT_MAX	256

struct user_kept *user_kept_new(struct user_signals *us);
void	 user_kept_free(struct user_kept *kept);
/*
 * One more for a process, or for who comes on a seat; once: unless it has that
 * number to come already. False: it has too many.
 */
bool	 user_kept_proc(struct user_kept *kept, const struct worker_proc *wp,
	    int number, bool once);
bool	 user_kept_seat(struct user_kept *kept, int id, int number, bool once);
/* Per turn: sends what can be taken now. */
void	 user_kept_turn(struct user_kept *kept);
/* So many wait. */
uint32_t user_kept_total(const struct user_kept *kept);

#endif
