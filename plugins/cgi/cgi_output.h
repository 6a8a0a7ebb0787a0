/*
 * The head that a script writes (RFC 3875 section 6.3): a pure parser.
 *
 *	struct cgi_output out = { 0 };
 *
 *	for (;;) {
 *		len += read more into buf (which may move)
 *		switch (cgi_output_parse(buf, len, &out)) {
 *		case CGI_OUTPUT_MORE:	continue;
 *		case CGI_OUTPUT_BAD:	answer 502, log out.why
 *		case CGI_OUTPUT_DONE:	the body begins at buf + out.size
 *		}
 *	}
 *
 * No sockets, no memory, no log, no state but struct cgi_output. A call looks
 * at new bytes only, and how the bytes were cut never changes the result.
 * Lines end with LF or CRLF. A name is a token, directly followed by its
 * colon; a value has no control bytes but HTAB, and no white space around it.
 * Status must be three digits from 200 on, and like Location and
 * Content-Length may come once. Fields that speak of one connection are
 * dropped, but Transfer-Encoding is BAD: what follows would be no body. BAD
 * are also folded lines, a head without any field, and "HTTP/1.1 200 OK",
 * which scripts write that a server is to pass on as they are (nph-).
 */
#ifndef WM_PLUGINS_CGI_CGI_OUTPUT_H
#define WM_PLUGINS_CGI_CGI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/http_bytes.h"

#define CGI_OUTPUT_FIELDS	256

enum cgi_output_verdict {
	CGI_OUTPUT_MORE,	/* the head is not complete */
	CGI_OUTPUT_DONE,	/* everything below is true */
	CGI_OUTPUT_BAD		/* only why is true */
};

struct cgi_output_field {
	struct http_view	 name;
	struct http_view	 value;
};

/* All zero at first. Views are offsets from the first byte of buf. */
struct cgi_output {
	const char		*why;
	uint32_t		 size;		/* with the empty line */
	int			 status;	/* 0: none was given */
	struct http_view	 status_text;	/* "404 Not Found" */
	struct http_view	 location;	/* len 0: none */
	int64_t			 length;	/* -1: none */
	struct cgi_output_field	 fields[CGI_OUTPUT_FIELDS];
	uint32_t		 nfields;	/* Status is none of them */

	/* The parser's own. */
	uint32_t		 scan;		/* next byte to look at */
	uint32_t		 line;		/* first byte of this line */
	uint32_t		 nlines;
	bool			 has_length;
};

enum cgi_output_verdict cgi_output_parse(const char *buf, size_t len,
	    struct cgi_output *out);

#endif
