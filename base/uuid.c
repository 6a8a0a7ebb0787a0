/* Ids by time: UUID version 7 (RFC 9562), as text. */
#include "base/uuid.h"

#include <endian.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

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

/* Eight hexadecimal digits, all at the same time. */
static inline void
uuid_hex(uint32_t n, char out[8])
{
	const uint64_t	 ones = 0x0101010101010101u;
	uint64_t	 x = n, letters;

	/* Each half byte into a byte of its own. */
	x = (x << 16 | x) & 0x0000ffff0000ffffu;
	x = (x << 8 | x) & 0x00ff00ff00ff00ffu;
	x = (x << 4 | x) & 0x0f0f0f0f0f0f0f0fu;
	letters = (x + 6 * ones) >> 4 & ones;
	x += '0' * ones + letters * ('a' - '9' - 1);
	x = htobe64(x);
	memcpy(out, &x, sizeof(x));
}

/* Makes the next one. */
void
uuid_make(uint64_t real_us, char out[UUID_TEXT])
{
	/* In parts of 1/4096 ms, so that the fraction is 12 bits. */
	uint64_t	 now = real_us * 4096 / 1000, random;
	char		 part[8];

	if (now <= uuid_state.last)
		now = uuid_state.last + 1;
	uuid_state.last = now;
	if (uuid_state.left == 0)
		uuid_refill();
	random = uuid_state.random[--uuid_state.left];

	uuid_hex((uint32_t)(now >> 28), out);
	out[8] = '-';
	uuid_hex((uint32_t)(now >> 12 & 0xffff) << 16 | 0x7000 |
	    (uint32_t)(now & 0xfff), part);
	memcpy(out + 9, part, 4);
	out[13] = '-';
	memcpy(out + 14, part + 4, 4);
	out[18] = '-';
	uuid_hex((uint32_t)(random >> 32 & 0x3fffffff) | 0x80000000, part);
	memcpy(out + 19, part, 4);
	out[23] = '-';
	memcpy(out + 24, part + 4, 4);
	uuid_hex((uint32_t)random, out + 28);
}
