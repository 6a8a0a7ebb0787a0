/* Accept-Encoding: which coding is liked best. */
#include "worker/static/static_encoding.h"

#include <stdbool.h>

#include "worker/http_bytes.h"

const struct static_coding_name static_codings[STATIC_CODINGS] = {
	[STATIC_BR] = { "br", ".br" },
	[STATIC_GZIP] = { "gzip", ".gz" },
};

/* Weights in thousandths; -1: nothing was said. */
struct weights {
	int	 coding[STATIC_CODINGS];
	int	 identity;
	int	 star;
};

/* Skips white space. */
static const char *
skip(const char *p, const char *end)
{
	while (p < end && http_ows_byte((unsigned char)*p))
		p++;
	return p;
}

/* The end of the token at p. */
static const char *
token_end(const char *p, const char *end)
{
	while (p < end && http_token_lower[(unsigned char)*p] != 0)
		p++;
	return p;
}

/* Takes a weight of at most three digits behind the point; -1: it is none. */
static int
weight_value(const char **p, const char *end)
{
	int	 weight, unit = 100;

	if (*p == end || (**p != '0' && **p != '1'))
		return -1;
	weight = (*(*p)++ - '0') * 1000;
	if (*p == end || **p != '.')
		return weight;
	(*p)++;
	for (; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
		if (unit == 0)
			return -1;
		weight += (**p - '0') * unit;
		unit /= 10;
	}
	return weight > 1000 ? -1 : weight;
}

/* What stands behind a coding's name: its weight, or -1 if it is wrong. */
static int
weight_of(const char **p, const char *end)
{
	int	 weight;

	*p = skip(*p, end);
	if (*p == end || **p == ',')
		return 1000;
	if (**p != ';')
		return -1;
	*p = skip(*p + 1, end);
	if (end - *p < 2 || (**p | 0x20) != 'q' || (*p)[1] != '=')
		return -1;
	*p += 2;
	weight = weight_value(p, end);
	*p = skip(*p, end);
	return *p < end && **p != ',' ? -1 : weight;
}

/* Where this coding's weight belongs; NULL: nobody has it. */
static int *
weight_place(struct weights *w, const char *name, size_t len)
{
	if (http_word_is(name, len, "br", 2))
		return &w->coding[STATIC_BR];
	if (http_word_is(name, len, "gzip", 4) ||
	    http_word_is(name, len, "x-gzip", 6))
		return &w->coding[STATIC_GZIP];
	if (http_word_is(name, len, "identity", 8))
		return &w->identity;
	return len == 1 && *name == '*' ? &w->star : NULL;
}

/* Reads the whole list; what is wrong in it is skipped. */
static void
weights_read(struct weights *w, const char *p, const char *end)
{
	const char	*name;
	size_t		 len;
	int		*place, weight;

	while (p < end) {
		name = skip(p, end);
		p = token_end(name, end);
		len = (size_t)(p - name);
		weight = weight_of(&p, end);
		place = weight_place(w, name, len);
		if (weight != -1 && place != NULL)
			*place = weight;
		while (p < end && *p++ != ',')
			;
	}
}

/* The best first. */
size_t
static_encoding_choose(const char *s, size_t len,
    enum static_coding list[STATIC_CODINGS])
{
	struct weights	 w = { { -1, -1 }, -1, -1 };
	int		 least;
	size_t		 n = 0, i, at;

	weights_read(&w, s, s + len);
	least = w.identity > 0 ? w.identity : 1;
	for (i = 0; i < STATIC_CODINGS; i++) {
		if (w.coding[i] == -1)
			w.coding[i] = w.star;
		if (w.coding[i] < least)
			continue;
		for (at = n++; at > 0 &&
		    w.coding[list[at - 1]] < w.coding[i]; at--)
			list[at] = list[at - 1];
		list[at] = (enum static_coding)i;
	}
	return n;
}
