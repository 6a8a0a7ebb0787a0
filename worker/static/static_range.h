/*
 * Range (RFC 9110 section 14): which bytes of a representation are wanted:
 * pure.
 *
 * Ranges that overlap or touch their neighbour in the header are joined. A
 * header that is wrong, of another unit, of more than STATIC_RANGES ranges, or
 * whose ranges are together longer than the whole is ignored: nobody gets more
 * work done by one request than by asking for everything. Of an empty whole no
 * range can be had; it is sent, since there are clients that always ask so.
 */
#ifndef WM_WORKER_STATIC_STATIC_RANGE_H
#define WM_WORKER_STATIC_STATIC_RANGE_H

#include <stddef.h>
#include <stdint.h>

#define STATIC_RANGES	32

struct static_range {
	uint64_t	 first;
	uint64_t	 last;		/* this byte, too */
};

/*
 * How many ranges; 0: send the whole; -1: none of them can be had (416). size
 * is that of the whole.
 */
int	 static_range_parse(const char *s, size_t len, uint64_t size,
	    struct static_range ranges[STATIC_RANGES]);

#endif
