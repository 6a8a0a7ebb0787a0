/*
 * What a client of a websocket sends, on libwslay's frames: bytes in, whole
 * messages and control frames out. Pure: no sockets, no log, no clock; whoever
 * calls does what follows.
 *
 *	websocket_in_init(&in, max, deflate);
 *	websocket_in_give(&in, bytes, n);	then, until MORE:
 *	switch (websocket_in_next(&in)) {
 *	case WEBSOCKET_IN_MORE:		all that was given is used up
 *	case WEBSOCKET_IN_MESSAGE:	websocket_in_take(): the caller's
 *	case WEBSOCKET_IN_PING:		in.control; to be answered
 *	case WEBSOCKET_IN_PONG:		in.control
 *	case WEBSOCKET_IN_CLOSE:	in.code (0: none), in.control: reason
 *	case WEBSOCKET_IN_BAD:		in.code to close with, in.why
 *	}
 *
 * After CLOSE and BAD nothing more may be given. The bytes that were given must
 * stay until they are used up; websocket_in_left tells how many are not.
 *
 * What RFC 6455 asks of a server is checked here: clients mask; reserved bits
 * and opcodes are errors, but for RSV1 on a message's first frame where
 * permessage-deflate is agreed; control frames are short and whole, and may
 * stand between the fragments of a message; a message is no longer than max,
 * fragmented, compressed or not; text is UTF-8, which is noticed at the first
 * byte that cannot be. How the bytes were cut never changes what comes out.
 *
 * Memory: a message's grows with what has come of it, not with what its frame
 * announces. Between two frames there is none.
 */
#ifndef WM_WORKER_WEBSOCKET_WEBSOCKET_IN_H
#define WM_WORKER_WEBSOCKET_WEBSOCKET_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "worker/websocket/websocket_utf8.h"

#define WEBSOCKET_CONTROL	125	/* a control frame's payload */

/* Why a websocket ends, RFC 6455 7.4.1. */
enum websocket_code {
	WEBSOCKET_NORMAL = 1000,
	WEBSOCKET_GOING_AWAY = 1001,
	WEBSOCKET_PROTOCOL = 1002,
	WEBSOCKET_NO_STATUS = 1005,	/* a close frame without a code */
	WEBSOCKET_ABNORMAL = 1006,	/* no close frame came */
	WEBSOCKET_INVALID = 1007,	/* text that is not UTF-8 */
	WEBSOCKET_TOO_BIG = 1009,
	WEBSOCKET_INTERNAL = 1011,
	WEBSOCKET_RESTART = 1012
};

enum websocket_in_event {
	WEBSOCKET_IN_MORE,
	WEBSOCKET_IN_MESSAGE,
	WEBSOCKET_IN_PING,
	WEBSOCKET_IN_PONG,
	WEBSOCKET_IN_CLOSE,
	WEBSOCKET_IN_BAD
};

/* A message; free() frees it. */
struct websocket_message {
	STAILQ_ENTRY(websocket_message)	 link;
	size_t				 len;
	size_t				 cap;
	bool				 text;
	unsigned char			 data[];
};

STAILQ_HEAD(websocket_messages, websocket_message);

struct websocket_frames;

struct websocket_in {
	size_t				 max;		/* of a message */
	bool				 deflate;	/* is agreed */
	/* What is to be looked at. */
	const unsigned char		*given;
	size_t				 left;
	/* libwslay's; NULL between two frames. */
	struct websocket_frames		*frames;
	size_t				 inside;	/* its bytes of frames
							   that are not over */
	/* The frame. */
	bool				 in_frame;
	uint64_t			 frame_got;	/* of its payload */
	/* The message that is not whole yet. */
	struct websocket_message	*message;
	bool				 in_message;
	bool				 is_text;
	bool				 is_deflated;
	struct websocket_utf8		 utf8;
	/* What the last event is about. */
	unsigned char			 control[WEBSOCKET_CONTROL];
	size_t				 control_len;
	int				 code;
	const char			*why;
};

void	 websocket_in_init(struct websocket_in *in, size_t max, bool deflate);
void	 websocket_in_done(struct websocket_in *in);
void	 websocket_in_give(struct websocket_in *in, const void *data,
	    size_t len);
enum websocket_in_event websocket_in_next(struct websocket_in *in);
/* After MESSAGE: the caller's from now on; never NULL then. */
struct websocket_message *websocket_in_take(struct websocket_in *in);
/* May a close frame carry this code (of an app's or a client's)? */
bool	 websocket_code_is_valid(int code);

/* A message of so many bytes' room, empty. */
struct websocket_message *websocket_message_new(size_t cap, bool text);
/* Makes room for len bytes in all, at most max; it may move. */
struct websocket_message *websocket_message_grow(
	    struct websocket_message *message, size_t len, size_t max);

#endif
