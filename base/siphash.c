/* SipHash, as Aumasson and Bernstein describe it. */
#include "base/siphash.h"

#include <string.h>

#define SIPHASH_INLINE	static inline __attribute__((always_inline))
#define ROTATE(x, n)	(((x) << (n)) | ((x) >> (64 - (n))))

struct siphash_state {
	uint64_t	 a, b, c, d;
};

/* Some rounds. */
static inline void
siphash_rounds(struct siphash_state *s, int n)
{
#pragma GCC unroll 4
	for (; n > 0; n--) {
		s->a += s->b;
		s->c += s->d;
		s->b = ROTATE(s->b, 13) ^ s->a;
		s->d = ROTATE(s->d, 16) ^ s->c;
		s->a = ROTATE(s->a, 32);
		s->c += s->b;
		s->a += s->d;
		s->b = ROTATE(s->b, 17) ^ s->c;
		s->d = ROTATE(s->d, 21) ^ s->a;
		s->c = ROTATE(s->c, 32);
	}
}

/* Up to eight bytes, the lowest first. */
static inline uint64_t
siphash_word(const unsigned char *p, size_t len)
{
	uint64_t	 word = 0;
	size_t		 i;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	uint32_t	 low, high;

	if (len == 8) {
		memcpy(&word, p, 8);
		return word;
	}
	/* Two that overlap: in both the same bytes have the same place. */
	if (len >= 4) {
		memcpy(&low, p, 4);
		memcpy(&high, p + len - 4, 4);
		return low | (uint64_t)high << (8 * (len - 4));
	}
#endif
	for (i = 0; i < len; i++)
		word |= (uint64_t)p[i] << (8 * i);
	return word;
}

/* One word goes in. */
static inline void
siphash_add(struct siphash_state *s, uint64_t word, int rounds)
{
	s->d ^= word;
	siphash_rounds(s, rounds);
	s->a ^= word;
}

/* The hash, compiled for the rounds of each call. */
SIPHASH_INLINE uint64_t
siphash_with(const struct siphash_key *key, const void *data, size_t len,
    int c, int d)
{
	const unsigned char	*p = data;
	size_t			 left = len;
	struct siphash_state	 s = {
		.a = key->k0 ^ 0x736f6d6570736575ULL,
		.b = key->k1 ^ 0x646f72616e646f6dULL,
		.c = key->k0 ^ 0x6c7967656e657261ULL,
		.d = key->k1 ^ 0x7465646279746573ULL,
	};

	for (; left >= 8; left -= 8, p += 8)
		siphash_add(&s, siphash_word(p, 8), c);
	siphash_add(&s, siphash_word(p, left) | (uint64_t)len << 56, c);
	s.c ^= 0xff;
	siphash_rounds(&s, d);
	return s.a ^ s.b ^ s.c ^ s.d;
}

/* The hash. */
uint64_t
siphash(const struct siphash_key *key, const void *data, size_t len, int c,
    int d)
{
	if (c == 1 && d == 3)
		return siphash_with(key, data, len, 1, 3);
	return siphash_with(key, data, len, c, d);
}
