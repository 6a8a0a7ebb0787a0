/* The stats socket: connect, and get the server's state as JSON. */
#ifndef WM_MASTER_STATS_H
#define WM_MASTER_STATS_H

#include <stdbool.h>

struct master;
struct stats;

/*
 * Answers on m->stats_socket from the master's loop, so it also works when no
 * worker does anything. A client that does not read is dropped after a few
 * seconds, and only a few are answered at the same time.
 */
struct stats	*stats_new(struct master *m);
/*
 * In an upgrade the socket is another master's for a while: who connects then
 * waits, or is answered by that. Connections that are there go on.
 */
void		 stats_accept(struct stats *stats, bool on);
void		 stats_free(struct stats *stats);

#endif
