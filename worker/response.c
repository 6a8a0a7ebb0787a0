/* The response: framing by RFC 9112, from a handler's head and bytes. */
#include "worker/response.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "worker/client_gone.h"
#include "worker/conn.h"
#include "worker/conn_io.h"
#include "worker/held.h"
#include "worker/protocol.h"
#include "worker/request.h"
#include "worker/response_head.h"
#include "worker/response_out.h"

/* A piece of the body up to this size is copied behind the head. */
#define RESPONSE_COPY_MAX	16384
/* A head buffer that grew beyond this is not kept for the next request. */
#define RESPONSE_KEEP_MAX	32768

/* When a piece is to go out. */
enum response_next {
	RESPONSE_NOW,
	RESPONSE_SOON,		/* it may be held for a moment */
	RESPONSE_LAST		/* at once, with the body's end */
};

/* Once per core. */
void
response_init(struct response *resp)
{
	memset(resp, 0, sizeof(*resp));
	resp->length = -1;
}

/* Ready for the next response; keeps the head's memory. Nothing is held. */
void
response_reset(struct response *resp)
{
	memset(resp, 0, offsetof(struct response, head));
	resp->length = -1;
	if (resp->head.cap > RESPONSE_KEEP_MAX)
		strbuf_done(&resp->head);
	resp->head.len = 0;
}

/* Frees the memory. */
void
response_done(struct response *resp)
{
	strbuf_done(&resp->head);
}

/* The client has left. */
void
response_abandon(struct request *req)
{
	response_forget_held(req);
	if (req->resp.state < RESPONSE_BODY)
		req->resp.status = 499;
	(void)response_break(req, false);
}

/* What of len bytes fits into the announced length. */
size_t
response_clip(struct request *req, size_t len)
{
	struct response	*resp = &req->resp;
	int64_t		 room;

	if (resp->length == -1 || resp->no_body)
		return len;
	room = resp->length - resp->sent;
	if ((int64_t)len <= room)
		return len;
	if (!resp->clipped)
		request_log(req, LOG_LEVEL_WARN, "the body is longer than "
		    "its Content-Length of %lld bytes: the rest is dropped",
		    (long long)resp->length);
	resp->clipped = true;
	resp->close = true;
	return (size_t)room;
}

/* The protocol has its own form of a head, in which that travels. */
static int
response_send_head(struct request *req)
{
	struct response	*resp = &req->resp;
	size_t		 len = resp->head.len;

	resp->head.len = 0;
	if (req->conn->protocol->send_head(req->conn, resp->head.buf, len,
	    resp->no_body || resp->length == 0) == -1)
		return response_break(req, false);
	response_count(req, len);
	return 0;
}

/* Completes the head if that has not been done; known as in response_head. */
int
response_start(struct request *req, int64_t known)
{
	if (req->resp.state == RESPONSE_NONE)
		return -1;
	if (req->resp.state == RESPONSE_BROKEN ||
	    req->resp.state == RESPONSE_ENDED)
		return -1;
	if (req->resp.state == RESPONSE_BEGUN) {
		response_head_complete(req, known);
		req->resp.state = RESPONSE_BODY;
		if (req->conn->protocol->send_head != NULL)
			return response_send_head(req);
	}
	return 0;
}

/* Writes a chunk's first line; its length. */
size_t
response_chunk_line(char line[RESPONSE_LINE_MAX], size_t len)
{
	static const char	 digits[] = "0123456789abcdef";
	size_t			 at = 0, i, n = 1;

	while (n < 2 * sizeof(len) && len >> 4 * n != 0)
		n++;
	for (i = n; i > 0; i--)
		line[at++] = digits[len >> 4 * (i - 1) & 15];
	line[at++] = '\r';
	line[at++] = '\n';
	return at;
}

/* What stands behind a piece. */
static const char *
response_tail(struct response *resp, size_t len, bool last)
{
	if (!resp->chunked || resp->no_body)
		return "";
	if (!last)
		return len > 0 ? "\r\n" : "";
	resp->last_sent = true;
	return len > 0 ? "\r\n0\r\n\r\n" : "0\r\n\r\n";
}

/* Is nothing to come behind what was put last? */
static bool
response_is_whole(const struct response *resp)
{
	return resp->no_body ||
	    (resp->length != -1 && resp->sent >= resp->length);
}

/* Flags of send(2): does something follow at once, behind this piece? */
static int
response_flags(const struct request *req, bool last)
{
	return last && req->conn->protocol->finish != NULL ? MSG_MORE : 0;
}

/* Sends what is small in one piece with the head; nothing is held. */
static int
response_put_small(struct request *req, const char *data, size_t len,
    bool last)
{
	struct response	*resp = &req->resp;
	char		 line[RESPONSE_LINE_MAX];
	const char	*tail;
	int		 result;

	if (resp->chunked && len > 0)
		strbuf_add(&resp->head, line, response_chunk_line(line, len));
	strbuf_add(&resp->head, data, len);
	if (resp->chunked) {
		tail = response_tail(resp, len, last);
		strbuf_adds(&resp->head, tail);
	}
	result = response_send(req, resp->head.buf, resp->head.len,
	    response_flags(req, last));
	resp->head.len = 0;
	return result;
}

/* Sends what is large, or behind what is held; or holds it, too. */
static int
response_put_parts(struct request *req, const char *data, size_t len,
    bool last, bool hold)
{
	struct response	*resp = &req->resp;
	char		 line[RESPONSE_LINE_MAX];
	const char	*tail = response_tail(resp, len, last);
	const size_t	 line_len = resp->chunked && len > 0 ?
	    response_chunk_line(line, len) : 0;
	struct iovec	 parts[RESPONSE_PARTS] = {
		{ resp->head.buf, resp->head.len },
		{ line, line_len },
		{ (void *)data, len },
		{ (void *)tail, strlen(tail) },
	};
	int		 result;

	result = hold ? response_hold(req, parts, RESPONSE_PARTS) :
	    response_send_held(req, parts, RESPONSE_PARTS,
	    response_flags(req, last));
	resp->head.len = 0;
	return result;
}

/* Adds what the body's framing wants; sends, or holds if that may be. */
static int
response_put(struct request *req, const char *data, size_t len,
    enum response_next next)
{
	struct response	*resp = &req->resp;
	bool		 small, hold;

	len = response_clip(req, len);
	resp->sent += (int64_t)len;
	if (resp->no_body)
		len = 0;
	if (req->conn->protocol->frames != NULL)
		return response_put_records(req, data, len,
		    next == RESPONSE_LAST, next == RESPONSE_SOON &&
		    len <= RESPONSE_COPY_MAX);
	small = len <= RESPONSE_COPY_MAX;
	hold = small && next == RESPONSE_SOON && !response_is_whole(resp);
	if (small && !hold && !resp->held.pending)
		return response_put_small(req, data, len,
		    next == RESPONSE_LAST);
	return response_put_parts(req, data, len, next == RESPONSE_LAST, hold);
}

/* Sends a piece of the body, or holds it for a moment. */
static int
response_piece(struct request *req, const char *data, size_t len,
    enum response_next next)
{
	if (response_start(req, -1) == -1)
		return -1;
	if (len == 0 && req->resp.head.len == 0)
		return 0;
	conn_set_nodelay(req->conn);
	return response_put(req, data, len, next);
}

/* Sends a piece at once. */
int
response_write(struct request *req, const char *data, size_t len)
{
	return response_piece(req, data, len, RESPONSE_NOW);
}

/* Sends a piece together with what follows at once. */
int
response_stream(struct request *req, const char *data, size_t len)
{
	return response_piece(req, data, len, RESPONSE_SOON);
}

/* Sends the body in one piece. */
int
response_write_whole(struct request *req, const char *data, size_t len)
{
	if (response_start(req, (int64_t)len) == -1)
		return -1;
	return response_put(req, data, len, RESPONSE_LAST) == -1 ? -1 :
	    response_end(req);
}

/* The body ended before its announced length: the client must notice. */
static int
response_end_short(struct request *req)
{
	request_log(req, LOG_LEVEL_WARN, "the body has %lld bytes, its "
	    "Content-Length says %lld: the connection is closed",
	    (long long)req->resp.sent, (long long)req->resp.length);
	req->resp.state = RESPONSE_ENDED;
	req->resp.close = true;
	if (req->conn->protocol->frames != NULL)
		req->conn->reset = true;
	return 0;
}

/* Nothing more comes: sends what the framing wants at the end. */
int
response_end(struct request *req)
{
	struct response	*resp = &req->resp;

	if (resp->state == RESPONSE_ENDED)
		return 0;
	if (response_start(req, 0) == -1)
		return -1;
	if ((resp->head.len > 0 || resp->held.pending ||
	    (!resp->last_sent && (resp->chunked ||
	    req->conn->protocol->frames != NULL))) &&
	    response_put(req, "", 0, RESPONSE_LAST) == -1)
		return -1;
	if (!resp->no_body && resp->length != -1 && resp->sent < resp->length)
		return response_end_short(req);
	resp->state = RESPONSE_ENDED;
	if (req->conn->protocol->finish != NULL)
		(void)req->conn->protocol->finish(req->conn);
	return 0;
}

/* Sends bytes that the app has framed itself. */
int
response_write_raw(struct request *req, const char *data, size_t len)
{
	struct response	*resp = &req->resp;

	if (resp->state == RESPONSE_NONE) {
		resp->state = RESPONSE_BODY;
		resp->length = -1;
		resp->chunked = false;
		resp->close = true;
	}
	return response_write(req, data, len);
}

/* Says goodbye to the client. */
void
response_disconnect(struct request *req)
{
	struct response	*resp = &req->resp;

	if (resp->state == RESPONSE_BEGUN || resp->state == RESPONSE_BODY) {
		resp->close = true;
		(void)response_end(req);
	}
	/* Also TLS's goodbye, which only the request's own thread can say. */
	held_push(&resp->held);
	conn_shutdown(req->conn);
	response_drop(req);
}

/* Says it in the midst of things. */
void
response_drop(struct request *req)
{
	struct response	*resp = &req->resp;

	if (resp->state != RESPONSE_BROKEN)
		resp->state = RESPONSE_ENDED;
	resp->close = true;
	client_gone_ignore(req->conn);
	held_push(&resp->held);
	if (req->conn->fd != -1)
		shutdown(req->conn->fd, SHUT_RDWR);
	else
		conn_shutdown(req->conn);
}
