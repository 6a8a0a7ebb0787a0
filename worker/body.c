/* The request's body, read by whoever answers the request. */
#include "worker/body.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "config/config.h"
#include "shm/scoreboard.h"
#include "worker/conn.h"
#include "worker/conn_io.h"
#include "worker/core.h"
#include "worker/protocol.h"
#include "worker/request.h"
#include "worker/worker.h"

/* An unread body up to this size is discarded to keep the connection. */
#define BODY_DISCARD_MAX	(256 << 10)

static const char *const body_error_texts[] = {
	[BODY_OK] = "no error",
	[BODY_TIMEOUT] = ("the client sent nothing, or too little "
	    "(client-min-rate), for body-timeout seconds"),
	[BODY_GONE] = "the client closed the connection in the body",
	[BODY_BAD] = "the body's framing is malformed",
	[BODY_TOO_LARGE] = "the body is larger than limit-post",
	[BODY_HARAKIRI] = "the request's time is over (harakiri)",
};

/* What an error means, for people. */
const char *
body_error_text(enum body_error error)
{
	return body_error_texts[error];
}

/* No body. */
void
body_init(struct body *body)
{
	memset(body, 0, sizeof(*body));
	body->length = -1;
	body->spool_fd = -1;
}

/* Frees what was collected. */
void
body_done(struct body *body)
{
	free(body->mem);
	body->mem = NULL;
	fd_close(&body->spool_fd);
}

/* Takes over what was collected, or gets ready to read as the head says. */
void
body_begin(struct request *req)
{
	struct conn		*c = req->conn;
	const struct http_head	*head = req->head;
	struct body		*body = &req->body;

	if (c->collected != NULL) {
		*body = *c->collected;
		free(c->collected);
		c->collected = NULL;
		return;
	}
	body->chunked = head->chunked;
	body->to_end = head->to_end;
	body->length = head->chunked ? -1 : head->content_length;
	body->expect = head->expect_continue;
	body->done = !head->chunked && !head->to_end &&
	    head->content_length <= 0;
	if (body->chunked)
		c->protocol->body_init(&body->decoder, &req->worker->limits,
		    head);
}

/* Notes an error for good; the connection cannot be used again. */
static ssize_t
body_fail(struct request *req, enum body_error error)
{
	req->body.error = error;
	req->conn->close = true;
	req->conn->linger = error != BODY_GONE;
	sb_add(&req->core->sb->read_errors, 1);
	return -1;
}

/* Tells a client that waits for it to send its body. */
static void
body_continue(struct request *req)
{
	req->body.expect = false;
	if (req->resp.state <= RESPONSE_BEGUN &&
	    req->conn->in->len == req->conn->in->pos)
		conn_send_continue(req->conn);
}

/* Waits for the client, within its patience if that has limits. */
static enum wait_reason
body_wait(struct request *req, double timeout)
{
	const struct config	*cfg = req->worker->cfg;
	struct patience		*p = &req->body.patience;
	enum wait_reason	 reason;
	uint64_t		 begin;

	if (cfg->client_min_rate == 0)
		return conn_wait(req->core, WAIT_READ, timeout);
	begin = clock_mono_us();
	reason = conn_wait(req->core, WAIT_READ,
	    patience_left(p, cfg->body_timeout));
	patience_spend(p, (double)(clock_mono_us() - begin) / 1e6,
	    cfg->body_timeout);
	return reason;
}

/* Bytes have come. */
static ssize_t
body_came(struct request *req, ssize_t n)
{
	const struct config	*cfg = req->worker->cfg;

	if (cfg->client_min_rate != 0)
		patience_earn(&req->body.patience, (uint64_t)n,
		    (double)cfg->client_min_rate);
	return n;
}

/* Receives; waits if wait. >0 bytes, 0 not now (only without wait), -1. */
static ssize_t
body_recv(struct request *req, char *buf, size_t size, double timeout)
{
	ssize_t	 n;

	for (;;) {
		n = conn_recv(req->conn, buf, size);
		if (n > 0)
			return body_came(req, n);
		if (n == 0 && req->body.to_end) {
			req->body.done = true;
			return 0;
		}
		if (n == 0)
			return body_fail(req, BODY_GONE);
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return body_fail(req, BODY_GONE);
		if (timeout == 0)
			return 0;
		switch (body_wait(req, timeout)) {
		case WAIT_READY:
			break;
		case WAIT_TIMEOUT:
			return body_fail(req, BODY_TIMEOUT);
		case WAIT_HARAKIRI:
			return body_fail(req, BODY_HARAKIRI);
		default:
			return body_fail(req, BODY_GONE);
		}
	}
}

/* Counts bytes against limit-post. */
static ssize_t
body_count(struct request *req, ssize_t n)
{
	size_t	 limit = req->worker->cfg->limit_post;

	if (n > 0)
		req->body.got += n;
	if (limit != 0 && req->body.got > (int64_t)limit)
		return body_fail(req, BODY_TOO_LARGE);
	return n;
}

/* Of a body with Content-Length: buffered bytes first, then the socket. */
static ssize_t
body_read_length(struct request *req, char *buf, size_t size, double timeout)
{
	struct body	*body = &req->body;
	struct conn_buf	*in = req->conn->in;
	int64_t		 left = body->length - body->got;
	ssize_t		 n;

	if ((int64_t)size > left)
		size = (size_t)left;
	if (in->pos < in->len) {
		n = (ssize_t)(size < in->len - in->pos ? size :
		    in->len - in->pos);
		memcpy(buf, in->data + in->pos, (size_t)n);
		in->pos += (size_t)n;
	} else {
		n = body_recv(req, buf, size, timeout);
	}
	if (n > 0)
		n = body_count(req, n);
	if (body->got == body->length)
		body->done = true;
	return n;
}

/* Fills the connection's buffer behind the head. */
static ssize_t
body_fill(struct request *req, double timeout)
{
	struct conn_buf	*in = req->conn->in;
	ssize_t		 n;

	in->len = in->pos = in->head.size;
	n = body_recv(req, in->data + in->len, in->cap - in->len, timeout);
	if (n > 0)
		in->len += (size_t)n;
	return n;
}

/* Of a chunked body. */
static ssize_t
body_read_chunked(struct request *req, char *buf, size_t size, double timeout)
{
	struct body	*body = &req->body;
	struct conn_buf	*in = req->conn->in;
	const char	*data;
	size_t		 used, len;
	ssize_t		 n;

	for (;;) {
		if (in->pos == in->len && (n = body_fill(req, timeout)) <= 0)
			return n;
		/* No more data may be decoded than there is room for. */
		len = in->len - in->pos;
		switch (req->conn->protocol->body_decode(&body->decoder,
		    in->data + in->pos, len > size ? size : len, &used, &data,
		    &len)) {
		case HTTP_CHUNKED_DATA:
			memcpy(buf, data, len);
			in->pos += used;
			return body_count(req, (ssize_t)len);
		case HTTP_CHUNKED_DONE:
			in->pos += used;
			body->done = true;
			return 0;
		case HTTP_CHUNKED_MORE:
			in->pos += used;
			break;
		case HTTP_CHUNKED_BAD:
			return body_fail(req, BODY_BAD);
		}
	}
}

/* Of a collected body. */
static ssize_t
body_read_collected(struct body *body, char *buf, size_t size)
{
	int64_t	 left = body->length - body->got;
	ssize_t	 n;

	if ((int64_t)size > left)
		size = (size_t)left;
	if (body->spool_fd == -1) {
		memcpy(buf, body->mem + body->got, size);
		n = (ssize_t)size;
	} else {
		n = pread(body->spool_fd, buf, size, (off_t)body->got);
		if (n <= 0) {
			body->error = BODY_GONE;
			return -1;
		}
	}
	body->got += n;
	return n;
}

/* Of a body that ends with its stream; it has no part in the buffer. */
static ssize_t
body_read_to_end(struct request *req, char *buf, size_t size, double timeout)
{
	ssize_t	 n = body_recv(req, buf, size, timeout);

	return n > 0 ? body_count(req, n) : n;
}

/* Reads from where this body comes. */
static ssize_t
body_read_any(struct request *req, char *buf, size_t size, double timeout)
{
	struct body	*body = &req->body;

	if (body->error != BODY_OK)
		return -1;
	if (body->done || size == 0)
		return 0;
	if (body->collected) {
		if (body->got == body->length)
			return 0;
		return body_read_collected(body, buf, size);
	}
	if (body->expect)
		body_continue(req);
	if (body->chunked)
		return body_read_chunked(req, buf, size, timeout);
	if (body->to_end)
		return body_read_to_end(req, buf, size, timeout);
	return body_read_length(req, buf, size, timeout);
}

/* Reads up to size bytes; waits for at least one. */
ssize_t
body_read(struct request *req, char *buf, size_t size)
{
	return body_read_any(req, buf, size,
	    req->worker->cfg->body_timeout);
}

/* Reads what is there. */
ssize_t
body_read_now(struct request *req, char *buf, size_t size)
{
	return body_read_any(req, buf, size, 0);
}

/* Bytes still to come if that is known. */
int64_t
body_left(const struct request *req)
{
	const struct body	*body = &req->body;

	if (body->done)
		return 0;
	if (body->length < 0)
		return -1;
	return body->length - body->got;
}

/* Moves to an offset of a collected body. */
int
body_seek(struct request *req, int64_t offset)
{
	struct body	*body = &req->body;

	if (!body->collected || offset < 0)
		return -1;
	body->got = offset > body->length ? body->length : offset;
	return 0;
}

/* Does the rest of a chunked body lie in the buffer? Tries it on a copy. */
static bool
body_chunks_are_there(const struct request *req)
{
	const struct conn_buf	*in = req->conn->in;
	struct http_chunked	 decoder = req->body.decoder;
	enum http_chunked_verdict verdict = HTTP_CHUNKED_DATA;
	const char		*data;
	size_t			 pos = in->pos, used, len;

	while (verdict == HTTP_CHUNKED_DATA && pos < in->len) {
		verdict = req->conn->protocol->body_decode(&decoder,
		    in->data + pos, in->len - pos, &used, &data, &len);
		pos += used;
	}
	return verdict == HTTP_CHUNKED_DONE;
}

/* Has all that is left of the body arrived? */
static bool
body_is_there(const struct request *req)
{
	const struct body	*body = &req->body;
	int64_t			 left = body->length - body->got;

	if (body->chunked)
		return body_chunks_are_there(req);
	left -= (int64_t)(req->conn->in->len - req->conn->in->pos);
	if (left <= 0)
		return true;
	return conn_unread(req->conn) >= (size_t)left;
}

/*
 * Is something unread that has not arrived, or is not worth discarding? To
 * wait for it would hold the core, and to close after a promise to keep the
 * connection would lose the client's next request: so the promise is not made.
 */
bool
body_blocks_reuse(const struct request *req)
{
	const struct body	*body = &req->body;

	if (body->collected || body->done)
		return false;
	if (body->error != BODY_OK || body->expect)
		return true;
	return body->length - body->got > BODY_DISCARD_MAX ||
	    !body_is_there(req);
}

/* Discards what has come of an unread body; closes if that is not all. */
void
body_finish(struct request *req)
{
	struct body	*body = &req->body;
	char		 scratch[8192];
	int64_t		 before = body->got;
	ssize_t		 n = 1;

	if (body->collected || body->done)
		return;
	if (req->conn->fd == -1) {	/* the stream ends anyway */
		req->conn->close = true;
		return;
	}
	while (!body_blocks_reuse(req) && !body->done && n > 0 &&
	    body->got - before < BODY_DISCARD_MAX)
		n = body_read_any(req, scratch, sizeof(scratch), 0);
	if (body->done)
		return;
	req->conn->close = true;
	req->conn->linger = body->error != BODY_GONE;
}
