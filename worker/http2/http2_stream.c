/* Streams: made by the session, given a conn by the hub, freed by the last. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xmalloc.h"
#include "worker/access_log.h"
#include "worker/client_gone.h"
#include "worker/conn.h"
#include "worker/conn_buf.h"
#include "worker/conn_input.h"
#include "worker/core.h"
#include "worker/http2/http2_impl.h"
#include "worker/worker.h"

/* A stream of the session's. */
struct http2_stream *
http2_stream_new(struct http2 *h, int32_t id)
{
	struct http2_stream	*s = xcalloc(1, sizeof(*s));

	s->h = h;
	s->id = id;
	TAILQ_INSERT_TAIL(&h->streams, s, link);
	return s;
}

/* The request's head is not needed any more. */
static void
http2_stream_forget_request(struct http2_stream *s)
{
	if (s->request == NULL)
		return;
	http2_head_done(s->request);
	free(s->request);
	s->request = NULL;
}

/* Nobody has it any more. */
void
http2_stream_free(struct http2_stream *s)
{
	http2_stream_forget_request(s);
	strbuf_done(&s->head);
	http2_fifo_done(&s->in);
	http2_fifo_done(&s->out);
	free(s);
}

/* The client has left a request that is under way. */
static void
http2_stream_told(struct http2_stream *s)
{
	struct conn	*c = s->c;

	if (s->finished || c->gone_deaf || c->worker->gone_fd == -1)
		return;
	c->gone = true;
	if (c->core != NULL && !c->gone_told)
		core_wake(c->core, WAIT_GONE);
}

/* The session lets go of it. */
void
http2_stream_leave(struct http2_stream *s)
{
	struct http2	*h = s->h;
	struct conn	*c = s->c;

	TAILQ_REMOVE(&h->streams, s, link);
	if (s->is_todo)
		TAILQ_REMOVE(&h->todo, s, todo_link);
	s->is_todo = false;
	s->gone = true;
	s->h = NULL;
	if (TAILQ_EMPTY(&h->streams) && h->state == HTTP2_OPEN)
		h->since_us = clock_coarse_us();
	if (c == NULL) {
		http2_stream_free(s);
	} else if (c->state == CONN_RUNNING) {
		http2_stream_told(s);
		http2_stream_tell(s);
	} else {
		if (c->state != CONN_SENDING)	/* that has its line */
			access_log_reject(c, 499,
			    "the client has left before its turn");
		conn_close(c);
	}
}

/* The hub is to look at it. */
void
http2_stream_todo(struct http2_stream *s)
{
	if (s->h == NULL)
		return;
	if (!s->is_todo) {
		s->is_todo = true;
		TAILQ_INSERT_TAIL(&s->h->todo, s, todo_link);
	}
	http2_mark(s->h);
}

/* Bytes of a body that nobody will read: not for ever. */
void
http2_stream_discard(struct http2_stream *s, size_t len)
{
	if (s->gone || s->h == NULL)
		return;
	nghttp2_session_consume_stream(s->h->session, s->id, len);
	s->discarded += len;
	if (s->discarded > HTTP2_LINGER_MAX && s->linger_us != 0)
		nghttp2_submit_rst_stream(s->h->session, NGHTTP2_FLAG_NONE,
		    s->id, NGHTTP2_NO_ERROR);
}

/* Is there what was asked for? An end is, too. */
bool
http2_stream_has(const struct http2_stream *s, short events)
{
	if (s->gone || s->h == NULL || s->h->broken)
		return true;
	if (events & WAIT_READ && (http2_fifo_len(&s->in) > 0 || s->in_end))
		return true;
	return events & WAIT_WRITE && http2_fifo_len(&s->out) +
	    HTTP2_OUT_ROOM <= HTTP2_OUT_MAX;
}

/* What the hub waits for, for this conn. */
static short
http2_stream_watched(const struct http2_stream *s)
{
	return s->c->state == CONN_SENDING ? WAIT_WRITE : WAIT_READ;
}

/* Something has come, or room. */
void
http2_stream_tell(struct http2_stream *s)
{
	struct conn	*c = s->c;

	if (c == NULL)
		return;
	if (c->state != CONN_RUNNING) {
		if (s->watched && http2_stream_has(s,
		    http2_stream_watched(s)))
			http2_stream_todo(s);
	} else if (c->core != NULL && c->core->until != NULL &&
	    c->core->until(c->core)) {
		core_wake(c->core, WAIT_READY);
	}
}

/* A whole head: from here on it is a connection like any other. */
static void
http2_stream_open(struct http2_stream *s)
{
	struct worker		*w = s->h->conn->worker;
	struct http2_head	*request = s->request;
	struct conn		*c = conn_stream_new(s->h->conn);
	struct conn_buf		*in = conn_buf_take(w);
	enum http_parse_verdict	 verdict;

	s->fresh = false;
	s->c = c;
	c->protocol = &protocol_http2;
	c->transport = &transport_http2;
	c->transport_data = s;
	c->in = in;
	conn_buf_reserve(in, request->text.len);
	memcpy(in->data, strbuf_str(&request->text), request->text.len);
	in->len = request->text.len;
	verdict = http2_head_parse(request, in->data, in->len, &in->head,
	    s->in_end && http2_fifo_len(&s->in) == 0);
	http2_stream_forget_request(s);
	if (verdict == HTTP_PARSE_DONE)
		conn_head_ready(c);
	else
		conn_reject(c, in->head.status, in->head.why);
}

/* Does what is to be done for one. */
static void
http2_stream_work(struct http2_stream *s)
{
	if (s->gone)
		http2_stream_leave(s);
	else if (s->fresh)
		http2_stream_open(s);
	else if (s->c != NULL && s->watched && s->c->state != CONN_RUNNING &&
	    http2_stream_has(s, http2_stream_watched(s)))
		conn_input_read(s->c);
}

/*
 * Does what is to be done now. What comes of it is for the next time, so that
 * a stream whose client takes all that comes does not hold the loop.
 */
void
http2_work(struct http2 *h)
{
	struct http2_stream	*s;
	int			 n = 0;

	if (h->working)
		return;
	h->working = true;
	TAILQ_FOREACH(s, &h->todo, todo_link)
		n++;
	while (n-- > 0 && (s = TAILQ_FIRST(&h->todo)) != NULL) {
		TAILQ_REMOVE(&h->todo, s, todo_link);
		s->is_todo = false;
		http2_stream_work(s);
	}
	h->working = false;
}
