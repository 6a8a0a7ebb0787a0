/*
 * A strict, pure, incremental decoder of chunked bodies (RFC 9112 section
 * 7.1). It copies nothing: it says which pieces of the raw input are data.
 *
 *	struct http_chunked st;
 *
 *	http_chunked_init(&st, &limits);
 *	for (;;) {
 *		switch (http_chunked_decode(&st, in, inlen, &used, &data,
 *		    &datalen)) {
 *		case HTTP_CHUNKED_DATA:	use data[0..datalen); break;
 *		case HTTP_CHUNKED_MORE:	read more raw bytes; break;
 *		case HTTP_CHUNKED_BAD:	answer st.status, log st.why, close;
 *		case HTTP_CHUNKED_DONE:	the next request begins at in + used;
 *		}
 *		in += used, inlen -= used;
 *	}
 *
 * Extensions are skipped and trailer fields are checked and dropped (WSGI has
 * no place for them, so none can override a field of the head). How much data
 * may come is for the caller to bound.
 */
#ifndef WM_WORKER_HTTP_CHUNKED_H
#define WM_WORKER_HTTP_CHUNKED_H

#include <stddef.h>
#include <stdint.h>

#include "worker/http_parse.h"

enum http_chunked_verdict {
	HTTP_CHUNKED_MORE,	/* all of the input was used */
	HTTP_CHUNKED_DATA,	/* a piece of data, not empty; call again */
	HTTP_CHUNKED_DONE,	/* end of the body, trailers included */
	HTTP_CHUNKED_BAD	/* answer status; close */
};

/* Longest chunk size line, CRLF not counted: 400. */
#define HTTP_CHUNKED_LINE_MAX	256

struct http_chunked {
	/* On BAD: what to answer (400 or 431), and why. */
	int		 status;
	const char	*why;

	/* Bytes of data still to come in this chunk. */
	uint64_t	 left;

	/* The decoder's own. */
	uint8_t		 state;
	union {
		struct {
			uint32_t	 line;	/* bytes of this size line */
			uint32_t	 waste;	/* framing not paid for by
						   data */
			uint32_t	 trailer; /* bytes of its section */
			uint32_t	 ntrailers;
		};
		/* worker/gateway/fcgi_body.h's. */
		struct {
			int64_t		 expected; /* bytes; -1: any */
			uint32_t	 spare;	/* for others' records */
			uint32_t	 skip;	/* bytes that mean nothing */
			uint16_t	 id;
			uint8_t		 have;	/* bytes of header */
			char		 header[8];
		} fcgi;
	};
	struct http_limits limits;
};

/*
 * Make ready for a body. Bounds: max_fields trailers, max_head bytes of
 * trailers (431), and in the whole body max_head bytes of size lines beyond
 * the size of their chunk and 16 (400).
 */
void	 http_chunked_init(struct http_chunked *st,
	    const struct http_limits *limits);

/*
 * Go on with these bytes up to the first piece of data. *used is how many
 * were used, the piece included; it lies within in and is only set on DATA.
 */
enum http_chunked_verdict
	 http_chunked_decode(struct http_chunked *st, const char *in,
	    size_t inlen, size_t *used, const char **data, size_t *datalen);

#endif
