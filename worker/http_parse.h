/*
 * A strict, pure, resumable parser of HTTP/1.1 request heads (RFC 9112).
 *
 *	struct http_field fields[limits.max_fields];
 *	struct http_head head;
 *
 *	http_head_init(&head, fields);
 *	for (;;) {
 *		len += read more into buf (which may move)
 *		switch (http_parse(buf, len, &limits, &head)) {
 *		case HTTP_PARSE_MORE:	continue;
 *		case HTTP_PARSE_BAD:	answer head.status, log head.why, close
 *		case HTTP_PARSE_DONE:	the body begins at buf + head.size
 *		}
 *	}
 *
 * Rules: no sockets, no memory, no log, no state but struct http_head. buf
 * always begins with the first byte of this request (what is left of the one
 * before it has been taken away), and only grows between calls; it may be
 * moved, since everything here is an offset from its first byte. A call looks
 * at new bytes only, so bytes that drip in one by one cost no more than bytes
 * that come at once; and how the bytes were cut never changes the result.
 * After DONE or BAD start anew with http_head_init; another call before that
 * gives the same verdict. What is accepted and rejected: doc/http.md.
 */
#ifndef WM_WORKER_HTTP_PARSE_H
#define WM_WORKER_HTTP_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/http_bytes.h"
#include "worker/http_url.h"

enum http_parse_verdict {
	HTTP_PARSE_MORE,	/* the head is not complete */
	HTTP_PARSE_DONE,	/* every field of struct http_head is true */
	HTTP_PARSE_BAD,		/* only status and why are true; then close */
	HTTP_PARSE_REPLY	/* FastCGI: protocol.reply, then call again */
};

/* Bounds, in bytes unless said otherwise; none may be 0. */
struct http_limits {
	uint32_t	 max_line;	/* request line with its CRLF: 414 */
	uint32_t	 max_fields;	/* number of field lines: 431 */
	uint32_t	 max_head;	/* whole head, all included: 431 */
};

/* Fields that mean something to the server itself. */
enum http_field_kind {
	HTTP_FIELD_OTHER,
	HTTP_FIELD_CONNECTION,
	HTTP_FIELD_CONTENT_LENGTH,
	HTTP_FIELD_CONTENT_TYPE,
	HTTP_FIELD_EXPECT,
	HTTP_FIELD_HOST,
	HTTP_FIELD_TRANSFER_ENCODING,
	HTTP_FIELD_UPGRADE
};

/*
 * One field line, in the order it came. The value has no white space around
 * it and may be empty. The hash is http_name_hash of the name.
 */
struct http_field {
	struct http_view	 name;
	struct http_view	 value;
	uint32_t		 hash;
	enum http_field_kind	 kind;
};

/* A request head. Views are offsets from the first byte of buf. */
struct http_head {
	/* On BAD: what to answer (400, 414, 417, 431, 501, 505), and why. */
	int			 status;
	const char		*why;

	/* Bytes of the head: skipped empty lines to the final CRLF CRLF. */
	uint32_t		 size;

	struct http_view	 method;
	struct http_view	 target;	/* as it was sent */
	struct http_view	 line;		/* request line without CRLF */
	uint8_t			 minor;		/* HTTP/1.0: 0, 1.1 and up: 1 */
	uint16_t		 fcgi_id;	/* FastCGI: the request's */
	bool			 http2;		/* HTTP/2; minor is 1 */

	/*
	 * The target's parts, not decoded. The path is empty for
	 * asterisk-form, and for absolute-form without one (it means "/").
	 * The query has no '?'; has_query tells "/a?" from "/a".
	 */
	enum http_url_form	 form;
	struct http_view	 path;
	struct http_view	 query;
	bool			 has_query;

	/* The target's authority, else Host; len 0: none was sent, or empty. */
	struct http_view	 host;

	/*
	 * The fields that were kept, in the caller's array of max_fields.
	 * dropped counts the others: names with an underscore (they would
	 * be taken for the same name with a hyphen) and Proxy ("httpoxy").
	 */
	struct http_field	*fields;
	uint32_t		 nfields;
	uint32_t		 dropped;

	/*
	 * The body: chunked, or so many bytes, or until the client ends it
	 * (a stream's, HTTP/2); none of them (-1): no body.
	 */
	int64_t			 content_length;
	bool			 chunked;
	bool			 to_end;

	bool			 keep_alive;	/* by version and Connection */
	bool			 upgrade;	/* Connection: upgrade, and
						   Upgrade, and HTTP/1.1 */
	bool			 expect_continue; /* wants 100, has a body */

	/*
	 * The head came from a gateway (worker/gateway/): fields are CGI
	 * variables as they were sent, "HTTP_RANGE", "REMOTE_ADDR"; method,
	 * target and the like are views of their values.
	 */
	bool			 vars;
	uint8_t			 modifier1;	/* uwsgi: 0 app, 9 CGI */

	/* The parser's own. */
	uint8_t			 state;
	uint8_t			 seen;		/* flags */
	uint8_t			 name_flags;
	uint32_t		 scan;		/* next byte to look at */
	uint32_t		 mark;		/* first byte of this token */
	uint32_t		 start;		/* first byte of request line */
	struct http_view	 name;
};

/* Make ready for a new request; fields has room for limits->max_fields. */
void	 http_head_init(struct http_head *head, struct http_field *fields);

/* Look at the bytes that came since the last call. */
enum http_parse_verdict
	 http_parse(const char *buf, size_t len,
	    const struct http_limits *limits, struct http_head *head);

/* "HTTP/1.1": what the client speaks. */
const char	*http_version(const struct http_head *head);

/*
 * First field of this name (lower case), or NULL. With vars the variable that
 * a header field of this name becomes: HTTP_IF_RANGE for "if-range".
 */
const struct http_field *
	 http_head_find(const struct http_head *head, const char *buf,
	    const char *name);
/* The last CGI variable of this name ("PATH_INFO"), or NULL. */
const struct http_field *
	 http_head_var(const struct http_head *head, const char *buf,
	    const char *name);

#endif
