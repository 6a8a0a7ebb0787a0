/* A growing list of strings it owns. */
#include "base/strlist.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

/* Adds a copy at the end. */
void
strlist_add(struct strlist *list, const char *s)
{
	strlist_add_steal(list, xstrdup(s));
}

/* Adds copies of another list's strings. */
void
strlist_add_all(struct strlist *list, const struct strlist *from)
{
	size_t i;

	for (i = 0; i < from->count; i++)
		strlist_add(list, from->items[i]);
}

/* Adds a string that belongs to the list from then on. */
void
strlist_add_steal(struct strlist *list, char *s)
{
	list->items = xrealloc(list->items,
	    (list->count + 1) * sizeof *list->items);
	list->items[list->count++] = s;
}

/* Compares two lists, order included. */
bool
strlist_equal(const struct strlist *a, const struct strlist *b)
{
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++) {
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	}
	return true;
}

/* Frees the strings and empties the list. */
void
strlist_done(struct strlist *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	list->items = NULL;
	list->count = 0;
}
