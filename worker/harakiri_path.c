/* Limits by path: the longest prefix wins. */
#include "worker/harakiri_path.h"

#include <stdlib.h>
#include <string.h>

#include "base/strlist.h"
#include "base/xmalloc.h"

/* Puts a limit in its place. */
static void
harakiri_paths_add(struct harakiri_paths *paths, const char *prefix,
    size_t len, double seconds)
{
	struct harakiri_path	*item = paths->items + paths->count;

	while (len > 0 && prefix[len - 1] == '/')
		len--;
	for (; item > paths->items && item[-1].len < len; item--)
		item[0] = item[-1];
	item->prefix = xstrndup(prefix, len);
	item->len = len;
	item->us = (uint64_t)(seconds * 1e6);
	paths->count++;
}

/* Reads the option's items. */
void
harakiri_paths_init(struct harakiri_paths *paths, const struct strlist *list)
{
	size_t	 i, len;

	paths->items = xcalloc(list->count + 1, sizeof(*paths->items));
	paths->count = 0;
	for (i = 0; i < list->count; i++) {
		len = strcspn(list->items[i], "=");
		harakiri_paths_add(paths, list->items[i], len,
		    strtod(list->items[i] + len + 1, NULL));
	}
}

/* Frees them. */
void
harakiri_paths_done(struct harakiri_paths *paths)
{
	size_t	 i;

	for (i = 0; i < paths->count; i++)
		free(paths->items[i].prefix);
	free(paths->items);
	paths->items = NULL;
	paths->count = 0;
}

/* The limit of a path. */
uint64_t
harakiri_paths_find(const struct harakiri_paths *paths, const char *path,
    size_t len, uint64_t otherwise)
{
	const struct harakiri_path	*item;

	for (item = paths->items; item < paths->items + paths->count; item++) {
		if (item->len <= len &&
		    (item->len == len || path[item->len] == '/') &&
		    memcmp(item->prefix, path, item->len) == 0)
			return item->us;
	}
	return otherwise;
}
