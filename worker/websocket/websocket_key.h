/* What a server answers to Sec-WebSocket-Key, RFC 6455 4.2.2. */
#ifndef WM_WORKER_WEBSOCKET_WEBSOCKET_KEY_H
#define WM_WORKER_WEBSOCKET_WEBSOCKET_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEBSOCKET_ACCEPT	29	/* with a NUL */
#define WEBSOCKET_SHA1		20

/* Is it 16 bytes in base64? */
bool	 websocket_key_is_valid(const char *key, size_t len);
/* The answer; keys of up to 64 bytes. */
void	 websocket_key_accept(const char *key, size_t len,
	    char out[WEBSOCKET_ACCEPT]);
/* FIPS 180-4's SHA-1, which the protocol asks for and nothing else here uses */
void	 websocket_key_sha1(const void *data, size_t len,
	    unsigned char out[WEBSOCKET_SHA1]);

#endif
