/*
 * permessage-deflate (RFC 7692), without context takeover in either direction:
 * each message is compressed by itself. So one compressor and one decompressor
 * serve all websockets of a worker, and an open socket costs no memory for it.
 * Loop thread, or with the loop lent.
 */
#ifndef WM_WORKER_WEBSOCKET_WEBSOCKET_DEFLATE_H
#define WM_WORKER_WEBSOCKET_WEBSOCKET_DEFLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

struct websocket_message;

/*
 * Looks for an offer in a Sec-WebSocket-Extensions that can be taken: the
 * answer is added to out. False: there is none. *bits: what a message may be
 * compressed with, for websocket_deflate.
 */
bool	 websocket_deflate_choose(const char *offers, size_t len,
	    struct strbuf *out, int *bits);
/*
 * Compresses: true, and the bytes are in out; false: it cannot be done, or
 * would not be shorter.
 */
bool	 websocket_deflate(const void *data, size_t len, int bits,
	    struct strbuf *out);
/*
 * Decompresses a message in place, to at most max bytes; 0, or what the
 * websocket is to be closed with.
 */
int	 websocket_inflate(struct websocket_message **message, size_t max);
/* The worker leaves. */
void	 websocket_deflate_done(void);

#endif
