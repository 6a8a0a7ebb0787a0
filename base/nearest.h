/* How far a misspelt word is from a known one. */
#ifndef WM_BASE_NEAREST_H
#define WM_BASE_NEAREST_H

#include <stddef.h>

/*
 * How many letters must be added, left out, changed or swapped with their
 * neighbour to make b of a.
 */
size_t	 nearest_distance(const char *a, const char *b);

#endif
