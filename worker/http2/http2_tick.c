/*
 * Time limits of HTTP/2 connections, and their orderly end: all of a worker's
 * are looked at four times a second, as long as there are any.
 */
#include <event2/event.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "worker/conn.h"
#include "worker/conn_io.h"
#include "worker/core.h"
#include "worker/http2/http2_impl.h"
#include "worker/worker.h"

/* As in conn_shed.c. */
#define HTTP2_SILENT_US	1000000
#define HTTP2_SHED_LOOK	1024

static const struct timeval	 http2_tick_every = { 0, 250000 };

/* Is so much time over since then? No, if then is 0. */
static bool
http2_is_over_time(uint64_t since, double limit, uint64_t now)
{
	return since != 0 && now > since &&
	    (double)(now - since) > limit * 1e6;
}

/* GOAWAY that refuses nothing yet. */
void
http2_notice(struct http2 *h)
{
	if (h->state >= HTTP2_NOTICED)
		return;
	h->state = HTTP2_NOTICED;
	h->since_us = clock_coarse_us();
	nghttp2_submit_shutdown_notice(h->session);
	http2_mark(h);
}

/* GOAWAY: what comes now is not looked at. */
static void
http2_tell(struct http2 *h)
{
	h->state = HTTP2_TOLD;
	nghttp2_submit_goaway(h->session, NGHTTP2_FLAG_NONE,
	    nghttp2_session_get_last_proc_stream_id(h->session),
	    NGHTTP2_NO_ERROR, NULL, 0);
	http2_mark(h);
}

/* How long may the connection be as it is? */
static double
http2_limit(const struct http2 *h)
{
	const struct config	*cfg = h->conn->worker->cfg;

	if (h->state == HTTP2_GREETING)
		return cfg->header_timeout;
	if (h->state == HTTP2_NOTICED)
		return cfg->drain_idle;
	return cfg->keepalive_timeout;
}

/* Its peer is too slow in something: nothing more can be said. */
static bool
http2_is_stuck(const struct http2 *h, uint64_t now)
{
	const struct config	*cfg = h->conn->worker->cfg;

	if (http2_fifo_len(&h->out) > 0 &&
	    http2_is_over_time(h->moved_us, cfg->write_timeout, now))
		return true;
	return http2_is_over_time(h->head_us, cfg->header_timeout, now);
}

/*
 * Streams whose requests are over: responses that nobody fetches, and bodies
 * that do not end.
 */
static void
http2_cut_slow(struct http2 *h, uint64_t now)
{
	const struct config	*cfg = h->conn->worker->cfg;
	struct http2_stream	*s;
	bool			 slow, lingers;

	TAILQ_FOREACH(s, &h->streams, link) {
		lingers = http2_is_over_time(s->linger_us, HTTP2_LINGER_S,
		    now);
		slow = s->c == NULL && s->submitted && s->linger_us == 0 &&
		    http2_is_over_time(s->moved_us, cfg->write_timeout, now);
		if (s->gone || (!slow && !lingers))
			continue;
		s->moved_us = s->linger_us = now;
		nghttp2_submit_rst_stream(h->session, NGHTTP2_FLAG_NONE,
		    s->id, slow ? NGHTTP2_CANCEL : NGHTTP2_NO_ERROR);
		http2_mark(h);
	}
}

/* Looks at one. */
static void
http2_tick(struct http2 *h, uint64_t now)
{
	const struct config	*cfg = h->conn->worker->cfg;

	if (http2_is_stuck(h, now)) {
		h->conn->reset = true;
		h->broken = true;
		http2_mark(h);
		return;
	}
	http2_cut_slow(h, now);
	if (h->conn->worker->draining || (cfg->keepalive_requests != 0 &&
	    h->conn->requests >= (uint32_t)cfg->keepalive_requests))
		http2_notice(h);
	if (h->state == HTTP2_TOLD ||
	    !http2_is_over_time(h->since_us, http2_limit(h), now))
		return;
	if (h->state == HTTP2_GREETING) {
		h->broken = true;
		http2_mark(h);
	} else if (h->state == HTTP2_NOTICED || TAILQ_EMPTY(&h->streams))
		http2_tell(h);
}

/* Looks at all. */
static void
http2_tick_cb(evutil_socket_t fd, short events, void *arg)
{
	struct worker	*w = arg;
	struct http2	*h;
	uint64_t	 now = clock_coarse_us();

	(void)fd, (void)events;
	TAILQ_FOREACH(h, &w->http2s.all, link)
		http2_tick(h, now);
	w->http2s.ticking = !TAILQ_EMPTY(&w->http2s.all);
	if (w->http2s.ticking)
		event_add(&w->http2s.tick, &http2_tick_every);
	cores_work_off(w);
}

/* There is one. */
void
http2_tick_start(struct worker *w)
{
	if (w->http2s.ticking)
		return;
	w->http2s.ticking = true;
	event_assign(&w->http2s.tick, w->base, -1, 0, http2_tick_cb, w);
	event_add(&w->http2s.tick, &http2_tick_every);
}

/* May it be closed to make room? One that is new may be silent for a while. */
static bool
http2_is_spare(const struct http2 *h, uint64_t now)
{
	return TAILQ_EMPTY(&h->streams) && h->state >= HTTP2_OPEN &&
	    http2_fifo_len(&h->out) == 0 && h->head_us == 0 &&
	    (h->conn->requests > 0 || now > h->since_us + HTTP2_SILENT_US) &&
	    !conn_has_input(h->conn);
}

/* Closes some without streams, those that came first. */
uint32_t
http2s_shed(struct worker *w, uint32_t max)
{
	struct http2	*h = TAILQ_FIRST(&w->http2s.all), *next;
	uint64_t	 now = clock_coarse_us();
	uint32_t	 looked, n = 0;

	for (looked = 0; h != NULL && n < max && looked < HTTP2_SHED_LOOK;
	    looked++) {
		next = TAILQ_NEXT(h, link);
		if (http2_is_spare(h, now)) {
			http2_tell(h);	/* it knows what was not looked at */
			http2_flush(h);
			conn_close(h->conn);
			n++;
		}
		h = next;
	}
	return n;
}

/* The worker leaves. */
void
http2s_drain(struct worker *w)
{
	struct http2	*h;

	TAILQ_FOREACH(h, &w->http2s.all, link)
		http2_notice(h);
}
