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
 *
 * modifier1 173 is a remote procedure call: the packet carries no variables,
 * but what uwsgi_array.h says, and no body follows. The head has no fields;
 * its target is the function's name, if that can be shown (visible ASCII), and
 * its size is where the texts end, which begin behind the first four bytes.
 * modifier2 is 0, or 1 for an answer without a header of its own.
 *
 * modifier1 110 raises the signal of the app's that modifier2 is
 * (uwsgi_signal.h): the packet has no content, and the head nothing at all.
 */
#ifndef WM_WORKER_GATEWAY_UWSGI_PARSE_H
#define WM_WORKER_GATEWAY_UWSGI_PARSE_H

#include "worker/http_parse.h"

#define UWSGI_MODIFIER_APP	0
#define UWSGI_MODIFIER_CGI	9
#define UWSGI_MODIFIER_SIGNAL	110
#define UWSGI_MODIFIER_RPC	173
#define UWSGI_MODIFIER_ANSWER	255	/* of what is no request */

/* modifier2 of a call. */
#define UWSGI_RPC_PACKET	0	/* the answer is a packet */
#define UWSGI_RPC_RAW		1	/* it is its bytes alone */
#define UWSGI_RPC_LONG		5	/* an answer only: a packet with
					   CONTENT_LENGTH, and so many bytes */

enum http_parse_verdict
	 uwsgi_parse(const char *buf, size_t len,
	    const struct http_limits *limits, struct http_head *head);

#endif
