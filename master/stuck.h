/* Workers whose event loop does not turn any more. */
#ifndef WM_MASTER_STUCK_H
#define WM_MASTER_STUCK_H

#include <stdbool.h>
#include <stdint.h>

struct master;
struct stuck;

/*
 * A worker deals with its requests' deadlines by itself, and one whose loop
 * turns is left alone here. But what holds up the loop also keeps the worker
 * from doing anything about it. Its loop writes down once a second that it
 * turns (sb_slot.tick_us); if that is missing for STUCK_TICK_S and a core is
 * STUCK_GRACE_S past its deadline, or missing for worker-timeout, then:
 *
 *	FINE ---- as above -----------------> ASKED	for all its stacks
 *	ASKED --- they are there -----------> SEEN	logged
 *	ASKED --- not in STUCK_ASK_S -------> DUMPED	SIGNAL_DUMP: Python
 *							writes what it can
 *	SEEN, DUMPED --- the next look -----> KILLED	black box, SIGKILL
 *	ASKED, SEEN, DUMPED -- it turns ----> FINE
 *	any ----- another process ----------> FINE
 *
 * A worker that is stopped (SIGSTOP, a debugger) stays in its state until it
 * goes on, unless worker-timeout-stopped says that this does not matter. Looks
 * are the rows of checks.c; nothing here waits.
 */
#define STUCK_TICK_S	2.0
#define STUCK_GRACE_S	1.0
#define STUCK_ASK_S	3.0	/* also where others want the processors */

enum stuck_why {
	STUCK_NOT,
	STUCK_DEADLINE,		/* a request's */
	STUCK_TIMEOUT		/* worker-timeout */
};

/* What is known of one worker at a look; times are of clock_mono_us. */
struct stuck_seen {
	uint64_t	 now_us;
	uint64_t	 tick_us;	/* or when it was ready, if later */
	uint64_t	 deadline_us;	/* the earliest of its cores'; 0 */
	double		 timeout;	/* worker-timeout; 0: none */
};

/* Pure: is it stuck, and by which rule? */
enum stuck_why stuck_decide(const struct stuck_seen *seen);

struct stuck	*stuck_new(struct master *m);
void	 stuck_free(struct stuck *stuck);
/* A row of checks.c. */
void	 stuck_check(struct master *m);

#endif
