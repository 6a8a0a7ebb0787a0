/*
 * Does a peer send too much of what is cheap for it and dear for us? Leaky
 * buckets, one for each kind: full means that the connection is to end. Pure.
 */
#ifndef WM_WORKER_HTTP2_HTTP2_FLOOD_H
#define WM_WORKER_HTTP2_HTTP2_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

enum http2_flood_kind {
	HTTP2_FLOOD_RESETS,	/* streams begun and given up (rapid reset),
				   or ended by us for the peer's mistakes */
	HTTP2_FLOOD_CONTROL,	/* PING, SETTINGS, PRIORITY, CONTINUATION,
				   DATA without data */
	HTTP2_FLOOD_WINDOWS,	/* WINDOW_UPDATE: DATA sent earns some */
	HTTP2_FLOOD_KINDS
};

struct http2_flood {
	uint64_t	 since_us;		/* levels are true for then */
	uint64_t	 level[HTTP2_FLOOD_KINDS];	/* in millionths */
};

/* One more of these: true, when they are too many. */
bool		 http2_flood_add(struct http2_flood *flood,
		    enum http2_flood_kind kind, uint64_t now_us);
/* The peer has earned n of these. */
void		 http2_flood_credit(struct http2_flood *flood,
		    enum http2_flood_kind kind, unsigned n);
/* What is too much of this kind, for people. */
const char	*http2_flood_name(enum http2_flood_kind kind);

#endif
