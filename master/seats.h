/* Worker ids: who sits on each, and when it gets a new process. */
#ifndef WM_MASTER_SEATS_H
#define WM_MASTER_SEATS_H

#include <event2/event_struct.h>
#include <stdbool.h>

#include "master/ending.h"

struct generation;
struct master;
struct worker_proc;

/*
 * One worker id. A process sits on it from MSG_SPAWN (in a reload: from
 * MSG_READY) until it is told to drain or is lost; a draining one has no seat.
 * An empty seat within the target is filled by the spawner of gen, unless its
 * timer (the back-off) runs or a reload is about to fill it.
 */
struct seat {
	struct master		*master;
	int			 id;		/* 1..max */
	struct generation	*gen;
	struct worker_proc	*proc;		/* NULL: empty */
	bool			 died;		/* the last one did */
	unsigned		 failures;	/* see backoff.h */
	struct event		 respawn;
};

void	 seats_init(struct master *m);
void	 seats_done(struct master *m);

/* Per turn, before anybody is spawned: empties the seats of the dead. */
void	 seats_notice(struct master *m);
/* Per turn: asks for workers for the empty seats. */
void	 seats_fill(struct master *m);
/* wp takes the seat of its id; the one that sat there drains. */
void	 seats_replace(struct master *m, struct worker_proc *wp,
	    enum ending why);
/* The one on the seat drains now, and nobody takes its place yet. */
struct worker_proc *seats_vacate(struct master *m, int id, enum ending why);
/*
 * wp drains now, and another one takes its place at once; where its own ports
 * must be free for that, when it is gone. While nobody could (no slot is free,
 * no spawner loaded) it serves on.
 */
void	 seats_give_up(struct worker_proc *wp, enum ending why);
/* How many workers there shall be, 1..max; more are drained. */
void	 seats_set_target(struct master *m, int target);
bool	 seats_all_ready(const struct master *m);
/* Is this seat used and empty, and will somebody of this generation come? */
bool	 seats_is_awaited(const struct master *m, int id,
	    const struct generation *gen);
/* Does a seat get its workers from this generation? */
bool	 seats_use(const struct master *m, const struct generation *gen);

#endif
