/* A response's bytes on their way out: sent at once, or joined and held. */
#include "worker/response_out.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "config/config.h"
#include "shm/scoreboard.h"
#include "worker/conn.h"
#include "worker/conn_io.h"
#include "worker/core.h"
#include "worker/held.h"
#include "worker/protocol.h"
#include "worker/request.h"
#include "worker/worker.h"

/* The client has left or is too slow: nothing more is sent. */
int
response_break(struct request *req, bool timed_out)
{
	/* A proper end would be taken for that of the body. */
	if (timed_out || req->conn->protocol->frames != NULL ||
	    (req->resp.state == RESPONSE_BODY &&
	    !req->resp.chunked && req->resp.length == -1 &&
	    !req->resp.no_body))
		req->conn->reset = true;
	req->resp.state = RESPONSE_BROKEN;
	req->resp.timed_out = timed_out;
	req->resp.close = true;
	sb_add(&req->core->sb->write_errors, 1);
	return -1;
}

/* Waits until the socket has room, within the client's patience. */
static enum wait_reason
response_wait_once(struct request *req, double limit)
{
	const struct config	*cfg = req->worker->cfg;
	uint64_t		 begin;
	enum wait_reason	 reason;

	if (cfg->client_min_rate == 0)
		return conn_wait(req->core, WAIT_WRITE, limit);
	begin = clock_mono_us();
	reason = conn_wait(req->core, WAIT_WRITE,
	    patience_left(&req->resp.patience, limit));
	patience_spend(&req->resp.patience,
	    (double)(clock_mono_us() - begin) / 1e6, limit);
	return reason;
}

/* The client has taken some of what was not sent before. */
static int
response_taken(struct request *req, int before)
{
	size_t	 rate = req->worker->cfg->client_min_rate;
	int	 after = conn_unsent(req->conn);

	if (rate != 0 && after < before)
		patience_earn(&req->resp.patience, (uint64_t)(before - after),
		    (double)rate);
	return after;
}

/*
 * The socket is full: waits for the client. It counts as writable only when a
 * good part of it is free, so a client that takes little is told from one that
 * takes nothing by what is left in it.
 */
static int
response_wait(struct request *req)
{
	const struct config	*cfg = req->worker->cfg;
	enum wait_reason	 reason;
	int			 before, after = conn_unsent(req->conn);

	do {
		before = after;
		reason = response_wait_once(req, cfg->write_timeout);
		if (reason == WAIT_TIMEOUT || cfg->client_min_rate != 0)
			after = response_taken(req, before);
	} while (reason == WAIT_TIMEOUT && after < before);
	req->resp.waited = reason;
	if (reason == WAIT_READY)
		return 0;
	return response_break(req, reason == WAIT_TIMEOUT);
}

/* Counts bytes that the kernel took. */
void
response_count(struct request *req, size_t n)
{
	req->resp.wire += n;
	sb_set(&req->core->sb->bytes_out, req->resp.wire);
}

/* The kernel took nothing, errno says why: waits, or breaks. */
int
response_send_failed(struct request *req)
{
	if (errno == EINTR)
		return 0;
	return errno == EAGAIN ? response_wait(req) :
	    response_break(req, false);
}

/* Sends all of one piece. */
int
response_send(struct request *req, const char *data, size_t len, int flags)
{
	ssize_t	 n;

	while (len > 0) {
		n = conn_send(req->conn, data, len, flags);
		if (n >= 0) {
			response_count(req, (size_t)n);
			data += n;
			len -= (size_t)n;
		} else if (response_send_failed(req) == -1) {
			return -1;
		}
	}
	return 0;
}

/* Moves on by n bytes; what is left begins at the part that is returned. */
static struct iovec *
response_advance(struct iovec *part, const struct iovec *end, size_t n)
{
	while (part < end && n >= part->iov_len) {
		n -= part->iov_len;
		part++;
	}
	if (part < end) {
		part->iov_base = (char *)part->iov_base + n;
		part->iov_len -= n;
	}
	return part;
}

/* Sends all of several pieces, in one call if the socket takes them. */
int
response_send_parts(struct request *req, struct iovec *part, int n, int flags)
{
	const struct iovec	*end = part + n;
	ssize_t			 sent;

	part = response_advance(part, end, 0);
	while (part < end) {
		sent = conn_send_parts(req->conn, part, (int)(end - part),
		    flags);
		if (sent >= 0) {
			response_count(req, (size_t)sent);
			part = response_advance(part, end, (size_t)sent);
		} else if (response_send_failed(req) == -1) {
			return -1;
		}
	}
	return 0;
}

/* Takes what is held; *buf is NULL when that is nothing. */
static int
response_take(struct request *req, struct held_buf **buf)
{
	uint64_t	 pushed;
	bool		 alive;

	*buf = held_take(&req->resp.held, &pushed, &alive);
	if (pushed > 0)
		response_count(req, (size_t)pushed);
	return alive ? 0 : response_break(req, false);
}

/* Sends what is held and these pieces. */
int
response_send_held(struct request *req, const struct iovec *parts, int n,
    int flags)
{
	struct iovec	 all[RESPONSE_PARTS + 1];
	struct held_buf	*buf = NULL;
	int		 first = 0, result = 0;

	if (req->resp.held.pending)
		result = response_take(req, &buf);
	if (result == 0 && buf != NULL) {
		all[0].iov_base = buf->data + buf->pos;
		all[0].iov_len = buf->len - buf->pos;
		first = 1;
	}
	if (n > 0)
		memcpy(all + first, parts, (size_t)n * sizeof(*parts));
	if (result == 0)
		result = response_send_parts(req, all, first + n, flags);
	if (buf != NULL)
		held_release(&req->resp.held);
	return result;
}

/* Adds to what is held, if that can be. */
static bool
response_held_add(struct request *req, const struct iovec *parts, int n)
{
	/* The thread that sends what is held knows only send(2). */
	return req->conn->raw_out && held_add(&req->resp.held, req->conn->fd,
	    &req->core->sb->bytes_out, parts, n);
}

/* Joins these pieces with what is held. */
int
response_hold(struct request *req, const struct iovec *parts, int n)
{
	struct response	*resp = &req->resp;

	if (response_held_add(req, parts, n))
		return 0;
	if (!resp->held.pending)
		return response_send_held(req, parts, n, 0);
	/* Full: the buffer goes out, and these begin the next one. */
	if (response_send_held(req, NULL, 0, 0) == -1)
		return -1;
	if (response_held_add(req, parts, n))
		return 0;
	return response_send_held(req, parts, n, 0);
}

/* Nothing is to be held while the core waits. */
enum wait_reason
response_push_held(struct request *req)
{
	req->resp.waited = WAIT_READY;
	if (response_send_held(req, NULL, 0, 0) == 0 ||
	    (req->resp.waited != WAIT_GONE &&
	    req->resp.waited != WAIT_HARAKIRI &&
	    req->resp.waited != WAIT_CANCELLED))
		return WAIT_READY;
	return req->resp.waited;
}

/* What is held is not sent any more. */
void
response_forget_held(struct request *req)
{
	uint64_t	 pushed;
	bool		 alive;

	if (!req->resp.held.pending)
		return;
	held_take(&req->resp.held, &pushed, &alive);
	response_count(req, (size_t)pushed);
	held_release(&req->resp.held);
}
