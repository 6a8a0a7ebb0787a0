/* Checksums of what is in a cache's store: against torn pages, not malice. */
#include <string.h>

#include "shm/cache_layout.h"

#define LANES	8
#define STEP	(LANES * sizeof(uint64_t))

/*
 * SipHash takes a word after the other, each waiting for the one before. Here
 * eight words go in side by side, each into a lane of its own, by steps that
 * can be undone: no change of one word goes unseen. SipHash of the lanes
 * makes them one number.
 */

/* One step: a word into each lane. */
static inline void
cache_sum_step(uint64_t *lanes, const char *data)
{
	uint64_t	 word;
	int		 i;

#pragma GCC unroll 8
	for (i = 0; i < LANES; i++) {
		memcpy(&word, data + (size_t)i * sizeof(word), sizeof(word));
		word = (lanes[i] ^ word) * 0x9e3779b97f4a7c15ULL;
		lanes[i] = word << 32 | word >> 32;
	}
}

/* The sum. Few bytes are SipHash's alone. */
uint64_t
cache_sum(const struct siphash_key *key, const char *data, size_t len)
{
	uint64_t	 lanes[LANES] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	char		 last[STEP] = { 0 };
	size_t		 left = len;

	if (len < 3 * STEP)
		return siphash(key, data, len, 1, 3);
	for (; left >= STEP; left -= STEP, data += STEP)
		cache_sum_step(lanes, data);
	memcpy(last, data, left);
	cache_sum_step(lanes, last);
	lanes[0] ^= len;
	return siphash(key, lanes, sizeof(lanes), 1, 3);
}
