/*
 * Decodes chunked bodies, a byte of framing or a piece of data at a time.
 */
#include "worker/http_chunked.h"

/* What byte is expected next. DONE and BAD are last. */
enum {
	STATE_SIZE_FIRST,
	STATE_SIZE,
	STATE_SIZE_SPACE,	/* white space that must lead to a ';' */
	STATE_EXTENSION,
	STATE_QUOTED,		/* in an extension's quoted string */
	STATE_ESCAPED,		/* behind a backslash in there */
	STATE_SIZE_LF,
	STATE_DATA,
	STATE_DATA_CR,
	STATE_DATA_LF,
	STATE_TRAILER_FIRST,	/* a name's first byte, or the last CR */
	STATE_TRAILER_NAME,
	STATE_TRAILER_VALUE,
	STATE_TRAILER_LF,
	STATE_END_LF,
	STATE_DONE,
	STATE_BAD
};

/* Bytes of a size line that are never counted as waste. */
#define LINE_FREE	16

/* End with this status. */
static void
chunked_bad(struct http_chunked *st, int status, const char *why)
{
	st->status = status;
	st->why = why;
	st->state = STATE_BAD;
}

/* Go on to this state if the byte is the wanted one. */
static void
chunked_want(struct http_chunked *st, char c, char wanted, uint8_t state,
    const char *why)
{
	if (c == wanted)
		st->state = state;
	else
		chunked_bad(st, 400, why);
}

/* Take a digit of the chunk's size. */
static void
chunked_digit(struct http_chunked *st, char c)
{
	const int	digit = http_hex_value((unsigned char)c);

	if (digit < 0)
		chunked_bad(st, 400, "bad chunk size");
	else if (st->left > INT64_MAX >> 4)
		chunked_bad(st, 400, "huge chunk size");
	else {
		st->left = st->left << 4 | (unsigned)digit;
		st->state = STATE_SIZE;
	}
}

/* May this byte stand in an extension outside of quotes? */
static bool
extension_byte(char c)
{
	return http_token_lower[(unsigned char)c] != 0 || c == ';' ||
	    c == '=' || http_ows_byte((unsigned char)c);
}

/* Take a byte of an extension, which nobody wants to know. */
static void
chunked_extension(struct http_chunked *st, char c)
{
	const bool	quoted = st->state != STATE_EXTENSION;

	if (c == '\r' && !quoted)
		st->state = STATE_SIZE_LF;
	else if (quoted && !http_value_byte((unsigned char)c))
		chunked_bad(st, 400, "bad byte in quoted chunk extension");
	else if (st->state == STATE_ESCAPED)
		st->state = STATE_QUOTED;
	else if (c == '"')
		st->state = quoted ? STATE_EXTENSION : STATE_QUOTED;
	else if (quoted && c == '\\')
		st->state = STATE_ESCAPED;
	else if (!quoted && !extension_byte(c))
		chunked_bad(st, 400, "bad byte in chunk extension");
}

/* Take a byte of the size line after the first digit. */
static void
chunked_size_line(struct http_chunked *st, char c)
{
	if (st->state >= STATE_EXTENSION)
		chunked_extension(st, c);
	else if (c == '\r' && st->state == STATE_SIZE)
		st->state = STATE_SIZE_LF;
	else if (c == ';')
		st->state = STATE_EXTENSION;
	else if (http_ows_byte((unsigned char)c))
		st->state = STATE_SIZE_SPACE;
	else if (st->state == STATE_SIZE)
		chunked_digit(st, c);
	else
		chunked_bad(st, 400, "bad byte after chunk size");
	if (st->state < STATE_SIZE_LF && ++st->line > HTTP_CHUNKED_LINE_MAX)
		chunked_bad(st, 400, "chunk size line too long");
}

/*
 * Take the LF of a size line. A peer that sends much framing for little data
 * costs us time that no bound on the data would notice.
 */
static void
chunked_size_end(struct http_chunked *st, char c)
{
	chunked_want(st, c, '\n',
	    st->left > 0 ? STATE_DATA : STATE_TRAILER_FIRST, "bare CR");
	if (st->line > st->left + LINE_FREE)
		st->waste += st->line - (uint32_t)st->left - LINE_FREE;
	st->line = 0;
	if (st->waste > st->limits.max_head)
		chunked_bad(st, 400, "too much chunk framing");
}

/* Take the first byte of a trailer field, or of the end. */
static void
chunked_trailer_first(struct http_chunked *st, char c)
{
	if (c == '\r')
		st->state = STATE_END_LF;
	else if (http_token_lower[(unsigned char)c] == 0)
		chunked_bad(st, 400, "bad byte in trailer name");
	else if (st->ntrailers++ == st->limits.max_fields)
		chunked_bad(st, 431, "too many trailers");
	else
		st->state = STATE_TRAILER_NAME;
}

/* Take another byte of a trailer field. */
static void
chunked_trailer(struct http_chunked *st, char c)
{
	if (st->state == STATE_TRAILER_VALUE) {
		if (c == '\r')
			st->state = STATE_TRAILER_LF;
		else if (!http_value_byte((unsigned char)c))
			chunked_bad(st, 400, "bad byte in trailer value");
	} else if (c == ':')
		st->state = STATE_TRAILER_VALUE;
	else if (http_token_lower[(unsigned char)c] == 0)
		chunked_bad(st, 400, "bad byte in trailer name");
}

/* Take a byte of framing. */
static void
chunked_byte(struct http_chunked *st, char c)
{
	if (st->state >= STATE_TRAILER_FIRST &&
	    st->trailer++ == st->limits.max_head) {
		chunked_bad(st, 431, "trailers too long");
		return;
	}
	switch (st->state) {
	case STATE_SIZE_FIRST:
		chunked_digit(st, c);
		st->line = 1;
		break;
	case STATE_SIZE:
	case STATE_SIZE_SPACE:
	case STATE_EXTENSION:
	case STATE_QUOTED:
	case STATE_ESCAPED:
		chunked_size_line(st, c);
		break;
	case STATE_SIZE_LF:
		chunked_size_end(st, c);
		break;
	case STATE_DATA_CR:
		chunked_want(st, c, '\r', STATE_DATA_LF,
		    "chunk longer than its size");
		break;
	case STATE_DATA_LF:
		chunked_want(st, c, '\n', STATE_SIZE_FIRST, "bare CR");
		break;
	case STATE_TRAILER_FIRST:
		chunked_trailer_first(st, c);
		break;
	case STATE_TRAILER_NAME:
	case STATE_TRAILER_VALUE:
		chunked_trailer(st, c);
		break;
	case STATE_TRAILER_LF:
		chunked_want(st, c, '\n', STATE_TRAILER_FIRST, "bare CR");
		break;
	case STATE_END_LF:
		chunked_want(st, c, '\n', STATE_DONE, "bare CR");
		break;
	}
}

/* Make ready for a body. */
void
http_chunked_init(struct http_chunked *st, const struct http_limits *limits)
{
	*st = (struct http_chunked){ .limits = *limits };
}

/* Go on with these bytes up to the first piece of data. */
enum http_chunked_verdict
http_chunked_decode(struct http_chunked *st, const char *in, size_t inlen,
    size_t *used, const char **data, size_t *datalen)
{
	size_t	i = 0;

	while (i < inlen && st->state != STATE_DATA && st->state < STATE_DONE)
		chunked_byte(st, in[i++]);
	*used = i;
	if (st->state == STATE_BAD)
		return HTTP_CHUNKED_BAD;
	if (st->state == STATE_DONE)
		return HTTP_CHUNKED_DONE;
	if (i == inlen)
		return HTTP_CHUNKED_MORE;

	*data = in + i;
	*datalen = inlen - i < st->left ? inlen - i : (size_t)st->left;
	*used += *datalen;
	st->left -= *datalen;
	if (st->left == 0)
		st->state = STATE_DATA_CR;
	return HTTP_CHUNKED_DATA;
}
