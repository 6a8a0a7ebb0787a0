/*
 * A strict, pure, resumable parser of uwsgi packets, by the rules of
 * worker/http_parse.h:
 *
 *	modifier1  datasize (2 bytes, little endian)  modifier2
 *	datasize bytes: (length, name, length, value)..., lengths of 2 bytes
 *
 * Behind the packet come CONTENT_LENGTH bytes of body. modifier1 is 0 (an app)
 * or 9 (CGI), modifier2 0: others are refused with 501. A packet, its four
 * bytes included, above limits->max_head (buffer-size): 431.
 */
#ifndef WM_WORKER_GATEWAY_UWSGI_PARSE_H
#define WM_WORKER_GATEWAY_UWSGI_PARSE_H

#include "worker/http_parse.h"

#define UWSGI_MODIFIER_APP	0
#define UWSGI_MODIFIER_CGI	9

enum http_parse_verdict
	 uwsgi_parse(const char *buf, size_t len,
	    const struct http_limits *limits, struct http_head *head);

#endif
