/*
 * Fast ways over runs of bytes that may stand at some place in a head: 16 at a
 * time with SSE2, 8 at a time in a machine word, then one by one. Nothing
 * outside of p..end is read. Those in words and with SSE2 stop before a rest
 * that is shorter, and the former at a HTAB; they are for the ones at the end,
 * and for the tests.
 */
#ifndef WM_WORKER_HTTP_SCAN_H
#define WM_WORKER_HTTP_SCAN_H

#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "worker/http_bytes.h"

/* So many equal bytes in a word. */
#define HTTP_SCAN_ALL(byte)	(0x0101010101010101u * (uint64_t)(byte))

/* 8 bytes, the first one lowest. */
static inline uint64_t
http_scan_word(const char *p)
{
	uint64_t	 x;

	memcpy(&x, p, sizeof(x));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	x = __builtin_bswap64(x);
#endif
	return x;
}

/*
 * The top bit of each byte below limit (at most 0x80). Above the first such
 * byte there may be others that are not: a borrow went on to them.
 */
static inline uint64_t
http_scan_below(uint64_t x, unsigned char limit)
{
	return (x - HTTP_SCAN_ALL(limit)) & ~x & HTTP_SCAN_ALL(0x80);
}

/* The same for bytes that are this one. */
static inline uint64_t
http_scan_equal(uint64_t x, unsigned char byte)
{
	return http_scan_below(x ^ HTTP_SCAN_ALL(byte), 1);
}

/* Over blocks of 8 of a field value, up to the first other byte. */
static inline const char *
http_scan_value_word(const char *p, const char *end)
{
	uint64_t	 x, bad;

	for (; end - p >= 8; p += 8) {
		x = http_scan_word(p);
		bad = http_scan_below(x, 0x20) | http_scan_equal(x, 0x7f);
		if (bad != 0)
			return p + __builtin_ctzll(bad) / 8;
	}
	return p;
}

/* Over blocks of 8 of a target. */
static inline const char *
http_scan_target_word(const char *p, const char *end)
{
	uint64_t	 x, bad;

	for (; end - p >= 8; p += 8) {
		x = http_scan_word(p);
		bad = http_scan_below(x, 0x21) | http_scan_equal(x, '#') |
		    http_scan_equal(x, 0x7f) | (x & HTTP_SCAN_ALL(0x80));
		if (bad != 0)
			return p + __builtin_ctzll(bad) / 8;
	}
	return p;
}

#ifdef __SSE2__

/* Which of 16 bytes are at most max (unsigned)? */
static inline __m128i
http_scan_at_most(__m128i v, char max)
{
	return _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(max)), v);
}

/* Which of 16 bytes are from first to last (unsigned)? */
static inline __m128i
http_scan_between(__m128i v, char first, char last)
{
	return http_scan_at_most(_mm_sub_epi8(v, _mm_set1_epi8(first)),
	    (char)(last - first));
}

/* Over blocks of 16 of a field value. */
static inline const char *
http_scan_value_sse2(const char *p, const char *end)
{
	__m128i	 v, bad;
	int	 mask;

	for (; end - p >= 16; p += 16) {
		v = _mm_loadu_si128((const __m128i *)p);
		bad = _mm_andnot_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\t')),
		    http_scan_at_most(v, 0x1f));
		bad = _mm_or_si128(bad,
		    _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
		mask = _mm_movemask_epi8(bad);
		if (mask != 0)
			return p + __builtin_ctz((unsigned)mask);
	}
	return p;
}

/* Over blocks of 16 of a target. */
static inline const char *
http_scan_target_sse2(const char *p, const char *end)
{
	__m128i	 v, good;
	int	 mask;

	for (; end - p >= 16; p += 16) {
		v = _mm_loadu_si128((const __m128i *)p);
		good = _mm_andnot_si128(http_scan_at_most(v, 0x20),
		    http_scan_at_most(v, 0x7e));
		good = _mm_andnot_si128(
		    _mm_cmpeq_epi8(v, _mm_set1_epi8('#')), good);
		mask = _mm_movemask_epi8(good) ^ 0xffff;
		if (mask != 0)
			return p + __builtin_ctz((unsigned)mask);
	}
	return p;
}

/* Over blocks of 16 letters, digits and hyphens. */
static inline const char *
http_scan_name_sse2(const char *p, const char *end)
{
	__m128i	 v, good;
	int	 mask;

	for (; end - p >= 16; p += 16) {
		v = _mm_loadu_si128((const __m128i *)p);
		good = http_scan_between(_mm_or_si128(v, _mm_set1_epi8(0x20)),
		    'a', 'z');
		good = _mm_or_si128(good, http_scan_between(v, '0', '9'));
		good = _mm_or_si128(good,
		    _mm_cmpeq_epi8(v, _mm_set1_epi8('-')));
		mask = _mm_movemask_epi8(good) ^ 0xffff;
		if (mask != 0)
			return p + __builtin_ctz((unsigned)mask);
	}
	return p;
}

#endif

/* First byte from p that may not stand in a field value, or end. */
static inline const char *
http_scan_value(const char *p, const char *end)
{
#ifdef __SSE2__
	p = http_scan_value_sse2(p, end);
	if (end - p < 16)
#endif
		p = http_scan_value_word(p, end);
	while (p < end && http_value_byte((unsigned char)*p))
		p++;
	return p;
}

/* First byte from p that may not stand in a request target, or end. */
static inline const char *
http_scan_target(const char *p, const char *end)
{
#ifdef __SSE2__
	p = http_scan_target_sse2(p, end);
	if (end - p < 16)
#endif
		p = http_scan_target_word(p, end);
	while (p < end && *p > 0x20 && *p < 0x7f && *p != '#')
		p++;
	return p;
}

/* First byte from p that is no letter, digit or hyphen, or end. */
static inline const char *
http_scan_name(const char *p, const char *end)
{
#ifdef __SSE2__
	p = http_scan_name_sse2(p, end);
	if (end - p >= 16)
		return p;
#endif
	while (p < end && http_plain_byte((unsigned char)*p))
		p++;
	return p;
}

#endif
