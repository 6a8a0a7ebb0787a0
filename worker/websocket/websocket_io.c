/* A websocket's bytes: the loop reads and writes, or who polls. */
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "shm/scoreboard.h"
#include "worker/conn.h"
#include "worker/conn_io.h"
#include "worker/core.h"
#include "worker/transport.h"
#include "worker/websocket/websocket.h"
#include "worker/websocket/websocket_impl.h"
#include "worker/worker.h"

/* What is read at a time, and how often before the others have their turn. */
#define WEBSOCKET_READ		65536
#define WEBSOCKET_ROUNDS	8

/* Watches for what is waited for. */
static void
websocket_watch(struct websocket *ws)
{
	bool	 read, write;

	if (ws->polled) {
		websocket_listen(ws);
		return;
	}
	read = websocket_wants_input(ws);
	write = ws->out.bytes > 0 && !ws->broken;
	if (read && ws->conn->recv_writes)
		write = true;
	if (read != ws->reading && (read ? event_add(&ws->read_ev, NULL) :
	    event_del(&ws->read_ev)) == -1)
		log_error("cannot watch a websocket: %s", strerror(errno));
	if (write != ws->writing && (write ? event_add(&ws->write_ev, NULL) :
	    event_del(&ws->write_ev)) == -1)
		log_error("cannot watch a websocket: %s", strerror(errno));
	/* Bytes of which no event tells: of the transport, or read before. */
	if (read && !ws->reading && (ws->rest != NULL ||
	    (ws->conn->transport != NULL &&
	    ws->conn->transport->pending(ws->conn) > 0)))
		event_active(&ws->read_ev, EV_READ, 0);
	ws->reading = read;
	ws->writing = write;
}

/* Keeps what was read and is not looked at; or has it no more. */
static void
websocket_keep_rest(struct websocket *ws)
{
	unsigned char	*rest = NULL;
	size_t		 left = ws->in.left;

	if (left > 0) {
		rest = xmalloc(left);
		memcpy(rest, ws->in.given, left);
	}
	free(ws->rest);
	ws->rest = rest;
	websocket_in_give(&ws->in, rest, left);
}

/* Looks at what was read, as far as there is room for it. */
static void
websocket_parse(struct websocket *ws)
{
	enum websocket_in_event	 event;

	while (websocket_wants_input(ws)) {
		event = websocket_in_next(&ws->in);
		if (event == WEBSOCKET_IN_MORE)
			break;
		websocket_event(ws, event);
	}
	if (ws->rest != NULL || ws->in.left > 0)
		websocket_keep_rest(ws);
}

/* Reads once; true if more may be there. */
static bool
websocket_read_once(struct websocket *ws)
{
	struct websockets	*all = &ws->worker->websockets;
	ssize_t			 n;

	if (all->buf == NULL)
		all->buf = xmalloc(WEBSOCKET_READ);
	n = conn_recv(ws->conn, all->buf, WEBSOCKET_READ);
	if (n > 0) {
		websocket_in_give(&ws->in, all->buf, (size_t)n);
		if (ws->state == WEBSOCKET_OPEN)
			websocket_due_set(&ws->heard, WEBSOCKET_IDLE);
		websocket_parse(ws);
		return n == WEBSOCKET_READ || ws->conn->transport != NULL;
	}
	if (n == -1 && errno == EINTR)
		return true;
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return false;
	websocket_lost(ws, n == 0 ? "the client has closed the connection" :
	    "the connection is broken");
	return false;
}

/* Reads what is there, and there is room for. */
static void
websocket_read(struct websocket *ws)
{
	int	 i;

	if (ws->rest != NULL || ws->in.frames != NULL)
		websocket_parse(ws);
	for (i = 0; i < WEBSOCKET_ROUNDS && websocket_wants_input(ws); i++)
		if (!websocket_read_once(ws))
			return;
	if (websocket_wants_input(ws) && !ws->polled)
		event_active(&ws->read_ev, EV_READ, 0);
}

/* Everything is said: the client shall see the end, whatever the app is at. */
static void
websocket_hang_up(struct websocket *ws)
{
	if (!ws->hung_up)
		conn_shutdown(ws->conn);
	ws->hung_up = true;
}

/* Sends what can be sent; its time runs while nothing is taken. */
void
websocket_flush(struct websocket *ws)
{
	ssize_t	 n;

	if (ws->broken)
		return;
	n = websocket_out_flush(&ws->out, ws->conn);
	if (n == -1) {
		websocket_lost(ws, "the connection is broken");
		return;
	}
	ws->sent += (uint64_t)n;
	if (ws->out.bytes == 0 && ws->state == WEBSOCKET_OVER)
		websocket_hang_up(ws);
	sb_set(&ws->core->sb->bytes_out, ws->sent);
	if (ws->out.bytes == 0)
		websocket_due_clear(&ws->stuck);
	else if (n > 0 || ws->stuck.clock == -1)
		websocket_due_set(&ws->stuck, WEBSOCKET_STUCK);
	websocket_watch(ws);
}

/* Looks at what was read, sends what can be sent, watches for the rest. */
void
websocket_go_on(struct websocket *ws)
{
	if (ws->rest != NULL || ws->in.frames != NULL)
		websocket_parse(ws);
	websocket_flush(ws);
	websocket_watch(ws);
	websocket_tell(ws);
}

/* Without a loop that turns: the same, and reads. */
void
websocket_look(struct websocket *ws)
{
	websocket_read(ws);
	websocket_flush(ws);
	websocket_due_look(ws);
	websocket_flush(ws);
	websocket_watch(ws);
	websocket_tell(ws);
}

/* The socket can be read, or written: TLS may want either for both. */
static void
websocket_ready_cb(evutil_socket_t fd, short events, void *arg)
{
	struct websocket	*ws = arg;
	struct worker		*w = ws->worker;

	(void)fd, (void)events;
	websocket_read(ws);
	websocket_flush(ws);
	websocket_watch(ws);
	websocket_tell(ws);
	cores_gather(w);
}

/* Makes its events. */
void
websocket_watch_begin(struct websocket *ws)
{
	event_assign(&ws->read_ev, ws->worker->base, ws->conn->fd,
	    EV_READ | EV_PERSIST, websocket_ready_cb, ws);
	event_assign(&ws->write_ev, ws->worker->base, ws->conn->fd,
	    EV_WRITE | EV_PERSIST, websocket_ready_cb, ws);
}

/* Watches nothing. */
void
websocket_watch_end(struct websocket *ws)
{
	event_del(&ws->read_ev);
	event_del(&ws->write_ev);
	ws->reading = ws->writing = false;
}
