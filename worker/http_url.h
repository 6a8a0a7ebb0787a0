/*
 * Request targets (RFC 9112 section 3.2): their parts, and percent decoding.
 * Pure functions of bytes.
 */
#ifndef WM_WORKER_HTTP_URL_H
#define WM_WORKER_HTTP_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "worker/http_bytes.h"

enum http_url_form {
	HTTP_URL_ORIGIN,	/* /path?query */
	HTTP_URL_ABSOLUTE,	/* http://authority/path?query */
	HTTP_URL_AUTHORITY,	/* host:port, for CONNECT */
	HTTP_URL_ASTERISK	/* *, for OPTIONS */
};

/* The parts of a target, by offset from its first byte; not decoded. */
struct http_url {
	enum http_url_form	 form;
	struct http_view	 authority;
	struct http_view	 path;		/* may be empty: means "/" */
	struct http_view	 query;		/* without the '?' */
	bool			 has_query;
};

/*
 * Take a target apart at the first '?'; nothing is decoded or removed. NULL,
 * or what is wrong with it (a constant). Does not look for bytes that may not
 * stand in a target at all: http_scan_target has done that.
 */
const char	*http_url_split(const char *target, size_t len,
		    struct http_url *url);

/*
 * Is this host[:port] as in RFC 3986: a name, IPv4 address or [IPv6] without
 * user part, port 0 to 65535 or empty? The empty string is.
 */
bool		 http_url_host_ok(const char *host, size_t len);

/*
 * Decode %XX from in to out, which has room for len bytes and may be the
 * same. What is not two hexadecimal digits is left as it is, and so is '+'.
 * False if a byte comes out as NUL (answer 400); else *outlen is set.
 */
bool		 http_url_decode(const char *in, size_t len, char *out,
		    size_t *outlen);

/* Has this decoded path a segment "." or ".." ? */
bool		 http_url_has_dots(const char *path, size_t len);

#endif
