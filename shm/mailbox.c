/* The mules' message queues, which outlive mules and reloads. */
#include "shm/mailbox.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xmalloc.h"

/* Makes room in one; more than the system allows needs root. */
static void
mailbox_resize(int fd, size_t size)
{
	int	 n = size > INT_MAX / 2 ? INT_MAX / 2 : (int)size;

	if (n > 0 && setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &n,
	    sizeof(n)) == -1)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &n, sizeof(n));
}

/* How many there are. */
int
mailboxes_count(const struct mailboxes *m)
{
	return m->mules + m->farms + 1;
}

/* Makes them. */
struct mailboxes *
mailboxes_new(int mules, int farms, size_t size, char **cause)
{
	struct mailboxes	*m = xcalloc(1, sizeof(*m));
	int			 i, pair[2], n = mules + farms + 1;

	m->mules = mules;
	m->farms = farms;
	m->list = xcalloc((size_t)n, sizeof(*m->list));
	for (i = 0; i < n; i++)
		m->list[i].in = m->list[i].out = -1;
	for (i = 0; i < n; i++) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC |
		    SOCK_NONBLOCK, 0, pair) == -1) {
			*cause = xasprintf("cannot make a queue for mules: "
			    "%s", strerror(errno));
			mailboxes_free(m);
			return NULL;
		}
		m->list[i].in = pair[0];
		m->list[i].out = pair[1];
		mailbox_resize(pair[0], size);
	}
	return m;
}

/* Closes them. */
void
mailboxes_free(struct mailboxes *m)
{
	int	 i;

	if (m == NULL)
		return;
	for (i = 0; i < mailboxes_count(m); i++) {
		if (m->list[i].in == -1)
			continue;
		close(m->list[i].in);
		close(m->list[i].out);
	}
	free(m->list);
	free(m);
}

/* Puts a message in. */
int
mailbox_put(const struct mailboxes *m, int box, const void *data, size_t len)
{
	ssize_t	 n;

	do {
		n = send(m->list[box].in, data, len,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (n == -1 && errno == EINTR);
	return n == -1 ? -1 : 0;
}

/* Takes one out. */
ssize_t
mailbox_take(const struct mailboxes *m, int box, void *data, size_t len)
{
	struct pollfd	 p = { .fd = m->list[box].out, .events = POLLRDHUP };
	ssize_t		 n;

	n = recv(p.fd, data, len, MSG_DONTWAIT | MSG_TRUNC);
	if (n == 0 && poll(&p, 1, 0) == 1) {
		errno = EPIPE;
		return -1;
	}
	return n;
}
