/*
 * HTTP/2 (RFC 9113), through nghttp2: over TLS where ALPN chose it, and over
 * TCP from a client that knows it (h2c with prior knowledge).
 *
 * A connection that speaks it is SHARED (conn.h) and has a struct http2; each
 * of its streams is, from the end of its head until its request is over, a
 * struct conn of its own without a descriptor, whose transport is the stream
 * and whose protocol is protocol_http2. So everything behind the head (body
 * collection, static files, queue, cores, environ, log) is as in HTTP/1.
 *
 * A connection:
 *
 *	GREETING  its preface and SETTINGS are to come: header-timeout
 *	OPEN	  streams come and go; without any: keepalive-timeout
 *	NOTICED	  the worker drains, or keepalive-requests are answered: GOAWAY
 *		  that refuses nothing is out (RFC 9113 6.8); for drain-idle
 *	TOLD	  GOAWAY with the last stream is out: streams finish
 *	LINGER	  (conn.h) nothing is left, or the peer broke a rule
 *
 * A stream (struct http2_stream), which lives until both sides let go of it:
 *
 *	session's side		conn's side
 *	OPENING	 its head	none
 *	FRESH	 head complete	none: gets one at the turn's end
 *	OPEN			HEAD .. RUNNING, SENDING
 *	OPEN			none: the request is over, its last bytes leave
 *	closed			RUNNING: sends and reads fail; client-gone
 *	closed			before that: closed at the turn's end
 *
 * nghttp2's callbacks only note what has come, and wake cores; what follows
 * from it (todo) is done by the hub when nghttp2 has returned: nothing is
 * freed, closed, rejected or dispatched from within. A core whose client is a
 * stream may come at any time with bytes for it, on its own stack or, if it is
 * a thread, with the loop lent (suspend.h); it calls nghttp2 too, but leaves
 * todo to the hub as well. A connection with something to do or to send is
 * dirty; cores_work_off ends with http2_turn, which sends what the turn's
 * requests have made in one go.
 *
 * Bounds: DATA of a stream that its request has not read is at most the
 * stream's window, HTTP2_WINDOW; what a response may be ahead of its client,
 * HTTP2_OUT_MAX. Both times http2-max-concurrent-streams is what a connection
 * may take. While the socket takes nothing, nothing is read from it either.
 */
#ifndef WM_WORKER_HTTP2_HTTP2_H
#define WM_WORKER_HTTP2_HTTP2_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/strbuf.h"
#include "build_config.h"

struct conn;
struct http2;
struct worker;

TAILQ_HEAD(http2_list, http2);

/* In struct worker. */
struct http2s {
	struct http2_list	 all;
	struct http2_list	 dirty;
	bool			 ticking;
	struct event		 tick;
	struct strbuf		 frames;	/* on their way to a socket */
};

#ifdef WM_HAVE_HTTP2

void	 http2s_init(struct worker *w);
void	 http2s_done(struct worker *w);

/*
 * The connection speaks HTTP/2 from now on, beginning with what is in its
 * buffer. Never closes it at once; it is watched when this returns.
 */
void	 http2_begin(struct conn *c);
/*
 * A head that http_parse refused: is it, or may it become, the preface of a
 * client that knows that this is HTTP/2, and may it speak it?
 */
bool	 http2_is_preface(const struct conn *c);
/* All of it is there. */
bool	 http2_preface_is_whole(const struct conn *c);
/* Hub: a SHARED connection's socket is ready. */
void	 http2_ready(struct conn *c);
/* A SHARED connection is closed: its streams are alone now. */
void	 http2_closed(struct conn *c);
/* The worker leaves. */
void	 http2s_drain(struct worker *w);
/*
 * Hub: closes up to max connections without streams, since their descriptors
 * are needed; how many it were.
 */
uint32_t http2s_shed(struct worker *w, uint32_t max);
/* The end of a turn, for those who are dirty. */
void	 http2s_turn(struct worker *w);

#else

static inline void http2s_init(struct worker *w) { (void)w; }
static inline void http2s_done(struct worker *w) { (void)w; }
static inline bool http2_is_preface(const struct conn *c)
{ (void)c; return false; }
static inline bool http2_preface_is_whole(const struct conn *c)
{ (void)c; return false; }
static inline void http2_begin(struct conn *c) { (void)c; }
static inline void http2_ready(struct conn *c) { (void)c; }
static inline void http2_closed(struct conn *c) { (void)c; }
static inline void http2s_drain(struct worker *w) { (void)w; }
static inline uint32_t http2s_shed(struct worker *w, uint32_t max)
{ (void)w, (void)max; return 0; }
static inline void http2s_turn(struct worker *w) { (void)w; }

#endif

#endif
