/* Which of the known words is meant by a misspelt one. */
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
static size_t
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

/* Begins a search. */
bool
nearest_begin(struct nearest *n, const char *name)
{
	size_t len = strlen(name);

	n->name = name;
	n->best = NULL;
	/* One change in three letters, rounded up. */
	n->distance = (len + 2) / 3 + 1;
	return len > 0 && len <= 64;
}

/* Takes the candidate when it is nearer than what was found so far. */
void
nearest_try(struct nearest *n, const char *candidate)
{
	size_t d = nearest_distance(n->name, candidate);

	if (d < n->distance) {
		n->distance = d;
		n->best = candidate;
	}
}
