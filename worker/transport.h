/*
 * How a connection's bytes travel: over its socket as they are (conn.transport
 * is NULL), through TLS, or as a stream of an HTTP/2 connection.
 *
 * recv, send and sendfile mean what the system calls of these names mean for a
 * non-blocking socket, errno included: EAGAIN says that wait() is worth a try.
 * Nobody calls these members but conn_io.h, which treats sockets without a
 * transport first. A connection that RUNS is used by its core alone, on
 * whatever thread that has; else by the loop thread.
 */
#ifndef WM_WORKER_TRANSPORT_H
#define WM_WORKER_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "worker/wait.h"

struct conn;
struct core;

struct transport {
	const char	*name;
	ssize_t		(*recv)(struct conn *c, void *buf, size_t size);
	/* more: further bytes follow at once (MSG_MORE). */
	ssize_t		(*send)(struct conn *c, const struct iovec *parts,
			    int n, bool more);
	/* Moves *offset. Not called where conn.raw_out is set. */
	ssize_t		(*sendfile)(struct conn *c, int fd, off_t *offset,
			    size_t len);
	/*
	 * Bytes that recv would give at once though the socket may have none:
	 * no event of the socket's tells of them.
	 */
	size_t		(*pending)(const struct conn *c);
	/* Has anything come, as far as one can tell without reading it? */
	bool		(*has_input)(const struct conn *c);
	/* Bytes that send took and the client did not; NULL: ask the fd. */
	int		(*unsent)(const struct conn *c);
	/* The core waits for its client, as wait_client. NULL: by the fd. */
	enum wait_reason (*wait)(struct core *core, short events,
			    double timeout);
	/* Loop thread: the same for conn_watch(). NULL: by the fd. */
	void		(*watch)(struct conn *c, bool on);
	/* Says that nothing more will be sent; the client may still send. */
	void		(*shutdown)(struct conn *c);
	/* Frees what is the transport's; conn_close closes the fd after it. */
	void		(*close)(struct conn *c);
};

#endif
