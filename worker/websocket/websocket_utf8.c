/* Is it UTF-8? Looked at piece by piece, whatever the pieces are cut at. */
#include "worker/websocket/websocket_utf8.h"

#include <string.h>

#define UTF8_HIGH_BITS	UINT64_C(0x8080808080808080)

/* A character's first byte; false: it is none. */
static bool
websocket_utf8_first(struct websocket_utf8 *u, uint8_t byte)
{
	u->low = 0x80;
	u->high = 0xbf;
	if (byte < 0xc2 || byte > 0xf4)
		return false;
	u->need = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
	if (byte == 0xe0)		/* longer than it need be */
		u->low = 0xa0;
	else if (byte == 0xed)		/* half of a pair of UTF-16's */
		u->high = 0x9f;
	else if (byte == 0xf0)
		u->low = 0x90;
	else if (byte == 0xf4)		/* beyond U+10FFFF */
		u->high = 0x8f;
	return true;
}

/* How many ASCII characters it begins with, in steps of eight. */
static size_t
websocket_utf8_ascii(const uint8_t *in, size_t len)
{
	uint64_t	 word;
	size_t		 i;

	for (i = 0; len - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, in + i, sizeof(word));
		if ((word & UTF8_HIGH_BITS) != 0)
			break;
	}
	return i;
}

/* Looks at the next piece. */
bool
websocket_utf8_add(struct websocket_utf8 *u, const void *data, size_t len)
{
	const uint8_t	*in = data;
	size_t		 i = 0;

	while (i < len) {
		if (u->need == 0)
			i += websocket_utf8_ascii(in + i, len - i);
		if (i == len)
			break;
		if (u->need == 0) {
			if (in[i] >= 0x80 && !websocket_utf8_first(u, in[i]))
				return false;
		} else if (in[i] < u->low || in[i] > u->high) {
			return false;
		} else {
			u->low = 0x80;
			u->high = 0xbf;
			u->need--;
		}
		i++;
	}
	return true;
}

/* A whole text. */
bool
websocket_utf8_is(const void *data, size_t len)
{
	struct websocket_utf8	 u = { 0 };

	return websocket_utf8_add(&u, data, len) && u.need == 0;
}
