/*
 * A strict, pure, resumable parser of SCGI requests, by the rules of
 * worker/http_parse.h: a netstring of names and values,
 *
 *	"70:" "CONTENT_LENGTH" NUL "27" NUL "SCGI" NUL "1" NUL ... ","
 *
 * CONTENT_LENGTH must be the first and SCGI among them. Behind it come
 * CONTENT_LENGTH bytes of body.
 */
#ifndef WM_WORKER_GATEWAY_SCGI_PARSE_H
#define WM_WORKER_GATEWAY_SCGI_PARSE_H

#include "worker/http_parse.h"

enum http_parse_verdict
	 scgi_parse(const char *buf, size_t len,
	    const struct http_limits *limits, struct http_head *head);

#endif
