/* What a client of a websocket sends: bytes in, whole messages out. */
#include "worker/websocket/websocket_in.h"

#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "worker/websocket/websocket_deflate.h"

/* What a message gets at first, where more is announced. */
#define WEBSOCKET_FIRST		4096

/* libwslay's memory for a frame, 4 KiB, and who has it now. */
struct websocket_frames {
	struct wslay_frame_context	*context;
	struct websocket_in		*in;
};

/* One that nobody has: most frames come whole, one after the other. */
static struct websocket_frames	*websocket_in_spare;

/* Something is wrong: this is to be closed with that. */
static enum websocket_in_event
websocket_in_bad(struct websocket_in *in, int code, const char *why)
{
	in->code = code;
	in->why = why;
	return WEBSOCKET_IN_BAD;
}

/* A message of so many bytes' room. */
struct websocket_message *
websocket_message_new(size_t cap, bool text)
{
	struct websocket_message	*m;

	m = xmalloc(sizeof(*m) + cap);
	m->len = 0;
	m->cap = cap;
	m->text = text;
	return m;
}

/* Makes room. */
struct websocket_message *
websocket_message_grow(struct websocket_message *m, size_t len, size_t max)
{
	size_t	 cap = m->cap < WEBSOCKET_FIRST ? WEBSOCKET_FIRST : m->cap;

	if (len <= m->cap)
		return m;
	while (cap < len)
		cap *= 2;
	if (cap > max)
		cap = max;
	m = xrealloc(m, sizeof(*m) + cap);
	m->cap = cap;
	return m;
}

/* libwslay wants bytes. */
static ssize_t
websocket_in_recv_cb(uint8_t *buf, size_t len, int flags, void *arg)
{
	struct websocket_in	*in = ((struct websocket_frames *)arg)->in;

	(void)flags;
	if (len > in->left)
		len = in->left;
	if (len == 0)
		return 0;
	memcpy(buf, in->given, len);
	in->given += len;
	in->left -= len;
	in->inside += len;
	return (ssize_t)len;
}

/* A frame begins. */
static void
websocket_in_begin(struct websocket_in *in)
{
	static const struct wslay_frame_callbacks	 callbacks = {
		.recv_callback = websocket_in_recv_cb };

	in->inside = 0;
	in->frames = websocket_in_spare;
	websocket_in_spare = NULL;
	if (in->frames == NULL) {
		in->frames = xmalloc(sizeof(*in->frames));
		if (wslay_frame_context_init(&in->frames->context, &callbacks,
		    in->frames) != 0)
			fatalx("no memory");
	}
	in->frames->in = in;
}

/* Frees the memory, whatever is in it. */
static void
websocket_in_free(struct websocket_in *in)
{
	wslay_frame_context_free(in->frames->context);
	free(in->frames);
	in->frames = NULL;
}

/* Gives it back; nothing is in it. */
static void
websocket_in_rest(struct websocket_in *in)
{
	if (websocket_in_spare != NULL) {
		websocket_in_free(in);
		return;
	}
	websocket_in_spare = in->frames;
	in->frames = NULL;
}

/* Ready for a client's first byte. */
void
websocket_in_init(struct websocket_in *in, size_t max, bool deflate)
{
	memset(in, 0, sizeof(*in));
	in->max = max;
	in->deflate = deflate;
}

/* Frees what is there. */
void
websocket_in_done(struct websocket_in *in)
{
	if (in->frames != NULL)
		websocket_in_free(in);
	free(in->message);
	in->message = NULL;
}

/* These are the next bytes. */
void
websocket_in_give(struct websocket_in *in, const void *data, size_t len)
{
	in->given = data;
	in->left = len;
}

/* The message is the caller's. */
struct websocket_message *
websocket_in_take(struct websocket_in *in)
{
	struct websocket_message	*m = in->message;

	in->message = NULL;
	return m;
}

/* May it stand in a close frame? */
bool
websocket_code_is_valid(int code)
{
	return (code >= 1000 && code <= 1003) ||
	    (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

/* The first frame of a message. */
static enum websocket_in_event
websocket_in_begin_message(struct websocket_in *in,
    const struct wslay_frame_iocb *frame)
{
	if (in->in_message)
		return websocket_in_bad(in, WEBSOCKET_PROTOCOL,
		    "a message begins within another one");
	in->in_message = true;
	in->is_text = frame->opcode == WSLAY_TEXT_FRAME;
	in->is_deflated = frame->rsv != 0;
	memset(&in->utf8, 0, sizeof(in->utf8));
	return WEBSOCKET_IN_MORE;
}

/* Room for a data frame's payload, if it may be so long. */
static enum websocket_in_event
websocket_in_room(struct websocket_in *in,
    const struct wslay_frame_iocb *frame)
{
	size_t	 before = in->message == NULL ? 0 : in->message->len;
	size_t	 first = WEBSOCKET_FIRST;

	if (frame->payload_length > in->max - before)
		return websocket_in_bad(in, WEBSOCKET_TOO_BIG,
		    "the message is too long");
	if (first > frame->payload_length)
		first = (size_t)frame->payload_length;
	if (in->message == NULL)
		in->message = websocket_message_new(first, in->is_text);
	return WEBSOCKET_IN_MORE;
}

/* A frame's head has come: may it be? */
static enum websocket_in_event
websocket_in_head(struct websocket_in *in,
    const struct wslay_frame_iocb *frame)
{
	const bool		 may_deflate = in->deflate &&
	    (frame->opcode == WSLAY_TEXT_FRAME ||
	    frame->opcode == WSLAY_BINARY_FRAME);
	enum websocket_in_event	 result = WEBSOCKET_IN_MORE;

	in->in_frame = true;
	in->frame_got = 0;
	if (!frame->mask)
		return websocket_in_bad(in, WEBSOCKET_PROTOCOL,
		    "a frame is not masked");
	if ((frame->rsv & ~(may_deflate ? WSLAY_RSV1_BIT : 0)) != 0)
		return websocket_in_bad(in, WEBSOCKET_PROTOCOL,
		    "a reserved bit is set");
	switch (frame->opcode) {
	case WSLAY_TEXT_FRAME:
	case WSLAY_BINARY_FRAME:
		result = websocket_in_begin_message(in, frame);
		break;
	case WSLAY_CONTINUATION_FRAME:
		if (!in->in_message)
			result = websocket_in_bad(in, WEBSOCKET_PROTOCOL,
			    "a message goes on that has not begun");
		break;
	case WSLAY_CONNECTION_CLOSE:
	case WSLAY_PING:
	case WSLAY_PONG:
		in->control_len = 0;
		return WEBSOCKET_IN_MORE;
	default:
		return websocket_in_bad(in, WEBSOCKET_PROTOCOL,
		    "the opcode is reserved");
	}
	return result != WEBSOCKET_IN_MORE ? result :
	    websocket_in_room(in, frame);
}

/* A piece of a message. */
static enum websocket_in_event
websocket_in_data(struct websocket_in *in, const unsigned char *data,
    size_t len)
{
	struct websocket_message	*m;

	m = websocket_message_grow(in->message, in->message->len + len,
	    in->max);
	in->message = m;
	memcpy(m->data + m->len, data, len);
	m->len += len;
	if (in->is_text && !in->is_deflated &&
	    !websocket_utf8_add(&in->utf8, data, len))
		return websocket_in_bad(in, WEBSOCKET_INVALID,
		    "the text is not UTF-8");
	return WEBSOCKET_IN_MORE;
}

/* A message's last frame is over. */
static enum websocket_in_event
websocket_in_end_message(struct websocket_in *in)
{
	int	 code;

	in->in_message = false;
	if (in->is_deflated) {
		code = websocket_inflate(&in->message, in->max);
		if (code != 0)
			return websocket_in_bad(in, code,
			    code == WEBSOCKET_TOO_BIG ?
			    "the message is too long" :
			    "the message cannot be decompressed");
		if (in->is_text && !websocket_utf8_is(in->message->data,
		    in->message->len))
			return websocket_in_bad(in, WEBSOCKET_INVALID,
			    "the text is not UTF-8");
	} else if (in->is_text && in->utf8.need != 0)
		return websocket_in_bad(in, WEBSOCKET_INVALID,
		    "the text is not UTF-8");
	return WEBSOCKET_IN_MESSAGE;
}

/* A close frame is whole: the code, and control becomes the reason. */
static enum websocket_in_event
websocket_in_close(struct websocket_in *in)
{
	in->code = 0;
	if (in->control_len == 0)
		return WEBSOCKET_IN_CLOSE;
	if (in->control_len == 1)
		return websocket_in_bad(in, WEBSOCKET_PROTOCOL,
		    "half a close code");
	in->code = in->control[0] << 8 | in->control[1];
	in->control_len -= 2;
	memmove(in->control, in->control + 2, in->control_len);
	if (!websocket_code_is_valid(in->code))
		return websocket_in_bad(in, WEBSOCKET_PROTOCOL,
		    "the close code may not be sent");
	if (!websocket_utf8_is(in->control, in->control_len))
		return websocket_in_bad(in, WEBSOCKET_INVALID,
		    "the reason is not UTF-8");
	return WEBSOCKET_IN_CLOSE;
}

/* The bytes that a frame is long, its head included. */
static size_t
websocket_in_frame_size(const struct wslay_frame_iocb *frame)
{
	const uint64_t	 len = frame->payload_length;

	return (size_t)len + 2 + 4 + (len > 65535 ? 8 : len > 125 ? 2 : 0);
}

/* A frame is over. */
static enum websocket_in_event
websocket_in_end(struct websocket_in *in, const struct wslay_frame_iocb *frame)
{
	in->in_frame = false;
	in->inside -= websocket_in_frame_size(frame);
	switch (frame->opcode) {
	case WSLAY_PING:
		return WEBSOCKET_IN_PING;
	case WSLAY_PONG:
		return WEBSOCKET_IN_PONG;
	case WSLAY_CONNECTION_CLOSE:
		return websocket_in_close(in);
	default:
		return frame->fin ? websocket_in_end_message(in) :
		    WEBSOCKET_IN_MORE;
	}
}

/* A piece of a frame, perhaps its last. */
static enum websocket_in_event
websocket_in_piece(struct websocket_in *in,
    const struct wslay_frame_iocb *frame)
{
	enum websocket_in_event	 result = WEBSOCKET_IN_MORE;

	if (!in->in_frame)
		result = websocket_in_head(in, frame);
	if (result != WEBSOCKET_IN_MORE)
		return result;
	if (wslay_is_ctrl_frame(frame->opcode)) {
		memcpy(in->control + in->control_len, frame->data,
		    frame->data_length);
		in->control_len += frame->data_length;
	} else if (frame->data_length > 0) {
		result = websocket_in_data(in, frame->data,
		    frame->data_length);
	}
	in->frame_got += frame->data_length;
	if (result != WEBSOCKET_IN_MORE ||
	    in->frame_got < frame->payload_length)
		return result;
	return websocket_in_end(in, frame);
}

/* The next thing that has come. */
enum websocket_in_event
websocket_in_next(struct websocket_in *in)
{
	struct wslay_frame_iocb	 frame;
	enum websocket_in_event	 result;
	ssize_t			 n;

	for (;;) {
		if (in->frames == NULL && in->left == 0)
			return WEBSOCKET_IN_MORE;
		if (in->frames == NULL)
			websocket_in_begin(in);
		memset(&frame, 0, sizeof(frame));
		n = wslay_frame_recv(in->frames->context, &frame);
		if (n == WSLAY_ERR_WANT_READ && in->left == 0)
			break;
		if (n == WSLAY_ERR_WANT_READ)
			continue;
		if (n < 0)
			return websocket_in_bad(in, WEBSOCKET_PROTOCOL,
			    "a frame is malformed");
		result = websocket_in_piece(in, &frame);
		if (result != WEBSOCKET_IN_MORE)
			return result;
	}
	if (in->inside == 0 && !in->in_frame)
		websocket_in_rest(in);
	return WEBSOCKET_IN_MORE;
}
