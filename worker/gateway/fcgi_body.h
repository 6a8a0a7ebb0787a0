/*
 * A strict, pure, incremental decoder of FastCGI bodies: the STDIN records of
 * a request up to the empty one, which must carry CONTENT_LENGTH bytes if that
 * was given. Used as http_chunked.h says, on the same struct.
 */
#ifndef WM_WORKER_GATEWAY_FCGI_BODY_H
#define WM_WORKER_GATEWAY_FCGI_BODY_H

#include "worker/http_chunked.h"

void	 fcgi_body_init(struct http_chunked *st,
	    const struct http_limits *limits, const struct http_head *head);
enum http_chunked_verdict
	 fcgi_body_decode(struct http_chunked *st, const char *in,
	    size_t inlen, size_t *used, const char **data, size_t *datalen);

#endif
