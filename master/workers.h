/* The worker processes, as the master sees them: one per slot. */
#ifndef WM_MASTER_WORKERS_H
#define WM_MASTER_WORKERS_H

#include <stdbool.h>
#include <stdint.h>

#include "master/children.h"
#include "master/ending.h"

struct generation;
struct master;

/*
 * Each is a child (children.h, with its states), whose seat is its slot of the
 * scoreboard. After FREE everything below stays as it was, too, until the slot
 * is taken again.
 */
struct worker_proc {
	struct child		 child;
	enum ending		 ending;	/* why; DIED: not decided */
	enum ending		 gives_up;	/* asked to; DIED: has not */
	bool			 owns_listeners;
	char			 listeners[sizeof(
				    ((struct message *)0)->text)];
	/* user_route.c's: who has a handler of its own, signals sent. */
	unsigned char		 user_signals[32];
	uint64_t		 user_sent;
};

/* After children_init. */
void	 workers_init(struct master *m);

/* Asks the generation for a worker; NULL when that is not possible now. */
struct worker_proc *workers_spawn(struct master *m, int id,
	    struct generation *gen, bool respawn);
/*
 * Lets it finish and leave; who never was ready is killed. workers_drain_all
 * also says whether other servers have the queued clients (enum drain).
 */
void	 workers_drain(struct worker_proc *wp, enum ending why);
void	 workers_kill(struct worker_proc *wp, enum ending why);
/* Is its seat free again (also while it waits to be reaped)? */
bool	 workers_is_lost(const struct worker_proc *wp);
/* Has one of that id that leaves ports of its own, so that no other can? */
bool	 workers_ports_taken(const struct master *m, int id);
/* Is there a slot for one more? */
bool	 workers_have_room(const struct master *m);

void	 workers_tell_all(struct master *m, const struct message *msg);
void	 workers_drain_all(struct master *m, enum ending why, enum drain drain);
bool	 workers_all_free(const struct master *m);

#endif
