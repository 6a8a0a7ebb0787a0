/*
 * Fuzzes the parser of PROXY headers: nothing is read past the end, parts of a
 * header are never taken for it, and bytes behind it change nothing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "worker/proxy/proxy_parse.h"

#define MAX_SIZE	8192

int	 LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process if an invariant does not hold. */
static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* Parses bytes at the very end of a block of memory. */
static enum proxy_verdict
parse(const uint8_t *data, size_t size, struct proxy_header *head)
{
	uint8_t			*block = malloc(size > 0 ? size : 1);
	enum proxy_verdict	 verdict;

	if (block == NULL)
		abort();
	memcpy(block, data, size);
	verdict = proxy_parse(block, size, head);
	free(block);
	must(verdict == PROXY_BAD || head->why == NULL);
	must(verdict != PROXY_BAD || head->why != NULL);
	must(verdict != PROXY_DONE || (head->size <= size &&
	    head->size >= 15 && head->size <= PROXY_V2_MAX));
	must(verdict != PROXY_MORE || size < PROXY_V2_MAX);
	return verdict;
}

/* Runs one input: the whole, and its parts. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy_header	 whole, part;
	enum proxy_verdict	 verdict, cut;
	size_t			 i;

	if (size > MAX_SIZE)
		return 0;
	verdict = parse(data, size, &whole);
	for (i = 0; i < size; i += i < 128 ? 1 : 97) {
		cut = parse(data, i, &part);
		if (verdict == PROXY_DONE && i < whole.size)
			must(cut == PROXY_MORE);
		else if (verdict == PROXY_DONE)
			must(cut == PROXY_DONE && part.size == whole.size);
		else if (verdict == PROXY_MORE)
			must(cut == PROXY_MORE);
		else
			must(cut != PROXY_DONE);
	}
	if (verdict == PROXY_DONE) {
		must(parse(data, whole.size, &part) == PROXY_DONE);
		must(memcmp(&part, &whole, sizeof(whole)) == 0);
	}
	return 0;
}
