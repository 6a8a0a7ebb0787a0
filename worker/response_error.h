/* The server's own short answers. */
#ifndef WM_WORKER_RESPONSE_ERROR_H
#define WM_WORKER_RESPONSE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A whole response, text/plain, with Connection: close, for a connection
 * without a request. Returns its length; size must be 512 or more.
 */
int	 response_format_error(char *buf, size_t size, int status,
	    bool with_body, const char *date);

#endif
