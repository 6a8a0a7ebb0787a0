/* Reloading: from one generation to the next, one worker id after the other. */
#ifndef WM_MASTER_RELOAD_H
#define WM_MASTER_RELOAD_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct generation;
struct master;
struct worker_proc;

/*
 * Who wants to know how a reload went: of the first one that begins after
 * reload_watch (one that is under way then has read older code). done is
 * called once, with failure NULL when all workers are the new generation's;
 * by then the watch is forgotten. reload_unwatch: it does not want to know
 * any more. The watch is the caller's.
 */
struct reload_watch {
	TAILQ_ENTRY(reload_watch) link;
	bool			  begun;
	void			 (*done)(struct reload_watch *watch,
				    int generation, double seconds,
				    const char *failure);
	void			 *arg;
};

TAILQ_HEAD(reload_watches, reload_watch);

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
	struct reload_watches	 watches;

	/* For the statistics. */
	int			 last_generation;	/* 0: none yet */
	bool			 last_ok;
	uint64_t		 last_real_us;		/* when it was over */
	uint64_t		 last_took_us;
	uint64_t		 count_ok;
	uint64_t		 count_failed;
	char			 last_failure[256];
};

void	 reload_init(struct master *m);
/* Somebody wants a reload; while one is under way, one more afterwards. */
void	 reload_request(struct master *m, const char *why);
void	 reload_watch(struct master *m, struct reload_watch *watch);
void	 reload_unwatch(struct master *m, struct reload_watch *watch);
/* Per turn: what can be done now. */
void	 reload_turn(struct master *m);
/* The server is about to stop: the one under way is the last. */
void	 reload_is_last(struct master *m);
/* The server stops: no reload any more. */
void	 reload_abandon(struct master *m);
/* The number of workers was changed by hand. */
void	 reload_set_target(struct master *m, int target);

#endif
