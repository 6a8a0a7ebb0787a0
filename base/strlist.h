/* A growing list of strings it owns. */
#ifndef WM_BASE_STRLIST_H
#define WM_BASE_STRLIST_H

#include <stdbool.h>
#include <stddef.h>

/* All zero is the empty list. */
struct strlist {
	char	**items;
	size_t	  count;
};

/* Adds a copy of s at the end. */
void	 strlist_add(struct strlist *list, const char *s);
/* Adds copies of all of from's strings at the end. */
void	 strlist_add_all(struct strlist *list, const struct strlist *from);
/* Adds s itself at the end; it belongs to the list from then on. */
void	 strlist_add_steal(struct strlist *list, char *s);
/* Do both hold the same strings in the same order? */
bool	 strlist_equal(const struct strlist *a, const struct strlist *b);
/* Frees the strings; the list is empty then and may be used again. */
void	 strlist_done(struct strlist *list);

#endif
