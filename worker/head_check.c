/* May this stand in a response's head? */
#include "worker/head_check.h"

#include "worker/http_bytes.h"
#include "worker/http_scan.h"

#ifdef __SSE2__

/* Which of the 16 bytes at p are letters, digits or hyphens? */
static inline unsigned
head_plain(const char *p)
{
	__m128i	 v = _mm_loadu_si128((const __m128i *)(const void *)p), good;

	good = http_scan_between(_mm_or_si128(v, _mm_set1_epi8(0x20)),
	    'a', 'z');
	good = _mm_or_si128(good, http_scan_between(v, '0', '9'));
	good = _mm_or_si128(good, _mm_cmpeq_epi8(v, _mm_set1_epi8('-')));
	return (unsigned)_mm_movemask_epi8(good);
}

/* Which of them are control characters other than the tab? */
static inline unsigned
head_control(const char *p)
{
	__m128i	 v = _mm_loadu_si128((const __m128i *)(const void *)p), bad;

	bad = _mm_andnot_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\t')),
	    http_scan_at_most(v, 0x1f));
	bad = _mm_or_si128(bad, _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
	return (unsigned)_mm_movemask_epi8(bad);
}

/* Are they all letters, digits and hyphens? */
static inline bool
head_is_plain(const char *p, size_t len)
{
	unsigned	 want;

	for (; len > 16; p += 16, len -= 16) {
		if (head_plain(p) != 0xffff)
			return false;
	}
	want = (1u << len) - 1;
	return (head_plain(p) & want) == want;
}

/* Is it a field value? */
bool
head_check_value(const char *p, size_t len)
{
	for (; len > 16; p += 16, len -= 16) {
		if (head_control(p) != 0)
			return false;
	}
	return (head_control(p) & ((1u << len) - 1)) == 0;
}

#else

/* Without SSE2 there are no blocks. */
static bool
head_is_plain(const char *p, size_t len)
{
	(void)p;
	return len == 0;
}

/* Is it a field value? */
bool
head_check_value(const char *p, size_t len)
{
	return http_value_skip(p, p + len) == p + len;
}

#endif

/* Is it a field name? Most have none of a token's other characters. */
bool
head_check_name(const char *p, size_t len)
{
	size_t	 i;

	if (head_is_plain(p, len))
		return true;
	for (i = 0; i < len; i++) {
		if (http_token_lower[(unsigned char)p[i]] == 0)
			return false;
	}
	return true;
}
