/* SipHash: a keyed hash that nobody without the key can make collide. */
#ifndef WM_BASE_SIPHASH_H
#define WM_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
	uint64_t	 k0;
	uint64_t	 k1;
};

/* SipHash-c-d of len bytes: 1 and 3 for tables, 2 and 4 to be careful. */
uint64_t siphash(const struct siphash_key *key, const void *data, size_t len,
	    int c, int d);

#endif
