/*
 * What happens on a new connection before its first request: a PROXY header is
 * read, TLS is set up. Steps in an order (conn_open.c's table), of which most
 * connections need none; while one waits the connection is OPENING.
 */
#ifndef WM_WORKER_CONN_OPEN_H
#define WM_WORKER_CONN_OPEN_H

#include <stdbool.h>

struct conn;

enum conn_open {
	CONN_OPEN_DONE,		/* on to the next step */
	CONN_OPEN_READ,		/* again when the socket can be read, */
	CONN_OPEN_WRITE,	/* or written */
	CONN_OPEN_TAKEN,	/* it has another state now, or is closed */
	CONN_OPEN_FAILED	/* close; the step has logged why */
};

struct conn_opener {
	const char	*name;		/* as "... took too long" */
	/* Is it to be done on this connection? */
	bool		(*wanted)(const struct conn *c);
	/* Goes as far as it can without waiting. Closes only what it takes. */
	enum conn_open	(*step)(struct conn *c);
};

/* Does any step want this connection? Asked before conn_open_begin. */
bool	 conn_open_needed(const struct conn *c);
/*
 * Goes on with the steps; when all are done the connection is in HEAD and has
 * been read from. It may be closed when this returns.
 */
void	 conn_open_go_on(struct conn *c);
/* It took too long: says so, and closes. */
void	 conn_open_expire(struct conn *c);

#endif
