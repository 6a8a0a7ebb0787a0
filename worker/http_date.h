/* HTTP's dates (RFC 9110 section 5.6.7), without the locale: pure. */
#ifndef WM_WORKER_HTTP_DATE_H
#define WM_WORKER_HTTP_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_DATE_TEXT	29	/* characters of an IMF-fixdate */

/* Writes "Sun, 06 Nov 1994 08:49:37 GMT" and a NUL; years 0 to 9999. */
void	 http_date_format(int64_t seconds, char out[HTTP_DATE_TEXT + 1]);
/*
 * Reads any of the three forms, with nothing around it; the weekday's name is
 * not compared with the date. now is for two digits of a year: one that would
 * be more than 50 years ahead is the past's. False: it is no date.
 */
bool	 http_date_parse(const char *s, size_t len, int64_t now,
	    int64_t *seconds);

#endif
