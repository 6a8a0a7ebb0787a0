/* What a connection does with input: read, parse, collect, discard. */
#include "worker/conn_input.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>

#include "config/config.h"
#include "worker/answer.h"
#include "worker/conn.h"
#include "worker/conn_buf.h"
#include "worker/conn_collect.h"
#include "worker/conn_io.h"
#include "worker/conn_open.h"
#include "worker/conn_timeout.h"
#include "worker/http2/http2.h"
#include "worker/protocol.h"
#include "worker/static/static.h"
#include "worker/worker.h"

/* Room that a chunked body's raw bytes find behind the head. */
#define CONN_INPUT_ROOM		2048
/* A client that is to be closed may send so much more. */
#define CONN_LINGER_MAX		(4 << 20)

/* Did recv(2) just say "not now"? */
static bool
conn_input_would_block(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* The head is complete: what must be so before a core is taken? */
void
conn_head_ready(struct conn *c)
{
	const struct http_head	*head = &c->in->head;
	size_t			 limit = c->worker->cfg->limit_post;

	c->in->pos = head->size;
	if (c->worker->statics != NULL && static_answers(c))
		return;
	if (limit != 0 && head->content_length > (int64_t)limit) {
		conn_reject(c, 413, "Content-Length is above limit-post");
		return;
	}
	if (c->worker->cfg->post_buffering != 0 &&
	    (head->chunked || head->to_end || head->content_length > 0)) {
		conn_collect_start(c);
		return;
	}
	if (head->chunked)
		conn_buf_reserve(c->in, CONN_INPUT_ROOM);
	else
		c->in = conn_buf_shrink(c->worker, c->in);
	conn_dispatch(c);
}

/* Waits for more; the large buffer is given back, also with half a head. */
static void
conn_input_wait(struct conn *c)
{
	if (c->in != NULL && c->in->len == 0) {
		conn_buf_put(c->worker, c->in);
		c->in = NULL;
	} else if (c->in != NULL) {
		c->in = conn_buf_hold(c->worker, c->in);
	}
	if (c->in == NULL && (c->requests > 0 || c->worker->draining)) {
		if (c->state != CONN_IDLE)
			conn_set_state(c, CONN_IDLE);
	} else if (c->state != CONN_HEAD) {
		conn_set_state(c, CONN_HEAD);
	}
	conn_watch(c, true);
}

/*
 * What came is no HTTP/1: it may be the preface of HTTP/2, or become one. A
 * verdict stays the same when more has come, so it is looked at again.
 */
static void
conn_input_bad(struct conn *c)
{
	if (!http2_is_preface(c))
		conn_reject(c, c->in->head.status, c->in->head.why);
	else if (http2_preface_is_whole(c))
		http2_begin(c);
	else
		conn_input_wait(c);
}

/* Looks for a request head in the buffer. */
static void
conn_input_parse(struct conn *c)
{
	struct conn_buf		*in = c->in;
	enum http_parse_verdict	 verdict;

	while ((verdict = c->protocol->parse(in->data, in->len,
	    &c->worker->limits, &in->head)) == HTTP_PARSE_REPLY) {
		if (c->protocol->reply(c) == -1) {
			conn_close(c);
			return;
		}
	}
	switch (verdict) {
	case HTTP_PARSE_REPLY:
	case HTTP_PARSE_MORE:
		conn_input_wait(c);
		break;
	case HTTP_PARSE_BAD:
		conn_input_bad(c);
		break;
	case HTTP_PARSE_DONE:
		conn_head_ready(c);
		break;
	}
}

/* A request is over: the next may be in the buffer already. */
void
conn_input_next(struct conn *c)
{
	if (c->in == NULL)
		conn_input_wait(c);
	else
		conn_input_parse(c);
}

/* Reads (more of) a head. */
static void
conn_input_head(struct conn *c)
{
	struct conn_buf	*in;
	ssize_t		 n;

	c->in = c->in == NULL ? conn_buf_take(c->worker) :
	    conn_buf_resume(c->worker, c->in);
	in = c->in;
	if (in->len == in->cap)
		conn_buf_reserve(in, in->cap);
	n = conn_recv(c, in->data + in->len, in->cap - in->len);
	if (n == -1 && conn_input_would_block()) {
		conn_input_wait(c);
		return;
	}
	if (n <= 0) {
		conn_close(c);
		return;
	}
	in->len += (size_t)n;
	conn_input_parse(c);
}

/* Discards what a client sends that was answered already. */
static void
conn_input_discard(struct conn *c)
{
	char	 scratch[16384];
	ssize_t	 n;

	n = conn_recv(c, scratch, sizeof(scratch));
	if (n == -1 && conn_input_would_block()) {
		conn_watch(c, true);
		return;
	}
	if (n > 0)
		c->lingered += (uint64_t)n;
	if (n <= 0 || c->lingered > CONN_LINGER_MAX)
		conn_close(c);
}

/* Reads once, by state. */
void
conn_input_read(struct conn *c)
{
	switch (c->state) {
	case CONN_OPENING:
		conn_open_go_on(c);
		break;
	case CONN_HEAD:
	case CONN_IDLE:
		conn_input_head(c);
		break;
	case CONN_BODY:
		conn_collect_read(c);
		break;
	case CONN_SENDING:
		answer_go_on(c);
		break;
	case CONN_SHARED:
		http2_ready(c);
		break;
	case CONN_LINGER:
		conn_input_discard(c);
		break;
	default:
		/* Its request runs or waits: look again afterwards. */
		conn_watch(c, false);
	}
}
