/* An HTTP/2 connection's bytes: from its socket to nghttp2 and back. */
#include <errno.h>
#include <event2/event.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "worker/conn.h"
#include "worker/conn_io.h"
#include "worker/http2/http2_impl.h"
#include "worker/worker.h"

/* Read in one go, before other connections have their turn. */
#define HTTP2_READ		16384
#define HTTP2_READS		8
/* Frames are gathered up to this size. */
#define HTTP2_GATHER		65536

/* Appends; what was taken makes room first. */
void
http2_fifo_add(struct http2_fifo *f, const void *data, size_t len)
{
	if (f->pos > 0 && f->bytes.cap - f->bytes.len <= len) {
		memmove(f->bytes.buf, f->bytes.buf + f->pos,
		    http2_fifo_len(f));
		f->bytes.len -= f->pos;
		f->pos = 0;
	}
	strbuf_add(&f->bytes, data, len);
}

/* Takes up to size bytes; out NULL: drops them. */
size_t
http2_fifo_take(struct http2_fifo *f, void *out, size_t size)
{
	size_t	 n = http2_fifo_len(f);

	if (n > size)
		n = size;
	if (out != NULL && n > 0)
		memcpy(out, f->bytes.buf + f->pos, n);
	f->pos += n;
	if (f->pos == f->bytes.len)
		f->pos = f->bytes.len = 0;
	return n;
}

/* Frees the memory. */
void
http2_fifo_done(struct http2_fifo *f)
{
	strbuf_done(&f->bytes);
	f->pos = 0;
}

/* The hub is to look at the connection at this turn's end. */
void
http2_mark(struct http2 *h)
{
	struct worker	*w = h->conn->worker;

	if (!h->dirty) {
		h->dirty = true;
		TAILQ_INSERT_TAIL(&w->http2s.dirty, h, dirty_link);
		if (w->running == NULL && !w->working)
			event_active(&w->work_ev, EV_TIMEOUT, 1);
	}
}

/* It cannot go on. */
static void
http2_break(struct http2 *h, const char *why)
{
	if (!h->broken)
		log_debug("HTTP/2: %s port %u: %s", h->conn->addr_len == 0 ?
		    "a client" : h->conn->addr, (unsigned)h->conn->port,
		    why);
	h->broken = true;
	http2_mark(h);
}

/* Gives bytes that were read to nghttp2. */
void
http2_feed(struct http2 *h, const char *data, size_t len)
{
	ssize_t	 n;

	if (h->broken)
		return;
	h->inside = true;
	n = nghttp2_session_mem_recv(h->session, (const uint8_t *)data, len);
	h->inside = false;
	http2_mark(h);
	if (n < 0)
		http2_break(h, nghttp2_strerror((int)n));
}

/* Reads what has come. */
void
http2_read(struct http2 *h)
{
	char	 buf[HTTP2_READ];
	ssize_t	 n;
	int	 i;

	for (i = 0; i < HTTP2_READS && !h->broken; i++) {
		n = conn_recv(h->conn, buf, sizeof(buf));
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			http2_break(h, n == 0 ? "the client has left" :
			    strerror(errno));
			return;
		}
		http2_feed(h, buf, (size_t)n);
		if ((size_t)n < sizeof(buf) && h->conn->transport == NULL)
			return;
	}
}

/* Sends; what the socket leaves is kept. False: no more now. */
static bool
http2_send(struct http2 *h, const char *data, size_t len)
{
	ssize_t	 n = conn_send(h->conn, data, len, 0);

	if (n == -1 && errno != EAGAIN && errno != EINTR) {
		http2_break(h, strerror(errno));
		return false;
	}
	if (n > 0)
		h->moved_us = clock_coarse_us();
	if (n == (ssize_t)len)
		return true;
	if (n < 0)
		n = 0;
	if (http2_fifo_len(&h->out) == 0)
		h->moved_us = clock_coarse_us();
	http2_fifo_add(&h->out, data + n, len - (size_t)n);
	return false;
}

/* Sends what the socket has left before. */
static bool
http2_send_rest(struct http2 *h)
{
	struct http2_fifo	*out = &h->out;
	ssize_t			 n;

	while (http2_fifo_len(out) > 0) {
		n = conn_send(h->conn, out->bytes.buf + out->pos,
		    http2_fifo_len(out), 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			if (errno != EAGAIN)
				http2_break(h, strerror(errno));
			return false;
		}
		h->moved_us = clock_coarse_us();
		http2_fifo_take(out, NULL, (size_t)n);
	}
	http2_fifo_done(out);
	return true;
}

/* The next frames, as many as are gathered. */
static void
http2_gather(struct http2 *h, struct strbuf *frames)
{
	const uint8_t	*data;
	ssize_t		 n = 1;

	frames->len = 0;
	h->inside = true;
	while (n > 0 && frames->len < HTTP2_GATHER) {
		n = nghttp2_session_mem_send(h->session, &data);
		if (n > 0)
			strbuf_add(frames, data, (size_t)n);
	}
	h->inside = false;
	if (n < 0)
		http2_break(h, nghttp2_strerror((int)n));
}

/* Sends what there is, as much as the socket takes. */
void
http2_flush(struct http2 *h)
{
	struct strbuf	*frames = &h->conn->worker->http2s.frames;
	bool		 more;

	if (h->inside) {
		http2_mark(h);
		return;
	}
	more = !h->broken && http2_send_rest(h);
	while (more) {
		http2_gather(h, frames);
		more = frames->len > 0 && !h->broken &&
		    http2_send(h, frames->buf, frames->len);
	}
	if (!h->broken)
		conn_watch_for(h->conn, http2_fifo_len(&h->out) > 0 ?
		    CONN_WATCH_WRITE : CONN_WATCH_READ);
}
