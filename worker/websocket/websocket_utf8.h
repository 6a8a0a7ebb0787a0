/* Is it UTF-8? Looked at piece by piece, whatever the pieces are cut at. */
#ifndef WM_WORKER_WEBSOCKET_WEBSOCKET_UTF8_H
#define WM_WORKER_WEBSOCKET_WEBSOCKET_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero at first. Between two characters need is 0. */
struct websocket_utf8 {
	uint8_t	 need;		/* bytes of this character to come */
	uint8_t	 low;		/* what the next of them may be */
	uint8_t	 high;
};

/* False: what has come so far cannot become UTF-8. */
bool	 websocket_utf8_add(struct websocket_utf8 *u, const void *data,
	    size_t len);
/* Is this whole text UTF-8? */
bool	 websocket_utf8_is(const void *data, size_t len);

#endif
