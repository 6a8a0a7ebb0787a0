/* Runs the gateways' parsers on bytes that come in pieces, for comparison. */
#ifndef WM_TEST_UNIT_GATEWAY_TEXT_H
#define WM_TEST_UNIT_GATEWAY_TEXT_H

#include <stddef.h>

#include "worker/http_parse.h"

typedef enum http_parse_verdict gateway_parse(char *, size_t,
    const struct http_limits *, struct http_head *);

/* uwsgi_parse and scgi_parse with the type of fcgi_parse. */
gateway_parse	 gateway_text_uwsgi, gateway_text_scgi;

/*
 * Feeds the bytes in pieces of step bytes, but the first of first, each time
 * in new memory that ends with them; a FastCGI body is decoded then. What came
 * of it, for free(). Dies where a view lies outside.
 */
char	*gateway_text_run(gateway_parse *parse, const void *data, size_t len,
	    const struct http_limits *limits, size_t first, size_t step);

#endif
