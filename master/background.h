/* Mules and spoolers, as the master sees them: one per seat. */
#ifndef WM_MASTER_BACKGROUND_H
#define WM_MASTER_BACKGROUND_H

#include <stdbool.h>
#include <stdint.h>

#include "master/children.h"

/*
 * Each is a child (children.h, with its states; FREE is shown as "empty"), and
 * alone on its seat. In a reload the old one is told to leave when the first
 * worker of the new generation is READY (so that a reload that fails leaves
 * it), and the new one is started when it is gone, by the generation that
 * serves. So the spawner of an older one is not needed for them. When the
 * server stops, and in an upgrade, they leave when the workers are gone: those
 * still send them messages. A new master starts its own when the old one has
 * none any more (takeover_may_work).
 *
 * The timer of one that is FREE is the pause of one that keeps dying
 * (backoff.h).
 */
struct background_proc {
	struct child		 child;
	bool			 died;		/* the last one did */
	unsigned		 failures;	/* see backoff.h */
	unsigned		 respawns;
	uint64_t		 spawned_real_us;
};

/* After children_init. */
void	 background_init(struct master *m);
/* Per turn: starts and ends whom it is time for. */
void	 background_turn(struct master *m);
/* Those of a kind leave, and others come in their places. */
void	 background_reload(struct master *m, enum process_kind kind);
/*
 * To one, or (id 0) to all of a kind. It is lost where nobody is there, or
 * nobody reads; false then (all: if it reached none).
 */
bool	 background_send(struct master *m, enum process_kind kind, int id,
	    const struct message *msg);
/* The longest that one of them may take to leave. */
double	 background_mercy(const struct master *m);

#endif
