/*
 * A websocket's bell: a descriptor that can be read while something can be
 * received. Where no loop turns (polled) that is an epoll, of the bell and of
 * the socket, for what it is waited for: whoever waits for it comes back when
 * there is something to be done, which the next call does.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "worker/conn.h"
#include "worker/watch.h"
#include "worker/websocket/websocket.h"
#include "worker/websocket/websocket_impl.h"

/* The bell rings while there is something. */
void
websocket_ring(struct websocket *ws)
{
	const uint64_t	 one = 1;
	uint64_t	 count;
	bool		 ring = websocket_has(ws);

	if (ws->bell == -1 || ring == ws->rung)
		return;
	if ((ring ? write(ws->bell, &one, sizeof(one)) :
	    read(ws->bell, &count, sizeof(count))) == -1)
		log_error("eventfd: %s", strerror(errno));
	ws->rung = ring;
}

/* The ear listens for what is waited for. */
void
websocket_listen(struct websocket *ws)
{
	struct epoll_event	 ev = { .events = 0 };

	if (ws->ear == -1)
		return;
	if (websocket_wants_input(ws))
		ev.events |= ws->conn->recv_writes ? EPOLLOUT : EPOLLIN;
	if (ws->out.bytes > 0)
		ev.events |= EPOLLOUT;
	if (ev.events == ws->heeds)
		return;
	if (epoll_ctl(ws->ear, EPOLL_CTL_MOD, ws->conn->fd, &ev) == -1)
		log_error("epoll_ctl: %s", strerror(errno));
	ws->heeds = ev.events;
}

/* Where nobody else looks at the socket: that, and the bell. */
static int
websocket_ear(struct websocket *ws)
{
	struct epoll_event	 ev = { .events = EPOLLIN };

	if (ws->ear != -1)
		return ws->ear;
	ws->ear = epoll_create1(EPOLL_CLOEXEC);
	if (ws->ear != -1 && (epoll_ctl(ws->ear, EPOLL_CTL_ADD, ws->bell, &ev)
	    == -1 || epoll_ctl(ws->ear, EPOLL_CTL_ADD, ws->conn->fd, &ev) ==
	    -1)) {
		close(ws->ear);
		ws->ear = -1;
	}
	ws->heeds = ev.events;
	return ws->ear;
}

/* The bell. */
int
websocket_bell(struct websocket *ws)
{
	if (ws->bell == -1) {
		ws->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (ws->bell != -1)
			watch_forget(ws->worker, ws->bell);
	}
	websocket_ring(ws);
	if (!ws->polled || ws->bell == -1)
		return ws->bell;
	if (websocket_ear(ws) == -1)
		return -1;
	/* Of what was read already the socket does not tell. */
	websocket_look(ws);
	return ws->ear;
}

/* Nobody rings it after this: who waits for it is told. */
void
websocket_bell_done(struct websocket *ws)
{
	const uint64_t	 one = 1;

	/* Threads may wait for it. */
	if (ws->bell != -1 && !ws->rung &&
	    write(ws->bell, &one, sizeof(one)) == -1)
		log_error("eventfd: %s", strerror(errno));
	if (ws->ear != -1) {
		watch_forget(ws->worker, ws->ear);
		close(ws->ear);
	}
	if (ws->bell != -1) {
		watch_forget(ws->worker, ws->bell);
		close(ws->bell);
	}
	ws->ear = ws->bell = -1;
}
