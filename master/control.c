/* The control socket: who may speak on it, and how many at once. */
#include "master/control.h"

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "master/control_client.h"
#include "master/master.h"
#include "master/socket.h"

#define CONTROL_CLIENTS	64	/* at the same time */

struct control {
	struct master			*master;
	struct event			*ev;
	struct event			*retry;
	struct control_clients		 clients;
	bool				 paused;
};

/* One client less: there is room again. */
static void
control_left_cb(void *arg)
{
	struct control	*control = arg;

	if (!control->paused)
		event_add(control->ev, NULL);
}

/* The pause is over. */
static void
control_retry_cb(evutil_socket_t fd, short what, void *arg)
{
	struct control	*control = arg;

	(void)fd, (void)what;
	if (!control->paused)
		event_add(control->ev, NULL);
}

/* Somebody has connected: may he? */
static void
control_client_come(struct control *control, int fd)
{
	struct control_client	*c;
	struct ucred		 peer = { .uid = (uid_t)-1 };
	socklen_t		 len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == -1) {
		log_warn("control socket: who connects is not known: %s",
		    strerror(errno));
		close(fd);
		return;
	}
	c = control_client_new(control->master, &control->clients, fd, &peer);
	if (c == NULL)
		return;
	if (control->clients.count >= CONTROL_CLIENTS)
		event_del(control->ev);
	if (peer.uid == 0 || peer.uid == geteuid())
		return;
	log_warn("control socket: user %d (pid %d) is refused",
	    (int)peer.uid, (int)peer.pid);
	control_refuse(c, "only user %d, who runs the server, and root may "
	    "use its control socket", (int)geteuid());
}

/* Somebody connects; when that fails, not again before a second is over. */
static void
control_accept_cb(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval	 pause = { 1, 0 };
	struct control			*control = arg;
	int				 client;

	(void)what;
	client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (client != -1) {
		control_client_come(control, client);
		return;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ||
	    errno == ECONNABORTED)
		return;
	log_warn("control socket: accepting pauses: %s", strerror(errno));
	event_del(control->ev);
	event_add(control->retry, &pause);
}

/* Starts answering, if there is a socket to do that on. */
struct control *
control_new(struct master *m)
{
	struct control	*control;

	if (m->control_socket == NULL)
		return NULL;
	control = xcalloc(1, sizeof(*control));
	control->master = m;
	control_clients_init(&control->clients, control_left_cb, control);
	control->ev = event_new(m->base, m->control_socket->fd,
	    EV_READ | EV_PERSIST, control_accept_cb, control);
	control->retry = evtimer_new(m->base, control_retry_cb, control);
	if (control->ev == NULL || control->retry == NULL ||
	    event_add(control->ev, NULL) == -1)
		fatalx("cannot watch the control socket");
	return control;
}

/* Is the socket this master's, or another one's? */
void
control_accept(struct control *control, bool on)
{
	if (control == NULL)
		return;
	control->paused = !on;
	if (on && control->clients.count < CONTROL_CLIENTS)
		event_add(control->ev, NULL);
	else
		event_del(control->ev);
}

/* Stops answering. */
void
control_free(struct control *control)
{
	if (control == NULL)
		return;
	control_clients_done(&control->clients);
	event_free(control->ev);
	event_free(control->retry);
	free(control);
}
