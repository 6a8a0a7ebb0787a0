/*
 * What nghttp2 says while it reads and writes frames. Nothing here closes,
 * frees or runs anything: it is noted, and who waits for it is woken.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "worker/conn.h"
#include "worker/http2/http2_impl.h"
#include "worker/worker.h"

/* A head, or trailers, may be so many times longer than is kept of it. */
#define HTTP2_HEAD_TIMES	4
/* For each request some frames are free. */
#define HTTP2_REQUEST_CREDIT	4
/*
 * Nothing comes of a response whose head is longer than this, which nghttp2
 * has at 64 KiB: more than response_head.c lets through, by its counting.
 */
#define HTTP2_SEND_HEAD_MAX	(4 << 20)

/* The stream of this number that is of interest, or NULL. */
static struct http2_stream *
http2_stream_of(nghttp2_session *session, int32_t id)
{
	return nghttp2_session_get_stream_user_data(session, id);
}

/* Too much of something: the peer is told, and everything ends. */
static void
http2_calm(struct http2 *h, const char *what)
{
	if (h->calm)
		return;
	h->calm = true;
	log_warn("HTTP/2: %s port %u sends too many %s: the connection ends",
	    h->conn->addr_len == 0 ? "a client" : h->conn->addr,
	    (unsigned)h->conn->port, what);
	nghttp2_session_terminate_session(h->session,
	    NGHTTP2_ENHANCE_YOUR_CALM);
}

/* Counts one of this kind. */
static void
http2_count(struct http2 *h, enum http2_flood_kind kind)
{
	if (http2_flood_add(&h->flood, kind, clock_coarse_us()))
		http2_calm(h, http2_flood_name(kind));
}

/* A frame's header has come: what is cheap to send is counted. */
static int
http2_on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *hd,
    void *arg)
{
	struct http2	*h = arg;

	(void)session;
	switch (hd->type) {
	case NGHTTP2_HEADERS:
		break;
	case NGHTTP2_DATA:
		if (hd->length == 0 && !(hd->flags & NGHTTP2_FLAG_END_STREAM))
			http2_count(h, HTTP2_FLOOD_CONTROL);
		break;
	case NGHTTP2_WINDOW_UPDATE:
		http2_count(h, HTTP2_FLOOD_WINDOWS);
		break;
	case NGHTTP2_RST_STREAM:
		http2_count(h, HTTP2_FLOOD_RESETS);
		break;
	default:
		http2_count(h, HTTP2_FLOOD_CONTROL);
	}
	return 0;
}

/* A stream begins, or its trailers. */
static int
http2_on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame,
    void *arg)
{
	struct http2		*h = arg;
	struct http2_stream	*s;

	h->head_us = clock_coarse_us();
	h->trailers = 0;
	if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	s = http2_stream_new(h, frame->hd.stream_id);
	nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, s);
	s->request = xcalloc(1, sizeof(*s->request));
	http2_head_init(s->request, &h->conn->worker->limits);
	http2_flood_credit(&h->flood, HTTP2_FLOOD_CONTROL,
	    HTTP2_REQUEST_CREDIT);
	return 0;
}

/* The stream cannot go on, for a mistake of the peer's. */
static int
http2_malformed(nghttp2_session *session, int32_t id, const char *why)
{
	log_debug("HTTP/2: stream %d is malformed: %s", (int)id, why);
	nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id,
	    NGHTTP2_PROTOCOL_ERROR);
	return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

/* One field. */
static int
http2_on_header(nghttp2_session *session, const nghttp2_frame *frame,
    const uint8_t *name, size_t name_len, const uint8_t *value,
    size_t value_len, uint8_t flags, void *arg)
{
	struct http2		*h = arg;
	struct http2_stream	*s;

	(void)flags;
	h->trailers += name_len + value_len + 32;
	if (h->trailers > HTTP2_HEAD_TIMES *
	    (size_t)h->conn->worker->limits.max_head) {
		http2_calm(h, "bytes of fields");
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	}
	s = http2_stream_of(session, frame->hd.stream_id);
	if (s == NULL || s->request == NULL || s->fresh)
		return 0;	/* a trailer */
	if (http2_head_add(s->request, (const char *)name, name_len,
	    (const char *)value, value_len))
		return 0;
	return http2_malformed(session, s->id, s->request->why);
}

/* A field with bytes that may not be in it. */
static int
http2_on_invalid_header(nghttp2_session *session, const nghttp2_frame *frame,
    const uint8_t *name, size_t name_len, const uint8_t *value,
    size_t value_len, uint8_t flags, void *arg)
{
	(void)name, (void)name_len, (void)value, (void)value_len, (void)flags;
	(void)arg;
	return http2_malformed(session, frame->hd.stream_id,
	    "a field has a bad byte");
}

/* A head is complete. */
static void
http2_head_came(struct http2_stream *s)
{
	struct http2	*h = s->h;

	if (!http2_head_end(s->request)) {
		(void)http2_malformed(h->session, s->id, s->request->why);
		return;
	}
	s->fresh = true;
	h->conn->requests++;
	http2_stream_todo(s);
}

/* A whole frame has come, and was right. */
static int
http2_on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame,
    void *arg)
{
	struct http2		*h = arg;
	struct http2_stream	*s;

	if (h->state == HTTP2_GREETING && frame->hd.type == NGHTTP2_SETTINGS) {
		h->state = HTTP2_OPEN;
		h->since_us = clock_coarse_us();
	}
	if (frame->hd.type == NGHTTP2_HEADERS)
		h->head_us = 0;
	if (frame->hd.type != NGHTTP2_HEADERS &&
	    frame->hd.type != NGHTTP2_DATA)
		return 0;
	s = http2_stream_of(session, frame->hd.stream_id);
	if (s == NULL)
		return 0;
	if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
		s->in_end = true;
	if (frame->hd.type == NGHTTP2_HEADERS &&
	    frame->headers.cat == NGHTTP2_HCAT_REQUEST)
		http2_head_came(s);
	else if (s->in_end)
		http2_stream_tell(s);
	return 0;
}

/* A frame was wrong in a way that does not end the connection. */
static int
http2_on_invalid_frame(nghttp2_session *session, const nghttp2_frame *frame,
    int error, void *arg)
{
	struct http2	*h = arg;

	(void)session;
	if (frame->hd.type == NGHTTP2_HEADERS)
		h->head_us = 0;
	log_debug("HTTP/2: a bad frame: %s", nghttp2_strerror(error));
	return 0;
}

/*
 * Bytes of a body. The connection's window is for all streams, of which each
 * has its own: so that none stops the others, it is opened again at once.
 */
static int
http2_on_data(nghttp2_session *session, uint8_t flags, int32_t id,
    const uint8_t *data, size_t len, void *arg)
{
	struct http2_stream	*s = http2_stream_of(session, id);

	(void)flags, (void)arg;
	nghttp2_session_consume_connection(session, len);
	if (s == NULL)
		return 0;
	if (s->c == NULL && s->request == NULL) {
		http2_stream_discard(s, len);
		return 0;
	}
	http2_fifo_add(&s->in, data, len);
	http2_stream_tell(s);
	return 0;
}

/* A stream is over, in whatever way. */
static int
http2_on_stream_close(nghttp2_session *session, int32_t id, uint32_t error,
    void *arg)
{
	struct http2_stream	*s = http2_stream_of(session, id);

	((struct http2 *)arg)->head_us = 0;
	if (s == NULL)
		return 0;
	s->gone = true;
	s->error = error;
	http2_stream_tell(s);
	http2_stream_todo(s);
	return 0;
}

/* A frame has left: DATA earns answers, our resets are counted. */
static int
http2_on_frame_send(nghttp2_session *session, const nghttp2_frame *frame,
    void *arg)
{
	struct http2		*h = arg;
	struct http2_stream	*s;

	if (frame->hd.type == NGHTTP2_DATA)
		http2_flood_credit(&h->flood, HTTP2_FLOOD_WINDOWS, 3);
	if (frame->hd.type == NGHTTP2_RST_STREAM &&
	    (frame->rst_stream.error_code == NGHTTP2_PROTOCOL_ERROR ||
	    frame->rst_stream.error_code == NGHTTP2_FLOW_CONTROL_ERROR ||
	    frame->rst_stream.error_code == NGHTTP2_FRAME_SIZE_ERROR ||
	    frame->rst_stream.error_code == NGHTTP2_REFUSED_STREAM ||
	    frame->rst_stream.error_code == NGHTTP2_STREAM_CLOSED))
		http2_count(h, HTTP2_FLOOD_RESETS);
	/* The answer is out, and the request was not wanted as a whole. */
	if ((frame->hd.type == NGHTTP2_DATA ||
	    frame->hd.type == NGHTTP2_HEADERS) &&
	    frame->hd.flags & NGHTTP2_FLAG_END_STREAM &&
	    nghttp2_session_get_stream_remote_close(session,
	    frame->hd.stream_id) == 0) {
		s = http2_stream_of(session, frame->hd.stream_id);
		if (s != NULL)
			s->linger_us = clock_coarse_us();
	}
	return 0;
}

/* Options of all sessions, made once. */
static nghttp2_option *
http2_options(void)
{
	static nghttp2_option	*option;

	if (option != NULL || nghttp2_option_new(&option) != 0)
		return option;
	nghttp2_option_set_no_auto_window_update(option, 1);
	nghttp2_option_set_max_outbound_ack(option, 200);
	nghttp2_option_set_no_closed_streams(option, 1);
	nghttp2_option_set_max_deflate_dynamic_table_size(option, 4096);
	nghttp2_option_set_max_send_header_block_length(option,
	    HTTP2_SEND_HEAD_MAX);
	return option;
}

/* What is called, made once. */
static nghttp2_session_callbacks *
http2_callbacks(void)
{
	static nghttp2_session_callbacks	*cb;

	if (cb != NULL || nghttp2_session_callbacks_new(&cb) != 0)
		return cb;
	nghttp2_session_callbacks_set_on_begin_frame_callback(cb,
	    http2_on_begin_frame);
	nghttp2_session_callbacks_set_on_begin_headers_callback(cb,
	    http2_on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(cb,
	    http2_on_header);
	nghttp2_session_callbacks_set_on_invalid_header_callback(cb,
	    http2_on_invalid_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb,
	    http2_on_frame_recv);
	nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(cb,
	    http2_on_invalid_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb,
	    http2_on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb,
	    http2_on_stream_close);
	nghttp2_session_callbacks_set_on_frame_send_callback(cb,
	    http2_on_frame_send);
	return cb;
}

/* A session, which has told its SETTINGS; NULL without memory. */
nghttp2_session *
http2_session_new(struct http2 *h)
{
	const struct config		*cfg = h->conn->worker->cfg;
	const nghttp2_settings_entry	 settings[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
		    (uint32_t)cfg->http2_max_concurrent_streams },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, HTTP2_WINDOW },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
		    (uint32_t)cfg->buffer_size },
	};
	nghttp2_session			*session;

	if (http2_callbacks() == NULL || http2_options() == NULL ||
	    nghttp2_session_server_new2(&session, http2_callbacks(), h,
	    http2_options()) != 0)
		return NULL;
	if (nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings,
	    sizeof(settings) / sizeof(settings[0])) == 0 &&
	    nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE,
	    0, HTTP2_CONN_WINDOW) == 0)
		return session;
	nghttp2_session_del(session);
	return NULL;
}
