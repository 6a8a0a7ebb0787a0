/* A file's entity tag. */
#include "worker/static/static_etag.h"

#include <stdbool.h>
#include <stdio.h>

/* What the clocks of file systems tick in: with fractions, and without. */
#define TICK_NS		20000000LL
#define TICK_COARSE_NS	2000000000LL

/* May it have been changed in the clock's present tick, or in the future? */
static bool
static_etag_is_fresh(const struct timespec *mtime, const struct timespec *now)
{
	int64_t	 s = (int64_t)now->tv_sec - (int64_t)mtime->tv_sec;
	int64_t	 age;

	if (s > 10)
		return false;
	if (s < -10)		/* its clock is wrong: nothing is known */
		return false;
	age = s * 1000000000LL + (now->tv_nsec - mtime->tv_nsec);
	return age < (mtime->tv_nsec == 0 ? TICK_COARSE_NS : TICK_NS);
}

/* Formats it. */
void
static_etag_format(char out[STATIC_ETAG_TEXT], const struct timespec *mtime,
    uint64_t size, const char *coding, const struct timespec *now)
{
	bool	 fresh = static_etag_is_fresh(mtime, now);
	char	 unique[36] = "";

	if (fresh)
		snprintf(unique, sizeof(unique), "-%llx.%lx",
		    (unsigned long long)now->tv_sec,
		    (unsigned long)now->tv_nsec);
	snprintf(out, STATIC_ETAG_TEXT, "%s\"%llx-%lx-%llx%s%.8s%s\"",
	    fresh ? "W/" : "", (unsigned long long)mtime->tv_sec,
	    (unsigned long)mtime->tv_nsec, (unsigned long long)size,
	    coding[0] == '\0' ? "" : "-", coding, unique);
}
