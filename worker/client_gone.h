/*
 * Learns that a client has left while its request is under way (client-gone).
 *
 * What a client that leaves looks like from here:
 *
 *	reset	the connection is no more: the client's system has answered
 *		with a RST, or (unix sockets) both directions are closed
 *	close	the client says that it sends nothing more. Over TCP this is
 *		all that can be seen of one that closes in the ordinary way,
 *		and of one that has only shut down its sending side
 *
 *	word	the protocol has a word for it (protocol.says_gone)
 *
 * The connections of requests that did not end at once are watched by an epoll
 * of their own, which the base watches: libevent cannot watch for these alone.
 * They are as many as there are cores at most. With client-gone=ignore nothing
 * is made, watched or asked.
 *
 * What is seen is noted in the connection (gone) and ends the core's wait with
 * WAIT_GONE, once (gone_told); a core that does not wait learns it by its next
 * wait. Hub, but for client_gone_tell, _hush and _events.
 */
#ifndef WM_WORKER_CLIENT_GONE_H
#define WM_WORKER_CLIENT_GONE_H

#include <stdbool.h>

struct conn;
struct worker;

void	 client_gone_init(struct worker *w);
void	 client_gone_done(struct worker *w);

/* Its request goes on in a core. */
void	 client_gone_watch(struct conn *c);
/* Its request is over. */
void	 client_gone_forget(struct conn *c);
/* Its request has said goodbye itself. On any thread. */
void	 client_gone_ignore(struct conn *c);
/* Looks: has the client of a connection without a core left? */
bool	 client_gone_look(const struct conn *c);
/* Must the request be told? Then it is told by this. */
bool	 client_gone_tell(struct conn *c);
/* From now on its request, which cleans up, is told no more. */
void	 client_gone_hush(struct conn *c);
/* For poll(2): what to ask of the connection, -1 for nothing. */
int	 client_gone_events(const struct conn *c);

#endif
