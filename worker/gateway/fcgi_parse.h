/*
 * A strict, resumable parser of the head of a FastCGI request: its records
 * BEGIN_REQUEST and PARAMS, by the rules of worker/http_parse.h but for one:
 * it joins what the PARAMS records carry, at the beginning of buf, so that no
 * variable is cut by a record's header. So it writes to bytes that it has
 * looked at already, and to no others.
 *
 * A head ends before the first record of a body (chunked is true: STDIN is
 * to be decoded by fcgi_body.h), or behind the empty STDIN of a request that
 * has none. Records of other requests' ids are skipped: one request at a time.
 *
 * HTTP_PARSE_REPLY: a record, which head->line shows as a whole, wants an
 * answer, by fcgi_reply; then call again.
 */
#ifndef WM_WORKER_GATEWAY_FCGI_PARSE_H
#define WM_WORKER_GATEWAY_FCGI_PARSE_H

#include "worker/http_parse.h"

#define FCGI_REPLY_MAX	64

enum http_parse_verdict
	 fcgi_parse(char *buf, size_t len, const struct http_limits *limits,
	    struct http_head *head);
/* The answer to the record that was found last; its length. */
size_t	 fcgi_reply(const struct http_head *head, const char *buf,
	    char out[FCGI_REPLY_MAX]);

#endif
