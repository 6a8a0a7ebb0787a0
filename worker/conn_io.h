/*
 * A connection's bytes in and out, whatever its transport. As recv(2), send(2)
 * and sendfile(2) of a non-blocking socket; SIGPIPE never comes.
 */
#ifndef WM_WORKER_CONN_IO_H
#define WM_WORKER_CONN_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "worker/conn.h"
#include "worker/transport.h"

/* recv(2). */
static inline ssize_t
conn_recv(struct conn *c, void *buf, size_t size)
{
	if (c->transport == NULL)
		return recv(c->fd, buf, size, 0);
	return c->transport->recv(c, buf, size);
}

/* send(2); of flags only MSG_MORE counts. */
static inline ssize_t
conn_send(struct conn *c, const char *data, size_t len, int flags)
{
	struct iovec	 part;

	if (c->raw_out)
		return send(c->fd, data, len, MSG_NOSIGNAL | flags);
	part.iov_base = (void *)data;
	part.iov_len = len;
	return c->transport->send(c, &part, 1, (flags & MSG_MORE) != 0);
}

/* sendmsg(2) of several parts. */
ssize_t	 conn_send_parts(struct conn *c, struct iovec *parts, int n,
	    int flags);
/* Tells a client that waits for it to send its body. */
void	 conn_send_continue(struct conn *c);
/* sendfile(2). */
ssize_t	 conn_sendfile(struct conn *c, int fd, off_t *offset, size_t len);

/* Have bytes come that were not read yet? (Also a core, of its own conn.) */
bool	 conn_has_input(const struct conn *c);
/* How many bytes conn_recv would give at least, without waiting. */
size_t	 conn_unread(const struct conn *c);
/* Bytes that were sent, and the client's side has not taken yet. */
int	 conn_unsent(const struct conn *c);
/* The core's own client: until it can be read or written. As wait_client. */
enum wait_reason conn_wait(struct core *core, short events, double timeout);
/* Nothing more will be sent. */
void	 conn_shutdown(struct conn *c);

#endif
