/* The stats socket: the server's state as JSON, and more over HTTP. */
#ifndef WM_MASTER_STATS_H
#define WM_MASTER_STATS_H

#include <stdbool.h>

struct master;
struct stats;

/*
 * Answers on m->stats_socket from the master's loop, so it also works when no
 * worker does anything. A client that does not read is dropped after a few
 * seconds, and only so many are answered at the same time: more wait to be
 * accepted. What a connection goes through is in stats_client.h, what can be
 * asked for in stats_path.c.
 */
struct stats	*stats_new(struct master *m);
/*
 * In an upgrade the socket is another master's for a while: who connects then
 * waits, or is answered by that. Connections that are there go on.
 */
void		 stats_accept(struct stats *stats, bool on);
void		 stats_free(struct stats *stats);

#endif
