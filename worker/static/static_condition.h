/*
 * Conditional requests: RFC 9110 section 13.2.2's order, for GET and HEAD of
 * something that exists: pure.
 */
#ifndef WM_WORKER_STATIC_STATIC_CONDITION_H
#define WM_WORKER_STATIC_STATIC_CONDITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A header's value; s is NULL where there is none. */
struct static_text {
	const char	*s;
	size_t		 len;
};

struct static_conditions {
	struct static_text	 if_match;
	struct static_text	 if_unmodified_since;
	struct static_text	 if_none_match;
	struct static_text	 if_modified_since;
	struct static_text	 if_range;
};

/* What is there. */
struct static_state {
	const char	*etag;
	int64_t		 modified;	/* Last-Modified */
	int64_t		 now;
};

enum static_verdict {
	STATIC_SEND,
	STATIC_NOT_MODIFIED,	/* 304 */
	STATIC_FAILED		/* 412 */
};

enum static_verdict
	 static_condition(const struct static_conditions *conditions,
	    const struct static_state *state);
/* May Range be honoured? With If-Range only if it names just this. */
bool	 static_condition_range(const struct static_conditions *conditions,
	    const struct static_state *state);

#endif
