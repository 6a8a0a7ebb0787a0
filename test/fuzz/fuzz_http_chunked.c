/* Fuzzes the chunked decoder: cuts change nothing, data lies inside. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "worker/http_chunked.h"

#define MAX_SIZE	4096

int	 LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What came of decoding. */
struct result {
	enum http_chunked_verdict verdict;
	int			 status;
	const char		*why;
	size_t			 used;
	size_t			 len;
	char			 data[MAX_SIZE];
};

/* Ends the process if an invariant does not hold. */
static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* Decodes one cut of the input, at the very end of a block of memory. */
static void
feed(struct http_chunked *st, const uint8_t *in, size_t inlen,
    struct result *r)
{
	static char	 block[MAX_SIZE];
	char		*p = block + sizeof block - inlen;
	const char	*data;
	size_t		 used, len;

	memcpy(p, in, inlen);
	do {
		r->verdict = http_chunked_decode(st, p, inlen, &used, &data,
		    &len);
		must(used <= inlen);
		if (r->verdict == HTTP_CHUNKED_DATA) {
			must(len > 0 && data >= p && data + len == p + used);
			must(len <= MAX_SIZE - r->len);
			memcpy(r->data + r->len, data, len);
			r->len += len;
		}
		p += used;
		inlen -= used;
		r->used += used;
	} while (r->verdict == HTTP_CHUNKED_DATA);
	must(r->verdict != HTTP_CHUNKED_MORE || inlen == 0);
	must(r->verdict != HTTP_CHUNKED_BAD || st->status >= 400);
	r->status = st->status;
	r->why = st->why;
}

/* Decodes in cuts of step bytes. */
static void
decode(const uint8_t *in, size_t inlen, size_t step,
    const struct http_limits *limits, struct result *r)
{
	struct http_chunked	st;
	size_t			i;

	memset(r, 0, sizeof *r);
	http_chunked_init(&st, limits);
	for (i = 0; i < inlen && r->verdict == HTTP_CHUNKED_MORE; i += step)
		feed(&st, in + i, inlen - i < step ? inlen - i : step, r);
}

/* Runs one input at once and in steps, under wide and narrow limits. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct http_limits	limits[] = {
		{ .max_line = 1, .max_fields = 32, .max_head = 1024 },
		{ .max_line = 1, .max_fields = 2, .max_head = 32 }
	};
	static const size_t		steps[] = { 1, 2, 7 };
	static struct result		whole, r;
	size_t				i, j;

	if (size > MAX_SIZE)
		return 0;
	for (i = 0; i < 2; i++) {
		decode(data, size, MAX_SIZE, &limits[i], &whole);
		for (j = 0; j < 3; j++) {
			decode(data, size, steps[j], &limits[i], &r);
			must(memcmp(&r, &whole, sizeof r) == 0);
		}
	}
	return 0;
}
