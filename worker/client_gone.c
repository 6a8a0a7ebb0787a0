/* Learns that a client has left while its request is under way. */
#include "worker/client_gone.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/log.h"
#include "config/config.h"
#include "worker/conn.h"
#include "worker/core.h"
#include "worker/protocol.h"
#include "worker/worker.h"

#define CLIENT_GONE_BATCH	64

/* Somebody has left. */
static void
client_gone_cb(evutil_socket_t fd, short events, void *arg)
{
	struct epoll_event	 list[CLIENT_GONE_BATCH];
	struct worker		*w = arg;
	struct conn		*c;
	int			 i, n;

	(void)events;
	n = epoll_wait(fd, list, CLIENT_GONE_BATCH, 0);
	for (i = 0; i < n; i++) {
		c = list[i].data.ptr;
		if (c->gone_deaf || (list[i].events == EPOLLIN &&
		    !c->protocol->says_gone(c)))
			continue;
		c->gone = true;
		if (c->core != NULL && !c->gone_told)
			core_wake(c->core, WAIT_GONE);
	}
	cores_work_off(w);
}

/* Makes the epoll, if the option wants it. */
void
client_gone_init(struct worker *w)
{
	w->gone_fd = -1;
	if (w->cfg->client_gone == CLIENT_GONE_IGNORE)
		return;
	w->gone_fd = epoll_create1(EPOLL_CLOEXEC);
	if (w->gone_fd == -1) {
		log_error("client-gone: %s", strerror(errno));
		return;
	}
	event_assign(&w->gone_ev, w->base, w->gone_fd, EV_READ | EV_PERSIST,
	    client_gone_cb, w);
	event_add(&w->gone_ev, NULL);
}

/* Frees it. */
void
client_gone_done(struct worker *w)
{
	if (w->gone_fd == -1)
		return;
	event_del(&w->gone_ev);
	close(w->gone_fd);
	w->gone_fd = -1;
}

/* What of a connection's end counts; errors and HUP always do. */
static short
client_gone_what(const struct conn *c)
{
	return c->worker->cfg->client_gone == CLIENT_GONE_CLOSE ?
	    POLLRDHUP : 0;
}

/* Watches: whatever happens is told once, also if it has happened. */
void
client_gone_watch(struct conn *c)
{
	struct epoll_event	 ev = { .events = EPOLLET,
	    .data = { .ptr = c } };

	/* A websocket sees it by itself. */
	if (c->gone_watched || c->gone_deaf || c->fd == -1 ||
	    c->worker->gone_fd == -1 || c->websocket != NULL ||
	    c->worker->forked)
		return;
	ev.events |= client_gone_what(c) != 0 ? (uint32_t)EPOLLRDHUP : 0u;
	if (c->protocol->says_gone != NULL)
		ev.events |= EPOLLIN;
	if (epoll_ctl(c->worker->gone_fd, EPOLL_CTL_ADD, c->fd, &ev) == 0)
		c->gone_watched = true;
	else
		log_error("client-gone: %s", strerror(errno));
}

/* Watches no more. */
void
client_gone_forget(struct conn *c)
{
	c->gone = c->gone_told = c->gone_deaf = false;
	if (!c->gone_watched || c->worker->forked)
		return;
	c->gone_watched = false;
	(void)epoll_ctl(c->worker->gone_fd, EPOLL_CTL_DEL, c->fd, NULL);
}

/* The request wants to know no more. */
void
client_gone_ignore(struct conn *c)
{
	c->gone_deaf = true;
	c->gone = c->gone_told = false;
}

/* Looks at once. */
bool
client_gone_look(const struct conn *c)
{
	struct pollfd	 pfd = { .fd = c->fd, .events = client_gone_what(c) };

	if (c->fd == -1)		/* a stream: its owner has told */
		return c->gone;
	return c->worker->gone_fd != -1 && poll(&pfd, 1, 0) == 1;
}

/* Tells the request once. */
bool
client_gone_tell(struct conn *c)
{
	if (!c->gone || c->gone_told || c->gone_deaf)
		return false;
	c->gone_told = true;
	return true;
}

/* Nobody wants to be told any more. */
void
client_gone_hush(struct conn *c)
{
	c->gone_told = true;
}

/* For a worker that waits with poll(2). */
int
client_gone_events(const struct conn *c)
{
	if (c->worker->gone_fd == -1 || c->worker->forked || c->gone_told ||
	    c->gone_deaf)
		return -1;
	return client_gone_what(c);
}
