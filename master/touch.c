/* touch-reload: files whose change asks for a reload. */
#include "master/touch.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "master/master.h"

struct touch {
	char		*path;
	bool		 there;
	struct stat	 st;		/* if it is there */
};

struct touches {
	int		 generation;	/* whose files they are */
	struct touch		*items;
	size_t			 count;
};

/* Frees. */
static void
touches_free(struct touches *t)
{
	size_t	 i;

	for (i = 0; t != NULL && i < t->count; i++)
		free(t->items[i].path);
	if (t != NULL)
		free(t->items);
	free(t);
}

/* Looks at a file; true when that is another one than before. */
static bool
touch_changed(struct touch *t)
{
	struct stat	 st;
	bool		 was = t->there;

	t->there = stat(t->path, &st) == 0;
	if (!t->there)
		return false;
	if (was && st.st_mtim.tv_sec == t->st.st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == t->st.st_mtim.tv_nsec &&
	    st.st_size == t->st.st_size && st.st_ino == t->st.st_ino)
		return false;
	t->st = st;
	return true;
}

/* What is known of a file; NULL: nothing. */
static const struct touch *
touches_find(const struct touches *t, const char *path)
{
	size_t	 i;

	for (i = 0; t != NULL && i < t->count; i++) {
		if (strcmp(t->items[i].path, path) == 0)
			return &t->items[i];
	}
	return NULL;
}

/* The files of a configuration; what is known of them stays known. */
static struct touches *
touches_new(const struct config *cfg, int generation,
    const struct touches *old)
{
	struct touches		*t = xcalloc(1, sizeof(*t));
	const struct touch	*known;
	struct touch		*item;
	size_t			 i;

	t->generation = generation;
	t->count = cfg->touch_reload.count;
	t->items = xcalloc(t->count + 1, sizeof(*t->items));
	for (i = 0; i < t->count; i++) {
		item = &t->items[i];
		known = touches_find(old, cfg->touch_reload.items[i]);
		if (known != NULL)
			*item = *known;
		item->path = xstrdup(cfg->touch_reload.items[i]);
		if (known == NULL && !touch_changed(item))
			log_warn("\"touch-reload\": %s is not there yet",
			    item->path);
	}
	return t;
}

/* Looks at all files. */
void
touch_check(struct master *m)
{
	struct touches	*old = m->touches;
	char		 why[512];
	size_t		 i;

	if (old == NULL || old->generation != m->serving->id) {
		m->touches = touches_new(m->cfg, m->serving->id, old);
		touches_free(old);
	}
	why[0] = '\0';
	for (i = 0; i < m->touches->count; i++) {
		if (touch_changed(&m->touches->items[i]))
			snprintf(why, sizeof(why), "touch-reload: %s",
			    m->touches->items[i].path);
	}
	if (why[0] != '\0')
		reload_request(m, why);
}

/* Looks no more. */
void
touch_done(struct master *m)
{
	touches_free(m->touches);
	m->touches = NULL;
}
