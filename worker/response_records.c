/* Responses that travel in records (protocol.h: frames). */
#include <string.h>
#include <sys/socket.h>

#include "worker/conn.h"
#include "worker/protocol.h"
#include "worker/request.h"
#include "worker/response.h"
#include "worker/response_out.h"

/* Is the body shorter than the head has said? */
static bool
response_is_short(const struct response *resp)
{
	return !resp->no_body && resp->length != -1 &&
	    resp->sent < resp->length;
}

/*
 * One record of these bytes of the head and of the body, either of which may
 * be none; and behind the last one the end.
 */
static int
response_put_record(struct request *req, struct iovec head,
    struct iovec data, bool last, bool hold)
{
	const struct protocol_frames	*frames = req->conn->protocol->frames;
	char				 before[PROTOCOL_FRAME];
	char				 behind[2 * PROTOCOL_FRAME];
	const size_t			 len = head.iov_len + data.iov_len;
	struct iovec			 parts[RESPONSE_PARTS] = {
		{ before, 0 }, head, data, { behind, 0 } };

	if (len > 0) {
		parts[0].iov_len = frames->before(req->conn, before, len);
		parts[3].iov_len = frames->behind(req->conn, behind, len);
	}
	if (last) {
		parts[3].iov_len += frames->end(req->conn,
		    behind + parts[3].iov_len);
		req->resp.last_sent = true;
	}
	if (parts[0].iov_len + parts[3].iov_len == 0 &&
	    !req->resp.held.pending)
		return 0;
	return hold ? response_hold(req, parts, RESPONSE_PARTS) :
	    response_send_held(req, parts, RESPONSE_PARTS, 0);
}

/* Sends the head, if it is not out, and a piece, in as few as can be. */
int
response_put_records(struct request *req, const char *data, size_t len,
    bool last, bool hold)
{
	struct response	*resp = &req->resp;
	const size_t	 max = req->conn->protocol->frames->max;
	struct iovec	 head, body;
	size_t		 at = 0;
	bool		 whole;

	last = last && !response_is_short(resp);
	do {
		head.iov_base = resp->head.buf + at;
		head.iov_len = resp->head.len - at;
		if (head.iov_len > max)
			head.iov_len = max;
		body.iov_base = (void *)data;
		body.iov_len = len < max - head.iov_len ? len :
		    max - head.iov_len;
		at += head.iov_len;
		data += body.iov_len;
		len -= body.iov_len;
		whole = at == resp->head.len && len == 0;
		if (response_put_record(req, head, body, last && whole,
		    hold) == -1)
			return -1;
	} while (!whole);
	resp->head.len = 0;
	return 0;
}

/* Sends bytes of a file, the head first. */
int
response_put_file_records(struct request *req, int fd, off_t offset,
    size_t len, int (*send)(struct request *, int, off_t, size_t))
{
	const struct protocol_frames	*frames = req->conn->protocol->frames;
	char				 text[PROTOCOL_FRAME];
	struct iovec			 part = { text, 0 };
	size_t				 n;

	if (response_put_records(req, "", 0, false, len > 0) == -1)
		return -1;
	for (; len > 0; len -= n, offset += (off_t)n) {
		n = len < frames->max ? len : frames->max;
		part.iov_base = text;
		part.iov_len = frames->before(req->conn, text, n);
		if (response_send_held(req, &part, 1, MSG_MORE) == -1 ||
		    send(req, fd, offset, n) == -1)
			return -1;
		part.iov_len = frames->behind(req->conn, text, n);
		if (response_send(req, text, part.iov_len, 0) == -1)
			return -1;
	}
	return 0;
}
