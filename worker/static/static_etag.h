/*
 * A file's entity tag: pure.
 *
 * "MTIME-NANOSECONDS-SIZE", each in hexadecimal, and "-br" or "-gzip" for a
 * precompressed file. The same on every machine that has the file with the same
 * time. It is strong, unless the file has been changed just now: a file
 * system's clock ticks every few milliseconds (every second or two where it
 * keeps no fractions), so another change within the same tick would leave the
 * time as it is. A tag that is made within that time is weak, and has now in
 * it, so that it never equals a later one.
 */
#ifndef WM_WORKER_STATIC_STATIC_ETAG_H
#define WM_WORKER_STATIC_STATIC_ETAG_H

#include <stdint.h>
#include <time.h>

#define STATIC_ETAG_TEXT	96	/* bytes, the NUL included */

/* coding is "" or the content coding's name. */
void	 static_etag_format(char out[STATIC_ETAG_TEXT],
	    const struct timespec *mtime, uint64_t size, const char *coding,
	    const struct timespec *now);

#endif
