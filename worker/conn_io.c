/* A connection's bytes in and out, whatever its transport. */
#include "worker/conn_io.h"

#include <errno.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <time.h>

#include "worker/core.h"
#include "worker/protocol.h"
#include "worker/wait.h"

/* Sends several parts. */
ssize_t
conn_send_parts(struct conn *c, struct iovec *parts, int n, int flags)
{
	struct msghdr	 msg = { .msg_iov = parts, .msg_iovlen = (size_t)n };

	if (c->raw_out)
		return sendmsg(c->fd, &msg, MSG_NOSIGNAL | flags);
	return c->transport->send(c, parts, n, (flags & MSG_MORE) != 0);
}

/*
 * sendfile(2), which has no MSG_NOSIGNAL: an app may have given SIGPIPE its
 * default back, which would kill the worker when the client has left.
 */
static ssize_t
conn_sendfile_raw(int out, int fd, off_t *offset, size_t len)
{
	static const struct timespec	 at_once = { 0, 0 };
	struct sigaction		 action;
	sigset_t			 pipe, old;
	ssize_t				 n;
	int				 saved;

	if (sigaction(SIGPIPE, NULL, &action) == 0 &&
	    action.sa_handler == SIG_IGN)
		return sendfile(out, fd, offset, len);
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, &old);
	n = sendfile(out, fd, offset, len);
	saved = errno;
	if (n == -1 && saved == EPIPE && !sigismember(&old, SIGPIPE))
		(void)sigtimedwait(&pipe, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = saved;
	return n;
}

/* Sends bytes of a file. */
ssize_t
conn_sendfile(struct conn *c, int fd, off_t *offset, size_t len)
{
	if (c->raw_out)
		return conn_sendfile_raw(c->fd, fd, offset, len);
	return c->transport->sendfile(c, fd, offset, len);
}

/* Tells a client that waits for it to send its body. */
void
conn_send_continue(struct conn *c)
{
	static const char	 text[] = "HTTP/1.1 100 Continue\r\n\r\n";

	if (c->protocol->send_head != NULL)
		(void)c->protocol->send_head(c, text, sizeof(text) - 1,
		    false);
	else
		(void)conn_send(c, text, sizeof(text) - 1, 0);
}

/* Have bytes come that were not read yet? */
bool
conn_has_input(const struct conn *c)
{
	char	 byte;

	if (c->transport != NULL)
		return c->transport->has_input(c);
	return recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* Asks the system how much has come. */
size_t
conn_unread(const struct conn *c)
{
	int	 n = 0;

	if (c->transport != NULL)
		return c->transport->pending(c);
	return ioctl(c->fd, FIONREAD, &n) == 0 && n > 0 ? (size_t)n : 0;
}

/* Bytes that the client's side has not taken yet. */
int
conn_unsent(const struct conn *c)
{
	int	 n;

	if (c->transport != NULL && c->transport->unsent != NULL)
		return c->transport->unsent(c);
	return ioctl(c->fd, SIOCOUTQ, &n) == 0 ? n : 0;
}

/* The core waits for its client. */
enum wait_reason
conn_wait(struct core *core, short events, double timeout)
{
	const struct transport	*transport = core->req.conn->transport;

	if (transport != NULL && transport->wait != NULL)
		return transport->wait(core, events, timeout);
	return wait_client(core, events, timeout);
}

/* Says that nothing more comes. */
void
conn_shutdown(struct conn *c)
{
	if (c->transport != NULL)
		c->transport->shutdown(c);
	else
		shutdown(c->fd, SHUT_WR);
}
