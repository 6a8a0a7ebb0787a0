/* How far a misspelt word is from a known one. */
#include "base/nearest.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

/* The smallest of three. */
static size_t
nearest_min3(size_t a, size_t b, size_t c)
{
	if (b < a)
		a = b;
	return c < a ? c : a;
}

/*
 * How many letters must be added, left out, changed or swapped with their
 * neighbour to make b of a. Three rows of the usual matrix are kept.
 */
size_t
nearest_distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), i, j, cost, best;
	size_t *rows = xcalloc(3 * (lb + 1), sizeof *rows);
	size_t *older = rows, *prev = rows + lb + 1, *cur = prev + lb + 1;
	size_t *spare;

	for (j = 0; j <= lb; j++)
		prev[j] = j;
	for (i = 1; i <= la; i++) {
		cur[0] = i;
		for (j = 1; j <= lb; j++) {
			cost = a[i - 1] == b[j - 1] ? 0 : 1;
			best = nearest_min3(prev[j] + 1, cur[j - 1] + 1,
			    prev[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && older[j - 2] + 1 < best)
				best = older[j - 2] + 1;
			cur[j] = best;
		}
		spare = older;
		older = prev;
		prev = cur;
		cur = spare;
	}
	best = prev[lb];
	free(rows);
	return best;
}
