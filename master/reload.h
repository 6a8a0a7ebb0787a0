/* Reloading: from one generation to the next, one worker id after the other. */
#ifndef WM_MASTER_RELOAD_H
#define WM_MASTER_RELOAD_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>

struct generation;
struct master;
struct worker_proc;

/*
 * A reload goes through these steps; each turn of the master takes those that
 * are possible.
 *
 *	1. The configuration is read again: if it is bad, nothing was touched.
 *	2. fresh, a new generation, loads the app.
 *	3. For each worker id: candidate is spawned by fresh; once it is READY
 *	   it takes the seat, and the old worker drains. (One that has opened
 *	   listening sockets of its own is drained first.)
 *	4. Workers above the new number drain; spawners that no seat needs any
 *	   more leave.
 *
 * Until the first candidate is READY ("committed") any failure ends the
 * reload: fresh is killed and the old generation serves on. Later a candidate
 * that fails is tried again, and the old worker stays in its seat meanwhile.
 */
struct reload {
	struct generation	*fresh;		/* NULL: no reload */
	struct worker_proc	*candidate;	/* not READY yet */
	struct worker_proc	*leaving;	/* must be gone first */
	int			 placing;	/* id whose seat is kept free */
	bool			 committed;
	bool			 again;		/* asked for once more */
	unsigned		 requests;	/* how often, so far */
	int			 target;
	unsigned		 failures;	/* of candidates, in a row */
	struct event		 retry;
	uint64_t		 began_us;

	/* For the statistics. */
	int			 last_generation;	/* 0: none yet */
	bool			 last_ok;
	char			 last_failure[256];
};

void	 reload_init(struct master *m);
/* Somebody wants a reload; while one is under way, one more afterwards. */
void	 reload_request(struct master *m, const char *why);
/* Per turn: what can be done now. */
void	 reload_turn(struct master *m);
/* The server stops: no reload any more. */
void	 reload_abandon(struct master *m);
/* The number of workers was changed by hand. */
void	 reload_set_target(struct master *m, int target);

#endif
