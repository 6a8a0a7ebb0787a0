/* Ids by time: UUID version 7 (RFC 9562), as text. */
#include "base/uuid.h"

#include <endian.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/clock.h"

#define UUID_RANDOM	256	/* taken from the kernel in one go */

static struct {
	uint64_t	 last;			/* time of the last one */
	unsigned	 left;			/* of random, from its start */
	int		 watched;		/* forks are */
	uint64_t	 random[UUID_RANDOM];
} uuid_state;

/* In a forked child: what the parent has got is the parent's. */
static void
uuid_forked(void)
{
	uuid_state.left = 0;
}

/*
 * Takes random numbers from the kernel. Without them (no getrandom before
 * Linux 3.17, or forbidden) what differs between processes must do.
 */
static void
uuid_refill(void)
{
	ssize_t	 n;

	if (uuid_state.watched == 0)
		uuid_state.watched = pthread_atfork(NULL, NULL, uuid_forked)
		    == 0 ? 1 : -1;
	n = getrandom(uuid_state.random, sizeof(uuid_state.random), 0);
	uuid_state.left = n > 0 ? (unsigned)((size_t)n / sizeof(uint64_t)) : 0;
	if (uuid_state.left > 0)
		return;
	uuid_state.random[0] = (clock_real_us() ^ (uint64_t)getpid() << 40) *
	    0x9e3779b97f4a7c15u;
	uuid_state.left = 1;
}

#if defined(__SSE2__)

/* 32 hexadecimal digits, 16 at the same time. */
static inline void
uuid_hex(uint64_t high, uint64_t low, char out[32])
{
	const __m128i	 half = _mm_set1_epi8(0x0f);
	__m128i		 n, first, second, digits[2];
	int		 i;

	n = _mm_set_epi64x((long long)htobe64(low), (long long)htobe64(high));
	first = _mm_and_si128(_mm_srli_epi16(n, 4), half);
	second = _mm_and_si128(n, half);
	digits[0] = _mm_unpacklo_epi8(first, second);
	digits[1] = _mm_unpackhi_epi8(first, second);
	for (i = 0; i < 2; i++) {
		n = _mm_cmpgt_epi8(digits[i], _mm_set1_epi8(9));
		n = _mm_and_si128(n, _mm_set1_epi8('a' - '9' - 1));
		n = _mm_add_epi8(n, _mm_set1_epi8('0'));
		_mm_storeu_si128((__m128i *)(void *)(out + 16 * i),
		    _mm_add_epi8(digits[i], n));
	}
}

#else

/* 32 hexadecimal digits. */
static void
uuid_hex(uint64_t high, uint64_t low, char out[32])
{
	static const char	 digits[] = "0123456789abcdef";
	int			 i;

	for (i = 0; i < 16; i++) {
		out[15 - i] = digits[high >> 4 * i & 15];
		out[31 - i] = digits[low >> 4 * i & 15];
	}
}

#endif

/* Makes the next one. */
void
uuid_make(uint64_t real_us, char out[UUID_TEXT])
{
	/* In parts of 1/4096 ms, so that the fraction is 12 bits. */
	uint64_t	 now = real_us * 4096 / 1000, random;
	char		 hex[32];

	if (now <= uuid_state.last)
		now = uuid_state.last + 1;
	uuid_state.last = now;
	if (uuid_state.left == 0)
		uuid_refill();
	random = uuid_state.random[--uuid_state.left];
	uuid_hex((now >> 12) << 16 | 0x7000 | (now & 0xfff),
	    (random & ~((uint64_t)3 << 62)) | (uint64_t)2 << 62, hex);
	memcpy(out, hex, 8);
	out[8] = '-';
	memcpy(out + 9, hex + 8, 4);
	out[13] = '-';
	memcpy(out + 14, hex + 12, 4);
	out[18] = '-';
	memcpy(out + 19, hex + 16, 4);
	out[23] = '-';
	memcpy(out + 24, hex + 20, 12);
}
