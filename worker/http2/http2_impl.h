/* What the files of HTTP/2 know of each other; http2.h says how it works. */
#ifndef WM_WORKER_HTTP2_HTTP2_IMPL_H
#define WM_WORKER_HTTP2_HTTP2_IMPL_H

#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/strbuf.h"
#include "worker/http2/http2.h"
#include "worker/http2/http2_flood.h"
#include "worker/http2/http2_head.h"
#include "worker/protocol.h"
#include "worker/transport.h"

struct conn;
struct http2_stream;

#define HTTP2_WINDOW		65535	/* of a stream, for its client */
#define HTTP2_CONN_WINDOW	(1 << 20)
#define HTTP2_OUT_MAX		65536	/* of a response, not sent yet */
#define HTTP2_OUT_ROOM		16384	/* so much must be free */
/*
 * Who is answered before its body was there may go on for so long, as curl is
 * confused by a reset that comes together with the answer.
 */
#define HTTP2_LINGER_MAX	(256 << 10)
#define HTTP2_LINGER_S		2.0

TAILQ_HEAD(http2_streams, http2_stream);

enum http2_state {
	HTTP2_GREETING,
	HTTP2_OPEN,
	HTTP2_NOTICED,
	HTTP2_TOLD
};

/* Bytes in a row, added behind and taken in front. */
struct http2_fifo {
	struct strbuf	 bytes;
	size_t		 pos;
};

struct http2 {
	struct conn		*conn;
	nghttp2_session		*session;
	enum http2_state	 state;
	bool			 inside;	/* nghttp2 runs */
	bool			 working;	/* http2_work runs */
	bool			 broken;	/* nothing can be sent */
	bool			 calm;		/* ended for a flood */
	bool			 dirty;
	struct http2_flood	 flood;
	struct http2_streams	 streams;
	struct http2_streams	 todo;
	struct http2_head	*head;		/* the one that is coming */
	size_t			 trailers;	/* bytes of such */
	struct http2_fifo	 out;		/* what the socket left */
	uint64_t		 since_us;	/* in this state, without
						   streams; coarse */
	uint64_t		 head_us;	/* a head is not complete */
	uint64_t		 moved_us;	/* the socket took bytes */
	TAILQ_ENTRY(http2)	 link;
	TAILQ_ENTRY(http2)	 dirty_link;
};

struct http2_stream {
	struct http2		*h;		/* NULL: closed */
	struct conn		*c;		/* NULL: not yet, or over */
	int32_t			 id;
	bool			 fresh;		/* a head without a conn */
	bool			 is_todo;
	bool			 gone;		/* nghttp2 has closed it */
	bool			 in_end;	/* END_STREAM has come */
	bool			 submitted;	/* the head is nghttp2's */
	bool			 bodiless;	/* it ends with its head */
	bool			 finished;	/* out has all */
	bool			 watched;	/* the hub waits for it */
	short			 asked;		/* the core waits for this */
	uint32_t		 error;		/* of RST_STREAM */
	struct http2_head	*request;	/* while fresh */
	struct strbuf		 head;		/* the response's */
	struct http2_fifo	 in;
	struct http2_fifo	 out;
	uint64_t		 moved_us;	/* the client took bytes */
	uint64_t		 linger_us;	/* answered, and the client
						   still sends: since then */
	size_t			 discarded;	/* bytes of that */
	TAILQ_ENTRY(http2_stream) link;
	TAILQ_ENTRY(http2_stream) todo_link;
};

extern const struct protocol	 protocol_http2;
extern const struct transport	 transport_http2;

/* http2_stream.c */
struct http2_stream *http2_stream_new(struct http2 *h, int32_t id);
/* The session lets go of it, or the conn did already: frees it then. */
void	 http2_stream_leave(struct http2_stream *s);
void	 http2_stream_free(struct http2_stream *s);
/* Something has come, or room: wakes who waits for it. */
void	 http2_stream_tell(struct http2_stream *s);
/* The hub is to look at it. */
void	 http2_stream_todo(struct http2_stream *s);
/* Hub, outside of nghttp2: does what is to be done. */
void	 http2_work(struct http2 *h);
/* Bytes of a body that nobody will read. */
void	 http2_stream_discard(struct http2_stream *s, size_t len);
/* Is there what was asked for? */
bool	 http2_stream_has(const struct http2_stream *s, short events);

/* http2_frames.c: nghttp2's callbacks; NULL without memory. */
nghttp2_session *http2_session_new(struct http2 *h);

/* http2_response.c: gives a whole head to nghttp2. */
int	 http2_response_submit(struct http2_stream *s);
int	 http2_response_informational(struct http2_stream *s,
	    const char *text, size_t len);

/* http2_out.c */
/* Reads what has come, as long as there is something; never closes. */
void	 http2_read(struct http2 *h);
/* Bytes that were read. */
void	 http2_feed(struct http2 *h, const char *data, size_t len);
/* Sends what there is to be sent, as much as the socket takes. */
void	 http2_flush(struct http2 *h);
/* The hub is to look at the connection at this turn's end. */
void	 http2_mark(struct http2 *h);
void	 http2_fifo_add(struct http2_fifo *f, const void *data, size_t len);
size_t	 http2_fifo_take(struct http2_fifo *f, void *out, size_t size);
void	 http2_fifo_done(struct http2_fifo *f);

static inline size_t
http2_fifo_len(const struct http2_fifo *f)
{
	return f->bytes.len - f->pos;
}

/* http2_tick.c */
void	 http2_tick_start(struct worker *w);
/* GOAWAY that refuses nothing yet. */
void	 http2_notice(struct http2 *h);

#endif
