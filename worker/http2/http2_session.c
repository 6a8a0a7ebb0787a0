/* HTTP/2 connections: their begin, turns and end. */
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "worker/conn.h"
#include "worker/conn_buf.h"
#include "worker/http2/http2_impl.h"
#include "worker/worker.h"

/* How a client says that it knows (RFC 9113 3.4). */
static const char	 http2_preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#define HTTP2_PREFACE	(sizeof(http2_preface) - 1)
/* So often a connection's work is done again in one turn. */
#define HTTP2_ROUNDS	16

/* Is it the preface, or its beginning? */
bool
http2_is_preface(const struct conn *c)
{
	size_t	 len = c->in->len < HTTP2_PREFACE ? c->in->len : HTTP2_PREFACE;

	return c->worker->cfg->http2_cleartext && c->protocol->is_http1 &&
	    c->requests == 0 && c->transport == NULL && c->fd != -1 &&
	    memcmp(c->in->data, http2_preface, len) == 0;
}

/* All of it is there. */
bool
http2_preface_is_whole(const struct conn *c)
{
	return c->in->len >= HTTP2_PREFACE;
}

/* What was read already is the session's. */
static void
http2_take_input(struct conn *c)
{
	struct conn_buf	*in = c->in;

	c->in = NULL;
	if (in != NULL)
		http2_feed(c->shared, in->data + in->pos, in->len - in->pos);
	conn_buf_put(c->worker, in);
}

/* The connection speaks HTTP/2 from now on. */
void
http2_begin(struct conn *c)
{
	struct worker	*w = c->worker;
	struct http2	*h = xcalloc(1, sizeof(*h));

	h->conn = c;
	h->since_us = h->flood.since_us = clock_coarse_us();
	TAILQ_INIT(&h->streams);
	TAILQ_INIT(&h->todo);
	TAILQ_INSERT_TAIL(&w->http2s.all, h, link);
	c->shared = h;
	conn_set_state(c, CONN_SHARED);
	conn_set_nodelay(c);
	h->session = http2_session_new(h);
	if (h->session == NULL)
		fatalx("out of memory for an HTTP/2 connection");
	http2_tick_start(w);
	http2_take_input(c);
	http2_mark(h);
	http2_ready(c);
	conn_watch_for(c, CONN_WATCH_READ);
}

/* A SHARED connection's socket is ready. */
void
http2_ready(struct conn *c)
{
	struct http2	*h = c->shared;

	if (http2_fifo_len(&h->out) > 0)
		http2_flush(h);
	if (http2_fifo_len(&h->out) == 0)
		http2_read(h);
	if (h->broken)
		http2_mark(h);
	http2_work(h);
}

/* A SHARED connection is closed: its streams are alone now. */
void
http2_closed(struct conn *c)
{
	struct http2		*h = c->shared;
	struct http2s		*all = &c->worker->http2s;
	struct http2_stream	*s;

	if (h == NULL)
		return;
	h->broken = true;
	while ((s = TAILQ_FIRST(&h->streams)) != NULL)
		http2_stream_leave(s);
	c->shared = NULL;
	TAILQ_REMOVE(&all->all, h, link);
	if (h->dirty)
		TAILQ_REMOVE(&all->dirty, h, dirty_link);
	nghttp2_session_del(h->session);
	http2_fifo_done(&h->out);
	free(h);
}

/* Is everything said? */
static bool
http2_is_over(const struct http2 *h)
{
	if (http2_fifo_len(&h->out) > 0)
		return false;
	if (h->state == HTTP2_TOLD && TAILQ_EMPTY(&h->streams) &&
	    nghttp2_session_want_write(h->session) == 0)
		return true;
	return nghttp2_session_want_read(h->session) == 0 &&
	    nghttp2_session_want_write(h->session) == 0;
}

/*
 * One that is dirty, and is so until everything is done that follows from what
 * was done; but a client that takes a lot lets others have their turn. True:
 * there is more to do.
 */
static bool
http2_turn(struct http2 *h)
{
	struct conn	*c = h->conn;
	struct http2s	*all = &c->worker->http2s;
	int		 rounds = 0;

	do {
		http2_work(h);
		http2_flush(h);
	} while (!h->broken && !TAILQ_EMPTY(&h->todo) &&
	    ++rounds < HTTP2_ROUNDS);
	if (h->broken) {
		conn_close(c);
		return false;
	}
	if (http2_is_over(h)) {
		http2_closed(c);
		conn_linger(c);
		return false;
	}
	TAILQ_REMOVE(&all->dirty, h, dirty_link);
	h->dirty = false;
	if (TAILQ_EMPTY(&h->todo))
		return false;
	http2_mark(h);
	return true;
}

/* The end of a turn, for those who are dirty. */
void
http2s_turn(struct worker *w)
{
	struct http2s	*all = &w->http2s;
	struct http2	*h;
	bool		 more = false;

	while (!more && (h = TAILQ_FIRST(&all->dirty)) != NULL)
		more = http2_turn(h);
	if (more || !TAILQ_EMPTY(&w->woken) ||
	    (w->nready + w->queued > 0 && !TAILQ_EMPTY(&w->idle)))
		event_active(&w->work_ev, EV_TIMEOUT, 1);
}

/* Once per worker. */
void
http2s_init(struct worker *w)
{
	TAILQ_INIT(&w->http2s.all);
	TAILQ_INIT(&w->http2s.dirty);
}

/* All connections are closed. */
void
http2s_done(struct worker *w)
{
	if (w->http2s.ticking)
		event_del(&w->http2s.tick);
	w->http2s.ticking = false;
	strbuf_done(&w->http2s.frames);
}
