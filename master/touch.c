/* Files whose change asks for something. */
#include "master/touch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/signal_rule.h"
#include "master/background.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/user_signals.h"

struct touch {
	const struct touch_kind	*kind;
	char			*path;
	int			 number;	/* of a signal */
	bool			 there;
	struct stat		 st;		/* if it is there */
};

/* What a change of the files of an option asks for. */
struct touch_kind {
	const char	*option;
	size_t		 offset;	/* in struct config */
	bool		 is_signal;	/* "FILE N", and each counts */
	void		(*act)(struct master *m, const struct touch *t);
};

struct touches {
	int		 generation;	/* whose files they are */
	struct touch	*items;
	size_t		 count;
};

/* touch-reload */
static void
touch_act_reload(struct master *m, const struct touch *t)
{
	char	 why[512];

	snprintf(why, sizeof(why), "%s: %s", t->kind->option, t->path);
	reload_request(m, why);
}

/* touch-mules-reload */
static void
touch_act_mules(struct master *m, const struct touch *t)
{
	log_info("%s: %s: the mules are started anew", t->kind->option,
	    t->path);
	background_reload(m, PROCESS_MULE);
}

/* touch-spoolers-reload */
static void
touch_act_spoolers(struct master *m, const struct touch *t)
{
	log_info("%s: %s: the spoolers are started anew", t->kind->option,
	    t->path);
	background_reload(m, PROCESS_SPOOLER);
}

/* touch-signal */
static void
touch_act_signal(struct master *m, const struct touch *t)
{
	log_info("%s: %s: signal %d", t->kind->option, t->path, t->number);
	(void)user_signals_source(m->serving->user_signals, t->number);
}

#define TOUCH_KIND(name, member)	name, offsetof(struct config, member)

static const struct touch_kind touch_kinds[] = {
	{ TOUCH_KIND("touch-reload", touch_reload), false, touch_act_reload },
	{ TOUCH_KIND("touch-mules-reload", touch_mules_reload), false,
	    touch_act_mules },
	{ TOUCH_KIND("touch-spoolers-reload", touch_spoolers_reload), false,
	    touch_act_spoolers },
	{ TOUCH_KIND("touch-signal", touch_signal), true, touch_act_signal },
};

#define TOUCH_KINDS	(sizeof(touch_kinds) / sizeof(touch_kinds[0]))

/* The option's list. */
static const struct strlist *
touch_list(const struct touch_kind *kind, const struct config *cfg)
{
	return (const struct strlist *)(const void *)
	    ((const char *)cfg + kind->offset);
}

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

/* What is known of such a file; NULL: nothing. */
static const struct touch *
touches_find(const struct touches *t, const struct touch *like)
{
	size_t	 i;

	for (i = 0; t != NULL && i < t->count; i++) {
		if (t->items[i].kind == like->kind &&
		    t->items[i].number == like->number &&
		    strcmp(t->items[i].path, like->path) == 0)
			return &t->items[i];
	}
	return NULL;
}

/* A file of the configuration; what is known of it stays known. */
static void
touches_add(struct touches *t, const struct touch_kind *kind,
    const char *text, const struct touches *old)
{
	struct touch		*item = &t->items[t->count];
	const struct touch	*known;

	item->kind = kind;
	if (!kind->is_signal)
		item->path = xstrdup(text);
	else if (!signal_rule_file(text, &item->number, &item->path))
		return;
	t->count++;
	known = touches_find(old, item);
	if (known != NULL) {
		item->there = known->there;
		item->st = known->st;
	} else if (!touch_changed(item))
		log_warn("\"%s\": %s is not there yet", kind->option,
		    item->path);
}

/* The files of a configuration. */
static struct touches *
touches_new(const struct config *cfg, int generation,
    const struct touches *old)
{
	struct touches		*t = xcalloc(1, sizeof(*t));
	const struct strlist	*list;
	size_t			 i, k, n = 0;

	for (k = 0; k < TOUCH_KINDS; k++)
		n += touch_list(&touch_kinds[k], cfg)->count;
	t->generation = generation;
	t->items = xcalloc(n + 1, sizeof(*t->items));
	for (k = 0; k < TOUCH_KINDS; k++) {
		list = touch_list(&touch_kinds[k], cfg);
		for (i = 0; i < list->count; i++)
			touches_add(t, &touch_kinds[k], list->items[i], old);
	}
	return t;
}

/* Looks at the files of a kind. Of those but signals once is enough. */
static void
touches_look(struct master *m, const struct touch_kind *kind)
{
	const struct touch	*changed = NULL;
	struct touch		*t;
	size_t			 i;

	for (i = 0; i < m->touches->count; i++) {
		t = &m->touches->items[i];
		if (t->kind != kind || !touch_changed(t))
			continue;
		if (kind->is_signal)
			kind->act(m, t);
		else
			changed = t;
	}
	if (changed != NULL)
		kind->act(m, changed);
}

/* Looks at all files. */
void
touch_check(struct master *m)
{
	struct touches	*old = m->touches;
	size_t		 k;

	if (old == NULL || old->generation != m->serving->id) {
		m->touches = touches_new(m->cfg, m->serving->id, old);
		touches_free(old);
	}
	for (k = 0; k < TOUCH_KINDS; k++)
		touches_look(m, &touch_kinds[k]);
}

/* Looks no more. */
void
touch_done(struct master *m)
{
	touches_free(m->touches);
	m->touches = NULL;
}
