/* Ids by time: UUID version 7 (RFC 9562), as text. */
#ifndef WM_BASE_UUID_H
#define WM_BASE_UUID_H

#include <stdint.h>

#define UUID_TEXT	36	/* characters, without a NUL */

/*
 * 60 bits of time (48 of milliseconds since 1970, and 12 of a millisecond's
 * fraction), then 62 random bits. Each is above the one before in its text
 * too, also when the clock goes back or several come at the same time: then
 * the time is counted up. The random bits come from the kernel, 256 ids' at
 * once, so an id costs no system call. A child that is forked takes new ones.
 * Not for several threads at the same time.
 */
void	 uuid_make(uint64_t real_us, char out[UUID_TEXT]);

#endif
