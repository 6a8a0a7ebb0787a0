/* Which bytes of a representation are wanted. */
#include "worker/static/static_range.h"

#include <stdbool.h>

#include "worker/http_bytes.h"

enum range_kind {
	RANGE_BAD,
	RANGE_LOST,		/* right, but there are no such bytes */
	RANGE_FOUND
};

/* Takes digits; a number too large is the largest. False: there are none. */
static bool
range_number(const char **p, const char *end, uint64_t *n)
{
	const char	*start = *p;
	uint64_t	 digit;

	*n = 0;
	for (; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
		digit = (uint64_t)(**p - '0');
		*n = *n > (UINT64_MAX - digit) / 10 ? UINT64_MAX :
		    *n * 10 + digit;
	}
	return *p > start;
}

/* "-n": the last n bytes. */
static enum range_kind
range_suffix(const char **p, const char *end, uint64_t size,
    struct static_range *r)
{
	uint64_t	 n;

	(*p)++;
	if (!range_number(p, end, &n))
		return RANGE_BAD;
	if (n == 0)
		return RANGE_LOST;
	r->first = n < size ? size - n : 0;
	r->last = size - 1;
	return RANGE_FOUND;
}

/* "first-" or "first-last", or a suffix. */
static enum range_kind
range_one(const char **p, const char *end, uint64_t size,
    struct static_range *r)
{
	if (*p < end && **p == '-')
		return range_suffix(p, end, size, r);
	if (!range_number(p, end, &r->first) || *p == end || **p != '-')
		return RANGE_BAD;
	(*p)++;
	if (!range_number(p, end, &r->last))
		r->last = UINT64_MAX;
	else if (r->last < r->first)
		return RANGE_BAD;
	if (r->first >= size)
		return RANGE_LOST;
	if (r->last >= size)
		r->last = size - 1;
	return RANGE_FOUND;
}

/* Adds it, or joins it with the one before. False: there are too many. */
static bool
range_add(struct static_range *ranges, int *n, const struct static_range *r)
{
	struct static_range	*last = &ranges[*n - 1];

	if (*n > 0 && r->first <= last->last + 1 &&
	    last->first <= r->last + 1) {
		if (r->first < last->first)
			last->first = r->first;
		if (r->last > last->last)
			last->last = r->last;
		return true;
	}
	if (*n == STATIC_RANGES)
		return false;
	ranges[(*n)++] = *r;
	return true;
}

/* Are they together no longer than the whole? */
static bool
range_fits(const struct static_range *ranges, int n, uint64_t size)
{
	uint64_t	 left = size, len;
	int		 i;

	for (i = 0; i < n; i++) {
		len = ranges[i].last - ranges[i].first + 1;
		if (len > left)
			return false;
		left -= len;
	}
	return true;
}

/* Skips white space; and commas, if that is said. */
static const char *
range_skip(const char *p, const char *end, bool commas)
{
	while (p < end && (http_ows_byte((unsigned char)*p) ||
	    (commas && *p == ',')))
		p++;
	return p;
}

/* Reads the header. */
int
static_range_parse(const char *s, size_t len, uint64_t size,
    struct static_range ranges[STATIC_RANGES])
{
	const char		*p = s, *end = s + len;
	struct static_range	 r;
	enum range_kind		 kind;
	int			 n = 0, seen = 0;

	if (size == 0 || len < 6 || !http_word_is(p, 5, "bytes", 5) ||
	    p[5] != '=')
		return 0;
	p = range_skip(p + 6, end, true);
	for (; p < end; p = range_skip(p, end, true)) {
		kind = range_one(&p, end, size, &r);
		p = range_skip(p, end, false);
		if (kind == RANGE_BAD || (p < end && *p != ',') ||
		    ++seen > STATIC_RANGES)
			return 0;
		if (kind == RANGE_FOUND && !range_add(ranges, &n, &r))
			return 0;
	}
	if (seen == 0)
		return 0;
	if (n == 0)
		return -1;
	return range_fits(ranges, n, size) ? n : 0;
}
