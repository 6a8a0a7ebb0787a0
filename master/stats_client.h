/* One connection to the stats socket. */
#ifndef WM_MASTER_STATS_CLIENT_H
#define WM_MASTER_STATS_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct master;
struct stats_client;

/*
 *	NEW	has said nothing yet
 *	HEAD	a request's head comes in
 *	REPLY	an answer is made and sent, slice by slice
 *	IDLE	between two requests
 *	CLOSING	all is said; the client shall close first, since closing with
 *		bytes of its own unread could take the answer away from it
 *
 *	NEW --> HEAD		the first byte is a letter: it speaks HTTP
 *	NEW --> REPLY		it has said nothing for STATS_SILENCE_MS, or
 *				closed its side, or said something else: it
 *				gets the JSON document and the end, as of uWSGI
 *	HEAD --> REPLY		the head is complete, or bad
 *	REPLY --> IDLE, CLOSING	the answer is sent
 *	IDLE --> HEAD		the next request
 *
 * With "stats-http" a client begins with HEAD, and there are no raw ones.
 *
 * Each state has its limit of time, after which the client is dropped (but see
 * NEW); REPLY has another one for a client that takes no byte at all. How much
 * of an answer is in memory does not depend on its length.
 */
enum stats_client_state {
	STATS_CLIENT_NEW,
	STATS_CLIENT_HEAD,
	STATS_CLIENT_REPLY,
	STATS_CLIENT_IDLE,
	STATS_CLIENT_CLOSING
};

/* Where clients are, and who wants to know that one is gone, or idle. */
struct stats_clients {
	TAILQ_HEAD(, stats_client)	 list;
	unsigned			 count;
	struct master			*master;
	bool				 guarded;	/* not a unix socket */
	void				(*changed)(void *arg);
	void				*arg;
};

/* Serves a connection, which is its own from here on. */
void	 stats_client_new(struct stats_clients *clients, int fd);
/* Closes all. */
void	 stats_clients_done(struct stats_clients *clients);
/* Drops the one that was idle for longest; false: none is. */
bool	 stats_clients_make_room(struct stats_clients *clients);

#endif
