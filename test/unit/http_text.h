/* Prints what the HTTP parser found, to compare it. */
#ifndef WM_TEST_UNIT_HTTP_TEXT_H
#define WM_TEST_UNIT_HTTP_TEXT_H

#include <stdio.h>

#include "worker/http_parse.h"

/* All that is public of a head, one item a line; after DONE only. */
void	 http_text_print(FILE *out, const struct http_head *head,
	    const char *buf);

/* The same for any verdict, as a string for free(). */
char	*http_text_new(enum http_parse_verdict verdict,
	    const struct http_head *head, const char *buf);

#endif
