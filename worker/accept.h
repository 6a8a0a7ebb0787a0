/*
 * Accepting: the listeners are watched only while there is room.
 *
 * When queue-size connections wait for a core, or descriptors run out, the
 * listeners are not watched: nothing spins, and other workers or the kernel's
 * backlog have the clients. accept_adjust watches them again once half of the
 * queue is free. Where descriptors run out (a 16th of the limit is not for
 * clients, but for the app) idle connections are closed for new ones
 * (conn_shed.h); when none is idle, accepting pauses for a tenth of a second.
 * While draining they are not watched, unless there will be
 * nobody else to take those who are queued already: farewell.h.
 */
#ifndef WM_WORKER_ACCEPT_H
#define WM_WORKER_ACCEPT_H

#include <stdbool.h>

struct worker;

void	 accept_init(struct worker *w);
/* Hub: watches or un-watches, as queue and draining want it; the first call
   begins. */
void	 accept_adjust(struct worker *w);
/* Is nobody queued whom this worker could accept? */
bool	 accept_is_empty(const struct worker *w);
void	 accept_done(struct worker *w);

#endif
