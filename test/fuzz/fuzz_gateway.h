/* What the fuzzers of the gateways' parsers have in common. */
#ifndef WM_TEST_FUZZ_FUZZ_GATEWAY_H
#define WM_TEST_FUZZ_FUZZ_GATEWAY_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "test/unit/gateway_text.h"

#define FUZZ_GATEWAY_MAX	2048

/* Parses whole, byte by byte and cut in two under these limits. */
static inline void
fuzz_gateway_limits(gateway_parse *parse, const uint8_t *data, size_t size,
    const struct http_limits *limits)
{
	const size_t	 cut = 1 + data[size - 1] * size / 256;
	char		*want, *got;

	want = gateway_text_run(parse, data, size, limits, size, size);
	got = gateway_text_run(parse, data, size, limits, 1, 1);
	if (strcmp(got, want) != 0)
		abort();
	free(got);
	got = gateway_text_run(parse, data, size, limits, cut, size);
	if (strcmp(got, want) != 0)
		abort();
	free(got);
	free(want);
}

/* Runs one input under wide and narrow limits. */
static inline void
fuzz_gateway(gateway_parse *parse, const uint8_t *data, size_t size)
{
	static const struct http_limits	 wide = { .max_line = 1024,
		.max_fields = 32, .max_head = FUZZ_GATEWAY_MAX };
	static const struct http_limits	 narrow = { .max_line = 10,
		.max_fields = 5, .max_head = 120 };

	if (size == 0 || size > FUZZ_GATEWAY_MAX)
		return;
	fuzz_gateway_limits(parse, data, size, &wide);
	fuzz_gateway_limits(parse, data, size, &narrow);
}

#endif
