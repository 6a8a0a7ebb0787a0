/* Which of the known words is meant by a misspelt one. */
#ifndef WM_BASE_NEAREST_H
#define WM_BASE_NEAREST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A search: nearest_begin, nearest_try with each known word; then best is the
 * nearest, NULL when none is near. How near: letters that must be added, left
 * out, changed or swapped with their neighbour.
 */
struct nearest {
	const char	*name;
	const char	*best;
	size_t		 distance;
};

/* False for what is too short or too long to be a misspelt word. */
bool	 nearest_begin(struct nearest *n, const char *name);
void	 nearest_try(struct nearest *n, const char *candidate);

#endif
