/* permessage-deflate (RFC 7692): each message by itself. */
#include "worker/websocket/websocket_deflate.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "build_config.h"
#include "worker/websocket/websocket_in.h"

#ifdef WM_HAVE_DEFLATE

#include <zlib.h>

#define DEFLATE_BITS_LEAST	9	/* zlib's; 8 is not to be had */
#define DEFLATE_BITS		15
#define DEFLATE_LEVEL		6
#define DEFLATE_MEMORY		8
#define DEFLATE_FIRST		16384

/* What a compressed message lacks of its last block, and its end. */
static const unsigned char	 deflate_tail[4] = { 0x00, 0x00, 0xff, 0xff };

/* The worker's; the process has one. */
static struct {
	z_stream	 out[DEFLATE_BITS + 1];	/* by the bits */
	bool		 has_out[DEFLATE_BITS + 1];
	z_stream	 in;
	bool		 has_in;
} deflate_streams;

/* One offer, as it is read. */
struct deflate_offer {
	bool	 ours;		/* its name is permessage-deflate */
	bool	 bad;		/* something that we do not know, or twice */
	unsigned seen;		/* which parameters */
	int	 bits;		/* server_max_window_bits */
};

/* A piece of a text. */
struct deflate_word {
	const char	*s;
	size_t		 len;
};

/* Without white space around it. */
static struct deflate_word
deflate_trim(const char *s, size_t len)
{
	while (len > 0 && (*s == ' ' || *s == '\t')) {
		s++;
		len--;
	}
	while (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\t'))
		len--;
	return (struct deflate_word){ s, len };
}

/* Is it this word, in whatever case? */
static bool
deflate_is(struct deflate_word w, const char *text)
{
	return w.len == strlen(text) && strncasecmp(w.s, text, w.len) == 0;
}

/* Window bits, perhaps quoted: 8..15, or 0. */
static int
deflate_bits(struct deflate_word w)
{
	int	 bits = 0;
	size_t	 i;

	if (w.len >= 2 && w.s[0] == '"' && w.s[w.len - 1] == '"') {
		w.s++;
		w.len -= 2;
	}
	if (w.len == 0 || w.len > 2 || w.s[0] == '0')
		return 0;
	for (i = 0; i < w.len; i++) {
		if (w.s[i] < '0' || w.s[i] > '9')
			return 0;
		bits = bits * 10 + (w.s[i] - '0');
	}
	return bits >= 8 && bits <= 15 ? bits : 0;
}

/* One parameter of an offer. */
static void
deflate_parameter(struct deflate_offer *o, struct deflate_word w)
{
	static const char *const	 names[] = {
		"server_no_context_takeover", "client_no_context_takeover",
		"server_max_window_bits", "client_max_window_bits" };
	const char			*eq = memchr(w.s, '=', w.len);
	struct deflate_word		 name = w, value = { NULL, 0 };
	unsigned			 i;

	if (eq != NULL) {
		name = deflate_trim(w.s, (size_t)(eq - w.s));
		value = deflate_trim(eq + 1, w.len - 1 - (size_t)(eq - w.s));
	}
	for (i = 0; i < 4 && !deflate_is(name, names[i]); i++)
		;
	if (i == 4 || (o->seen & 1u << i) != 0 || (i < 2 && eq != NULL) ||
	    (i == 2 && deflate_bits(value) < DEFLATE_BITS_LEAST) ||
	    (i == 3 && eq != NULL && deflate_bits(value) == 0))
		o->bad = true;
	else if (i == 2)
		o->bits = deflate_bits(value);
	o->seen |= 1u << (i & 3);
}

/* The end of a word that ends with this, which may be quoted. */
static size_t
deflate_until(const char *s, size_t len, char stop)
{
	bool	 quoted = false;
	size_t	 i;

	for (i = 0; i < len && (quoted || s[i] != stop); i++)
		if (s[i] == '"')
			quoted = !quoted;
	return i;
}

/* Reads one offer. */
static struct deflate_offer
deflate_read(const char *s, size_t len)
{
	struct deflate_offer	 o = { .bits = DEFLATE_BITS };
	size_t			 n = deflate_until(s, len, ';');

	o.ours = deflate_is(deflate_trim(s, n), "permessage-deflate");
	while (o.ours && n < len) {
		s += n + 1;
		len -= n + 1;
		n = deflate_until(s, len, ';');
		deflate_parameter(&o, deflate_trim(s, n));
	}
	return o;
}

/* Takes the first offer that it can. */
bool
websocket_deflate_choose(const char *offers, size_t len, struct strbuf *out,
    int *bits)
{
	struct deflate_offer	 o;
	size_t			 n;

	for (;;) {
		n = deflate_until(offers, len, ',');
		o = deflate_read(offers, n);
		if (o.ours && !o.bad)
			break;
		if (n == len)
			return false;
		offers += n + 1;
		len -= n + 1;
	}
	*bits = o.bits;
	strbuf_adds(out, "permessage-deflate; server_no_context_takeover; "
	    "client_no_context_takeover");
	if ((o.seen & 1u << 2) != 0)
		strbuf_addf(out, "; server_max_window_bits=%d", o.bits);
	return true;
}

/* The compressor for these bits, ready for a message; NULL: no memory. */
static z_stream *
deflate_stream(int bits)
{
	z_stream	*z = &deflate_streams.out[bits];

	if (deflate_streams.has_out[bits])
		return deflateReset(z) == Z_OK ? z : NULL;
	if (deflateInit2(z, DEFLATE_LEVEL, Z_DEFLATED, -bits, DEFLATE_MEMORY,
	    Z_DEFAULT_STRATEGY) != Z_OK)
		return NULL;
	deflate_streams.has_out[bits] = true;
	return z;
}

/* Compresses. */
bool
websocket_deflate(const void *data, size_t len, int bits, struct strbuf *out)
{
	z_stream	*z = deflate_stream(bits);
	size_t		 tail = sizeof(deflate_tail);

	if (z == NULL || len == 0 || len > UINT32_MAX)
		return false;
	strbuf_reserve(out, len + tail);
	z->next_in = (unsigned char *)data;
	z->avail_in = (unsigned)len;
	z->next_out = (unsigned char *)out->buf + out->len;
	z->avail_out = (unsigned)(len + tail);
	if (deflate(z, Z_SYNC_FLUSH) != Z_OK || z->avail_in != 0 ||
	    z->avail_out == 0)
		return false;
	out->len += len + tail - z->avail_out;
	if (out->len < tail || memcmp(out->buf + out->len - tail,
	    deflate_tail, tail) != 0)
		return false;
	out->len -= tail;
	return true;
}

/* The decompressor, ready for a message; NULL: no memory. */
static z_stream *
inflate_stream(void)
{
	z_stream	*z = &deflate_streams.in;

	if (deflate_streams.has_in)
		return inflateReset(z) == Z_OK ? z : NULL;
	if (inflateInit2(z, -DEFLATE_BITS) != Z_OK)
		return NULL;
	deflate_streams.has_in = true;
	return z;
}

/*
 * Puts all that comes out behind to, and a byte more than max at most; 0, or a
 * close code.
 */
static int
inflate_piece(z_stream *z, const unsigned char *data, size_t len,
    struct websocket_message **to, size_t max)
{
	struct websocket_message	*m = *to;
	size_t				 room;
	int				 result = Z_OK;

	z->next_in = (unsigned char *)data;
	z->avail_in = (unsigned)len;
	do {
		if (m->len == m->cap) {
			m = *to = websocket_message_grow(m, m->len + 1,
			    max + 1);
			if (m->len == m->cap)
				return WEBSOCKET_TOO_BIG;
		}
		room = m->cap - m->len;
		if (room > 1u << 30)
			room = 1u << 30;
		z->next_out = m->data + m->len;
		z->avail_out = (unsigned)room;
		result = inflate(z, Z_SYNC_FLUSH);
		m->len += room - z->avail_out;
		/* A last block ends a stream; another one may follow. */
		if (result == Z_STREAM_END && z->avail_in > 0)
			result = inflateReset(z) == Z_OK ? Z_OK : Z_DATA_ERROR;
	} while (result == Z_OK && (z->avail_in > 0 || z->avail_out == 0));
	return result == Z_OK || result == Z_BUF_ERROR ||
	    result == Z_STREAM_END ? 0 : WEBSOCKET_INVALID;
}

/* Decompresses. */
int
websocket_inflate(struct websocket_message **message, size_t max)
{
	struct websocket_message	*in = *message, *out;
	z_stream			*z = inflate_stream();
	size_t				 first = DEFLATE_FIRST;
	int				 code;

	if (z == NULL || in->len > UINT32_MAX)
		return WEBSOCKET_INTERNAL;
	if (first > max)
		first = max;
	out = websocket_message_new(first, in->text);
	code = inflate_piece(z, in->data, in->len, &out, max);
	if (code == 0)
		code = inflate_piece(z, deflate_tail, sizeof(deflate_tail),
		    &out, max);
	if (code == 0 && out->len > max)
		code = WEBSOCKET_TOO_BIG;
	free(in);
	*message = out;
	return code;
}

/* Frees them. */
void
websocket_deflate_done(void)
{
	int	 i;

	for (i = 0; i <= DEFLATE_BITS; i++) {
		if (deflate_streams.has_out[i])
			deflateEnd(&deflate_streams.out[i]);
		deflate_streams.has_out[i] = false;
	}
	if (deflate_streams.has_in)
		inflateEnd(&deflate_streams.in);
	deflate_streams.has_in = false;
}

#else

/* Not built in. */
bool
websocket_deflate_choose(const char *offers, size_t len, struct strbuf *out,
    int *bits)
{
	(void)offers, (void)len, (void)out, (void)bits;
	return false;
}

/* The same. */
bool
websocket_deflate(const void *data, size_t len, int bits, struct strbuf *out)
{
	(void)data, (void)len, (void)bits, (void)out;
	return false;
}

/* The same. */
int
websocket_inflate(struct websocket_message **message, size_t max)
{
	(void)message, (void)max;
	return WEBSOCKET_PROTOCOL;
}

/* The same. */
void
websocket_deflate_done(void)
{
}

#endif
