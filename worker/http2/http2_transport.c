/*
 * A stream as a transport and a protocol. Called by the hub or by the request's
 * core, which may be a thread: then the loop is lent for what touches the
 * session. Until the response's head is nghttp2's, what is to be sent is the
 * core's alone: so a small response takes one such loan.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/config.h"
#include "shm/scoreboard.h"
#include "worker/conn.h"
#include "worker/core.h"
#include "worker/http2/http2_impl.h"
#include "worker/loan.h"
#include "worker/suspend.h"
#include "worker/wait.h"
#include "worker/worker.h"

/*
 * Whose requests take longer than this on average sends each answer at once,
 * instead of those of one turn together.
 */
#define HTTP2_QUICK_US	1000

/* A piece of a file. */
#define HTTP2_FILE	16384

/* Can anything still be sent? Sets errno. */
static bool
http2_is_open(const struct http2_stream *s)
{
	errno = ECONNRESET;
	return s->h != NULL && !s->gone && !s->h->broken;
}

/* Bytes of the body. */
static ssize_t
http2_recv(struct conn *c, void *buf, size_t size)
{
	struct http2_stream	*s = c->transport_data;
	ssize_t			 n;
	int			 held;

	if (!loan_take(c->worker, &held))
		return -1;
	n = (ssize_t)http2_fifo_take(&s->in, buf, size);
	if (n > 0 && s->h != NULL && !s->gone) {
		nghttp2_session_consume_stream(s->h->session, s->id,
		    (size_t)n);
		http2_mark(s->h);
	}
	if (n == 0 && !s->in_end) {
		if (http2_is_open(s))
			errno = EAGAIN;
		n = -1;
	}
	loan_give(c->worker, held);
	return n;
}

/* Room for more of the response. */
static size_t
http2_room(const struct http2_stream *s)
{
	return HTTP2_OUT_MAX - http2_fifo_len(&s->out);
}

/* Takes as much of the parts, behind the first skip bytes, as there is room. */
static size_t
http2_put(struct http2_stream *s, const struct iovec *parts, int n,
    size_t skip)
{
	size_t	 len, room, taken = 0;
	int	 i;

	for (i = 0; i < n; i++) {
		if (skip >= parts[i].iov_len) {
			skip -= parts[i].iov_len;
			continue;
		}
		len = parts[i].iov_len - skip;
		room = http2_room(s);
		if (len > room)
			len = room;
		if (len == 0)
			break;
		http2_fifo_add(&s->out, (const char *)parts[i].iov_base +
		    skip, len);
		taken += len;
		if (len < parts[i].iov_len - skip)
			break;
		skip = 0;
	}
	return taken;
}

/* The same, with the session: sends what there is no room for. */
static ssize_t
http2_put_on(struct http2_stream *s, const struct iovec *parts, int n,
    size_t len, bool more)
{
	size_t	 taken = 0, now;

	if (!http2_is_open(s) || http2_response_submit(s) == -1)
		return -1;
	do {
		now = http2_put(s, parts, n, taken);
		taken += now;
		if (now > 0)
			(void)nghttp2_session_resume_data(s->h->session,
			    s->id);
		if (!more || taken < len)
			http2_flush(s->h);
		else
			http2_mark(s->h);
		if (!http2_is_open(s))
			return -1;
	} while (taken < len && http2_room(s) > 0);
	errno = EAGAIN;
	return taken > 0 ? (ssize_t)taken : -1;
}

/* Bytes of the response. */
static ssize_t
http2_stream_send(struct conn *c, const struct iovec *parts, int n, bool more)
{
	struct http2_stream	*s = c->transport_data;
	size_t			 len = 0;
	ssize_t			 result;
	int			 held, i;

	for (i = 0; i < n; i++)
		len += parts[i].iov_len;
	if ((!s->submitted && s->head.len == 0) || s->bodiless) {
		errno = EPIPE;	/* a response that is no HTTP */
		return -1;
	}
	if (!s->submitted && more && len <= http2_room(s))
		return (ssize_t)http2_put(s, parts, n, 0);
	if (!loan_take(c->worker, &held))
		return -1;
	result = http2_put_on(s, parts, n, len, more);
	loan_give(c->worker, held);
	return result;
}

/* A piece of a file. */
static ssize_t
http2_sendfile(struct conn *c, int fd, off_t *offset, size_t len)
{
	char		 buf[HTTP2_FILE];
	struct iovec	 part = { .iov_base = buf };
	ssize_t		 n;

	n = pread(fd, buf, len < sizeof(buf) ? len : sizeof(buf), *offset);
	if (n <= 0)
		return n;
	part.iov_len = (size_t)n;
	n = http2_stream_send(c, &part, 1, (size_t)n < len);
	if (n > 0)
		*offset += n;
	return n;
}

/* Bytes of one of the stream's buffers, 0 if nobody may look. */
static size_t
http2_count_bytes(const struct conn *c, const struct http2_fifo *f)
{
	size_t	 n;
	int	 held;

	if (!loan_take(c->worker, &held))
		return 0;
	n = http2_fifo_len(f);
	loan_give(c->worker, held);
	return n;
}

/* Bytes that recv would give. */
static size_t
http2_pending(const struct conn *c)
{
	const struct http2_stream	*s = c->transport_data;

	return http2_count_bytes(c, &s->in);
}

/* Has anything come? */
static bool
http2_has_input(const struct conn *c)
{
	return http2_pending(c) > 0;
}

/* Bytes that the client did not take. */
static int
http2_unsent(const struct conn *c)
{
	const struct http2_stream	*s = c->transport_data;

	return (int)http2_count_bytes(c, &s->out);
}

/* Has the core what it waits for? With the session. */
static bool
http2_core_has(struct core *core)
{
	const struct http2_stream	*s = core->req.conn->transport_data;

	return http2_stream_has(s, s->asked);
}

/* Until the connection's socket is ready for what the session wants. */
static enum wait_reason
http2_wait_socket(struct core *core, const struct http2 *h, double timeout)
{
	const struct conn	*c = h->conn;

	if (http2_fifo_len(&h->out) > 0)
		return wait_fd(core, c->fd, WAIT_WRITE, timeout);
	if (c->transport != NULL && c->transport->pending(c) > 0)
		return WAIT_READY;
	return wait_fd(core, c->fd, c->recv_writes ? WAIT_WRITE : WAIT_READ,
	    timeout);
}

/* Sends what there is; behind the last GOAWAY nothing more comes. */
static void
http2_wait_flush(struct http2 *h)
{
	http2_flush(h);
	if (http2_fifo_len(&h->out) == 0 &&
	    nghttp2_session_want_read(h->session) == 0 &&
	    nghttp2_session_want_write(h->session) == 0) {
		h->broken = true;	/* everything is said */
		http2_mark(h);
	}
}

/* Waits without a suspend engine: serves the session meanwhile. */
static enum wait_reason
http2_wait_poll(struct core *core, struct http2_stream *s, double timeout)
{
	const uint64_t	 start = clock_mono_us();
	enum wait_reason reason = WAIT_READY;
	double		 left = timeout;
	struct http2	*h;

	while (reason == WAIT_READY && !http2_core_has(core)) {
		h = s->h;
		http2_wait_flush(h);
		if (http2_core_has(core))
			break;
		reason = http2_wait_socket(core, h, left);
		if (reason != WAIT_READY || s->h == NULL)
			break;
		if (http2_fifo_len(&h->out) == 0)
			http2_read(h);
		http2_wait_flush(h);
		left = clock_left(timeout, start);
		if (left == 0 && !http2_core_has(core))
			reason = WAIT_TIMEOUT;
	}
	return reason;
}

/* The core waits for its client. */
static enum wait_reason
http2_wait(struct core *core, short events, double timeout)
{
	struct http2_stream	*s = core->req.conn->transport_data;

	if (core->worker->forked) {
		errno = EBADF;
		return WAIT_ERROR;
	}
	s->asked = events;
	if (!core->worker->suspend->can_park)
		return http2_wait_poll(core, s, timeout);
	return wait_until(core, http2_core_has, timeout,
	    events & WAIT_READ ? SB_CORE_BODY : SB_CORE_SENDING);
}

/* The hub waits for the stream. */
static void
http2_watch(struct conn *c, bool on)
{
	struct http2_stream	*s = c->transport_data;

	s->watched = on;
	if (on)
		http2_stream_tell(s);
}

/* The stream ends before the response does. With the session. */
static void
http2_cut(struct http2_stream *s)
{
	if (s->finished || s->gone || s->h == NULL)
		return;
	nghttp2_submit_rst_stream(s->h->session, NGHTTP2_FLAG_NONE, s->id,
	    NGHTTP2_INTERNAL_ERROR);
	http2_mark(s->h);
}

/* Nothing more will be sent. */
static void
http2_shutdown(struct conn *c)
{
	int	 held;

	if (!loan_take(c->worker, &held))
		return;
	http2_cut(c->transport_data);
	loan_give(c->worker, held);
}

/* The request is over; hub. */
static void
http2_close(struct conn *c)
{
	struct http2_stream	*s = c->transport_data;

	s->c = NULL;
	if (s->h == NULL) {
		http2_stream_free(s);
		return;
	}
	if (http2_fifo_len(&s->in) > 0) {
		http2_stream_discard(s, http2_fifo_len(&s->in));
		http2_mark(s->h);
	}
	http2_fifo_done(&s->in);
	http2_cut(s);
}

/* Takes a head; it is sent with what follows. */
static int
http2_send_head(struct conn *c, const char *head, size_t len, bool end)
{
	struct http2_stream	*s = c->transport_data;
	int			 held, result = -1;

	if (len > 9 && head[9] == '1') {
		if (!loan_take(c->worker, &held))
			return -1;
		if (http2_is_open(s))
			result = http2_response_informational(s, head, len);
		if (result == 0)
			http2_flush(s->h);
		loan_give(c->worker, held);
		return result;
	}
	if (s->submitted) {
		errno = EPIPE;
		return -1;
	}
	s->head.len = 0;
	strbuf_add(&s->head, head, len);
	s->bodiless = end;
	return 0;
}

/* The response is whole. */
static int
http2_finish(struct conn *c)
{
	struct http2_stream	*s = c->transport_data;
	struct worker		*w = c->worker;
	int			 held, result = -1;

	if (!s->submitted && s->head.len == 0) {
		errno = EPIPE;
		return -1;
	}
	if (!loan_take(w, &held))
		return -1;
	if (http2_is_open(s)) {
		s->finished = true;
		result = http2_response_submit(s);
		(void)nghttp2_session_resume_data(s->h->session, s->id);
		if (sb_get(&w->stats->avg_us) > HTTP2_QUICK_US)
			http2_flush(s->h);
		else
			http2_mark(s->h);
	}
	loan_give(w, held);
	return result;
}

const struct transport transport_http2 = {
	.name = "http2",
	.recv = http2_recv,
	.send = http2_stream_send,
	.sendfile = http2_sendfile,
	.pending = http2_pending,
	.has_input = http2_has_input,
	.unsent = http2_unsent,
	.wait = http2_wait,
	.watch = http2_watch,
	.shutdown = http2_shutdown,
	.close = http2_close,
};

const struct protocol protocol_http2 = {
	.name = "http2",
	PROTOCOL_STATUS("HTTP/1.1 "),
	.send_head = http2_send_head,
	.finish = http2_finish,
};
