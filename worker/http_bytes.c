/*
 * Classes of bytes in HTTP/1.1, and words in any case.
 */
#include <string.h>

#include "worker/http_bytes.h"
#include "worker/http_scan.h"

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

/* First byte from p that may not stand in a field value, or end. */
const char *
http_value_skip(const char *p, const char *end)
{
	return http_scan_value(p, end);
}

/* Up to 8 bytes in a word, those that are missing as zero. */
static inline uint64_t
word_of(const char *p, size_t len)
{
	uint32_t	 first = 0, last = 0;
	uint64_t	 x = 0;

	if (len >= 8) {
		memcpy(&x, p, 8);
		return x;
	}
	if (len >= 4) {
		memcpy(&first, p, 4);
		memcpy(&last, p + len - 4, 4);
		return first | (uint64_t)last << 32;
	}
	memcpy(&x, p, len);
	return x;
}

/* What of 8 bytes differs from a lower case word, but for letters' case. */
static inline uint64_t
word_differs(uint64_t x, uint64_t word)
{
	return (x ^ word) & ~((word & HTTP_SCAN_ALL(0x40)) >> 1);
}

/* Are these bytes the lower case word, in any case? */
bool
http_word_is(const char *p, size_t len, const char *word, size_t wordlen)
{
	uint64_t	differs = 0;
	size_t		i;

	if (len != wordlen)
		return false;
	for (i = 0; i + 8 < len; i += 8)
		differs |= word_differs(word_of(p + i, 8),
		    word_of(word + i, 8));
	if (len >= 8)
		i = len - 8;
	return (differs | word_differs(word_of(p + i, len - i),
	    word_of(word + i, len - i))) == 0;
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
