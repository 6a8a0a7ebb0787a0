/* Recycling: a worker that has done enough gives its seat to a new one. */
#ifndef WM_MASTER_RECYCLE_H
#define WM_MASTER_RECYCLE_H

#include <event2/event_struct.h>

#include "master/ending.h"

struct master;
struct worker_proc;

/*
 * A worker that has answered max-requests, lived for max-worker-lifetime or
 * has more memory than it should is replaced by another of its generation, one
 * worker at a time:
 *
 *	NONE --- a worker is due ----------> STARTS	candidate is spawned
 *	STARTS - candidate is READY -------> NONE	it takes the seat, the
 *							old one drains
 *	STARTS - candidate dies -----------> NONE	and a pause; the old
 *							one serves on
 *	STARTS - the old one dies ---------> NONE	candidate gets the seat
 *	STARTS - a reload begins, an
 *		 upgrade hands over, or the
 *		 seat is given up ---------> NONE	candidate is killed
 *	NONE --- one is due that owns
 *		 listening sockets --------> LEAVES	it drains first
 *	LEAVES - it is gone ---------------> NONE	its seat is filled
 *
 * While a reload is under way nothing is recycled. Workers that were recycled
 * and still drain may have half of the spare slots: the rest is for a reload.
 */
struct recycle {
	struct worker_proc	*candidate;	/* STARTS: not READY yet */
	struct worker_proc	*leaving;	/* LEAVES: not gone yet */
	int			 placing;	/* LEAVES: its id, else 0 */
	int			 next;		/* id to look at first */
	enum ending		 why;
	unsigned		 failures;	/* of candidates, in a row */
	struct event		 retry;
};

void	 recycle_init(struct master *m);
void	 recycle_done(struct master *m);
/* Twice a second: is somebody due? */
void	 recycle_check(struct master *m);
/* Per turn, after the reload's and before seats are filled: the next step. */
void	 recycle_turn(struct master *m);

#endif
