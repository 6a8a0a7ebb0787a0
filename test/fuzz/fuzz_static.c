/* Fuzzes what clients say of files: ranges, codings, dates, conditions. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "worker/http_date.h"
#include "worker/static/static_condition.h"
#include "worker/static/static_encoding.h"
#include "worker/static/static_range.h"

#define TAG	"\"5f-1-2\""

int	 LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process if an invariant does not hold. */
static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* Ranges lie inside, and are together no longer than the whole. */
static void
fuzz_range(const char *s, size_t len, uint64_t size)
{
	struct static_range	 r[STATIC_RANGES];
	uint64_t		 left = size;
	int			 i, n;

	n = static_range_parse(s, len, size, r);
	must(n >= -1 && n <= STATIC_RANGES);
	for (i = 0; i < n; i++) {
		must(r[i].first <= r[i].last && r[i].last < size);
		must(r[i].last - r[i].first < left);
		left -= r[i].last - r[i].first + 1;
	}
}

/* What is read as a date is written and read as the same. */
static void
fuzz_date(const char *s, size_t len)
{
	char	 text[HTTP_DATE_TEXT + 1];
	int64_t	 at, again;

	if (!http_date_parse(s, len, 1795257600, &at) || at < 0 ||
	    at > 253402300799)
		return;
	http_date_format(at, text);
	must(http_date_parse(text, HTTP_DATE_TEXT, 0, &again));
	must(again == at);
}

/* Each coding is given once. */
static void
fuzz_encoding(const char *s, size_t len)
{
	enum static_coding	 list[STATIC_CODINGS];
	size_t			 n = static_encoding_choose(s, len, list);

	must(n <= STATIC_CODINGS);
	must(n < 2 || list[0] != list[1]);
}

/* The same text in each header's place. */
static void
fuzz_condition(const char *s, size_t len)
{
	const struct static_text	 text = { s, len };
	const struct static_state	 state = { TAG, 784111777, 784112000 };
	struct static_conditions	 c;
	size_t				 i;

	for (i = 0; i < sizeof(c) / sizeof(text); i++) {
		memset(&c, 0, sizeof(c));
		((struct static_text *)&c)[i] = text;
		(void)static_condition(&c, &state);
		(void)static_condition_range(&c, &state);
	}
}

/* The input's first byte says how large the file is. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	*s;

	if (size == 0)
		return 0;
	s = malloc(size);		/* ends right behind the text */
	memcpy(s, data + 1, size - 1);
	s = realloc(s, size - 1 > 0 ? size - 1 : 1);
	fuzz_range(s, size - 1, data[0]);
	fuzz_range(s, size - 1, UINT64_MAX - data[0]);
	fuzz_date(s, size - 1);
	fuzz_encoding(s, size - 1);
	fuzz_condition(s, size - 1);
	free(s);
	return 0;
}
