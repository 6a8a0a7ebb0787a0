/*
 * The head of an HTTP/2 request: from pseudo-header fields and fields, as they
 * come out of HPACK, to the text that an HTTP/1.1 client would have sent, and
 * from that, by http_parse itself, to a struct http_head. So there is one
 * parser, with one strictness. Nothing of what comes here can end a line in
 * that text early: each byte was looked at before.
 *
 *	http2_head_init(&h, limits);
 *	http2_head_add(&h, name, value) ...	false: RST_STREAM
 *	http2_head_end(&h)			false: RST_STREAM
 *	http2_head_parse(&h, text, h.text.len, limits, &head, ended)
 *
 * Whatever is added, no more than limits->max_head is kept; h.status says what
 * to answer then. No sockets, no log.
 */
#ifndef WM_WORKER_HTTP2_HTTP2_HEAD_H
#define WM_WORKER_HTTP2_HTTP2_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "worker/http_parse.h"

enum http2_pseudo {
	HTTP2_METHOD,
	HTTP2_SCHEME,
	HTTP2_AUTHORITY,
	HTTP2_PATH,
	HTTP2_PSEUDOS
};

struct http2_head {
	const struct http_limits *limits;
	struct strbuf		 text;		/* the head, once it ended */
	struct strbuf		 pseudo;	/* the values' bytes */
	struct http_view	 value[HTTP2_PSEUDOS];
	uint8_t			 seen;		/* a bit for each of them */
	bool			 has_host;
	struct strbuf		 host;
	struct strbuf		 cookie;	/* the crumbs joined */
	uint32_t		 nfields;
	size_t			 size;		/* bytes that came */
	int			 status;	/* 0, or 414 or 431 */
	const char		*why;		/* of status, or of false */
};

void	 http2_head_init(struct http2_head *h,
	    const struct http_limits *limits);
void	 http2_head_done(struct http2_head *h);

/* One more; false: malformed (RFC 9113 8.1.1), h->why says how. */
bool	 http2_head_add(struct http2_head *h, const char *name,
	    size_t name_len, const char *value, size_t value_len);
/* No more come: h->text is made; with a status only its method. */
bool	 http2_head_end(struct http2_head *h);

/*
 * Parses that text, where it is now. ended: no DATA follows. Only DONE or BAD.
 */
enum http_parse_verdict
	 http2_head_parse(const struct http2_head *h, const char *text,
	    size_t len, struct http_head *head, bool ended);

#endif
