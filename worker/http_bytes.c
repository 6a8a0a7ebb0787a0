/*
 * Classes of bytes in HTTP/1.1, and fast ways over runs of them.
 */
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "worker/http_bytes.h"

const uint8_t http_token_lower[256] = {
	['!'] = '!', ['#'] = '#', ['$'] = '$', ['%'] = '%', ['&'] = '&',
	['\''] = '\'', ['*'] = '*', ['+'] = '+', ['-'] = '-', ['.'] = '.',
	['^'] = '^', ['`'] = '`', ['|'] = '|', ['~'] = '~',
	['_'] = '_' | HTTP_TOKEN_UNDERSCORE,
	['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4',
	['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9',
	['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd', ['E'] = 'e',
	['F'] = 'f', ['G'] = 'g', ['H'] = 'h', ['I'] = 'i', ['J'] = 'j',
	['K'] = 'k', ['L'] = 'l', ['M'] = 'm', ['N'] = 'n', ['O'] = 'o',
	['P'] = 'p', ['Q'] = 'q', ['R'] = 'r', ['S'] = 's', ['T'] = 't',
	['U'] = 'u', ['V'] = 'v', ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y',
	['Z'] = 'z',
	['a'] = 'a', ['b'] = 'b', ['c'] = 'c', ['d'] = 'd', ['e'] = 'e',
	['f'] = 'f', ['g'] = 'g', ['h'] = 'h', ['i'] = 'i', ['j'] = 'j',
	['k'] = 'k', ['l'] = 'l', ['m'] = 'm', ['n'] = 'n', ['o'] = 'o',
	['p'] = 'p', ['q'] = 'q', ['r'] = 'r', ['s'] = 's', ['t'] = 't',
	['u'] = 'u', ['v'] = 'v', ['w'] = 'w', ['x'] = 'x', ['y'] = 'y',
	['z'] = 'z'
};

#ifdef __SSE2__

/* Which of 16 bytes are at most max (unsigned)? */
static inline __m128i
bytes_at_most(__m128i v, char max)
{
	return _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(max)), v);
}

/* Which of 16 bytes are from first to last (unsigned)? */
static inline __m128i
bytes_between(__m128i v, char first, char last)
{
	return bytes_at_most(_mm_sub_epi8(v, _mm_set1_epi8(first)),
	    (char)(last - first));
}

/* Go over letters, digits and hyphens. */
const char *
http_name_skip(const char *p, const char *end)
{
	__m128i	v, good;
	int	mask;

	for (; end - p >= 16; p += 16) {
		v = _mm_loadu_si128((const __m128i *)p);
		good = bytes_between(_mm_or_si128(v, _mm_set1_epi8(0x20)),
		    'a', 'z');
		good = _mm_or_si128(good, bytes_between(v, '0', '9'));
		good = _mm_or_si128(good,
		    _mm_cmpeq_epi8(v, _mm_set1_epi8('-')));
		mask = _mm_movemask_epi8(good) ^ 0xffff;
		if (mask != 0)
			return p + __builtin_ctz((unsigned)mask);
	}
	return p;
}

/* Go over blocks of 16 bytes that may all stand in a field value. */
static const char *
value_skip_blocks(const char *p, const char *end)
{
	__m128i	v, bad;
	int	mask;

	for (; end - p >= 16; p += 16) {
		v = _mm_loadu_si128((const __m128i *)p);
		bad = _mm_andnot_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\t')),
		    bytes_at_most(v, 0x1f));
		bad = _mm_or_si128(bad,
		    _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
		mask = _mm_movemask_epi8(bad);
		if (mask != 0)
			return p + __builtin_ctz((unsigned)mask);
	}
	return p;
}

/* Go over blocks of 16 bytes that may all stand in a target. */
static const char *
target_skip_blocks(const char *p, const char *end)
{
	__m128i	v, good;
	int	mask;

	for (; end - p >= 16; p += 16) {
		v = _mm_loadu_si128((const __m128i *)p);
		good = _mm_andnot_si128(bytes_at_most(v, 0x20),
		    bytes_at_most(v, 0x7e));
		good = _mm_andnot_si128(
		    _mm_cmpeq_epi8(v, _mm_set1_epi8('#')), good);
		mask = _mm_movemask_epi8(good) ^ 0xffff;
		if (mask != 0)
			return p + __builtin_ctz((unsigned)mask);
	}
	return p;
}

#else

/* Without SSE2 there are no blocks. */
const char *
http_name_skip(const char *p, const char *end)
{
	(void)end;
	return p;
}

/* Without SSE2 there are no blocks. */
static const char *
value_skip_blocks(const char *p, const char *end)
{
	(void)end;
	return p;
}

/* Without SSE2 there are no blocks. */
static const char *
target_skip_blocks(const char *p, const char *end)
{
	(void)end;
	return p;
}

#endif

/* First byte from p that may not stand in a field value, or end. */
const char *
http_value_skip(const char *p, const char *end)
{
	p = value_skip_blocks(p, end);
	while (p < end && http_value_byte((unsigned char)*p))
		p++;
	return p;
}

/* First byte from p that may not stand in a request target, or end. */
const char *
http_target_skip(const char *p, const char *end)
{
	p = target_skip_blocks(p, end);
	while (p < end && *p > 0x20 && *p < 0x7f && *p != '#')
		p++;
	return p;
}

/* Are these bytes the lower case word, in any case? */
bool
http_word_is(const char *p, size_t len, const char *word, size_t wordlen)
{
	size_t	i;

	if (len != wordlen)
		return false;
	for (i = 0; i < len; i++) {
		if (http_token_lower[(unsigned char)p[i]] !=
		    (unsigned char)word[i])
			return false;
	}
	return true;
}

/* Hash of a field name: of its length, first four and last four bytes. */
uint32_t
http_name_hash(const char *name, size_t len)
{
	const uint32_t	lower = 0x20202020;
	uint32_t	first = 0, last = 0;

	if (len >= 4) {
		memcpy(&first, name, 4);
		memcpy(&last, name + len - 4, 4);
	} else
		memcpy(&first, name, len);
	first = (first | lower) * 0x9e3779b1u;
	last = (last | lower) * 0x85ebca77u;
	last ^= first ^ (first >> 15) ^ (uint32_t)len * 0xc2b2ae3du;
	return last ^ last >> 13;
}

/* The value of a hexadecimal digit, -1 for another byte. */
int
http_hex_value(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}
