/* What a server answers to Sec-WebSocket-Key, RFC 6455 4.2.2. */
#include "worker/websocket/websocket_key.h"

#include <string.h>

#include "base/log.h"

#define KEY_LEN		24
#define KEY_MAX		64
#define SHA1_BLOCK	64

static const char	 key_guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
static const char	 key_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Turns a word to the left. */
static inline uint32_t
sha1_turn(uint32_t word, int n)
{
	return word << n | word >> (32 - n);
}

/* The function and the constant of a step. */
static inline uint32_t
sha1_mix(int step, uint32_t b, uint32_t c, uint32_t d)
{
	if (step < 20)
		return ((b & c) | (~b & d)) + 0x5a827999;
	if (step < 40)
		return (b ^ c ^ d) + 0x6ed9eba1;
	if (step < 60)
		return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
	return (b ^ c ^ d) + 0xca62c1d6;
}

/* One block of 64 bytes. */
static void
sha1_block(uint32_t hash[5], const unsigned char *in)
{
	uint32_t	 words[80], v[5], next;
	int		 i;

	for (i = 0; i < 16; i++)
		words[i] = (uint32_t)in[4 * i] << 24 |
		    (uint32_t)in[4 * i + 1] << 16 |
		    (uint32_t)in[4 * i + 2] << 8 | in[4 * i + 3];
	for (; i < 80; i++)
		words[i] = sha1_turn(words[i - 3] ^ words[i - 8] ^
		    words[i - 14] ^ words[i - 16], 1);
	memcpy(v, hash, sizeof(v));
	for (i = 0; i < 80; i++) {
		next = sha1_turn(v[0], 5) + sha1_mix(i, v[1], v[2], v[3]) +
		    v[4] + words[i];
		v[4] = v[3];
		v[3] = v[2];
		v[2] = sha1_turn(v[1], 30);
		v[1] = v[0];
		v[0] = next;
	}
	for (i = 0; i < 5; i++)
		hash[i] += v[i];
}

/* SHA-1. */
void
websocket_key_sha1(const void *data, size_t len,
    unsigned char out[WEBSOCKET_SHA1])
{
	const unsigned char	*in = data;
	uint32_t		 hash[5] = { 0x67452301, 0xefcdab89,
		0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	unsigned char		 last[2 * SHA1_BLOCK] = { 0 };
	size_t			 i, left = len, end;
	const uint64_t		 bits = (uint64_t)len * 8;

	for (; left >= SHA1_BLOCK; left -= SHA1_BLOCK, in += SHA1_BLOCK)
		sha1_block(hash, in);
	memcpy(last, in, left);
	last[left] = 0x80;
	end = left + 9 <= SHA1_BLOCK ? SHA1_BLOCK : 2 * SHA1_BLOCK;
	for (i = 0; i < 8; i++)
		last[end - 1 - i] = (unsigned char)(bits >> 8 * i);
	for (i = 0; i < end; i += SHA1_BLOCK)
		sha1_block(hash, last + i);
	for (i = 0; i < WEBSOCKET_SHA1; i++)
		out[i] = (unsigned char)(hash[i / 4] >> (24 - i % 4 * 8));
}

/* Is it 16 bytes in base64: 22 digits, the last of which has two bits? */
bool
websocket_key_is_valid(const char *key, size_t len)
{
	const char	*digit = NULL;
	size_t		 i;

	if (len != KEY_LEN || key[22] != '=' || key[23] != '=')
		return false;
	for (i = 0; i < 22; i++) {
		digit = memchr(key_digits, key[i], sizeof(key_digits) - 1);
		if (digit == NULL)
			return false;
	}
	return (digit - key_digits) % 16 == 0;
}

/* Base64 of a SHA-1: 20 bytes are 28 digits. */
static void
key_base64(const unsigned char in[WEBSOCKET_SHA1], char out[WEBSOCKET_ACCEPT])
{
	uint32_t	 group;
	int		 i, j;

	for (i = 0; i < 7; i++) {
		group = (uint32_t)in[3 * i] << 16 |
		    (uint32_t)in[3 * i + 1] << 8 |
		    (i < 6 ? in[3 * i + 2] : 0);
		for (j = 0; j < 4; j++)
			out[4 * i + j] =
			    key_digits[group >> (18 - 6 * j) & 63];
	}
	out[27] = '=';
	out[28] = '\0';
}

/* The answer. */
void
websocket_key_accept(const char *key, size_t len, char out[WEBSOCKET_ACCEPT])
{
	unsigned char	 hash[WEBSOCKET_SHA1];
	char		 text[KEY_MAX + sizeof(key_guid)];

	if (len > KEY_MAX)
		fatalx("a websocket's key of %zu bytes", len);
	memcpy(text, key, len);
	memcpy(text + len, key_guid, sizeof(key_guid) - 1);
	websocket_key_sha1(text, len + sizeof(key_guid) - 1, hash);
	key_base64(hash, out);
}
