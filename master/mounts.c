/* What the apps have done, by the path they are mounted at. */
#include "master/mounts.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "config/config.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/workers.h"

/* Is there an app besides those of "mount"? It is the first one. */
static size_t
mounts_has_top(const struct config *cfg)
{
	return cfg->module != NULL || cfg->wsgi_file != NULL;
}

/* How many apps there are. */
size_t
mounts_count(const struct config *cfg)
{
	return mounts_has_top(cfg) + cfg->mount.count;
}

/* The path of one. */
const char *
mounts_path(const struct config *cfg, size_t id, size_t *len)
{
	const char	*mount;

	*len = 0;
	if (id < mounts_has_top(cfg))
		return "";
	mount = cfg->mount.items[id - mounts_has_top(cfg)];
	*len = strcspn(mount, "=");
	return mount;
}

/* The sum of a path, made if it is not there. */
static struct mount_sum *
mounts_sum(struct mounts *mounts, const char *path, size_t len)
{
	struct mount_sum	*sum;
	size_t			 i;

	for (i = 0; i < mounts->count; i++) {
		sum = &mounts->items[i];
		if (strlen(sum->path) == len &&
		    memcmp(sum->path, path, len) == 0)
			return sum;
	}
	if (mounts->count >= MOUNTS_MAX && strcmp(path, MOUNT_OTHER) != 0)
		return mounts_sum(mounts, MOUNT_OTHER, strlen(MOUNT_OTHER));
	mounts->items = xrealloc(mounts->items,
	    (mounts->count + 1) * sizeof(*mounts->items));
	sum = &mounts->items[mounts->count++];
	memset(sum, 0, sizeof(*sum));
	sum->path = xstrndup(path, len);
	return sum;
}

/* Adds a row of a worker's. */
static void
mounts_add_row(struct mount_sum *sum, const struct sb_app *app)
{
	unsigned	 i;

	sum->requests += sb_get(&app->requests);
	sum->exceptions += sb_get(&app->exceptions);
	sum->time_us += sb_get(&app->time_us);
	for (i = 0; i < SB_CLASSES; i++)
		sum->statuses[i] += sb_get(&app->statuses[i]);
	for (i = 0; i < LATENCY_STEPS; i++)
		sum->steps[i] += sb_get(&app->steps[i]);
}

/* Adds what a worker did. */
void
mounts_add(struct mounts *mounts, const struct config *cfg,
    const struct sb_slot *slot)
{
	size_t		 count = mounts_count(cfg), id, len;
	const char	*path;

	for (id = 0; id < count && id < SB_APPS; id++) {
		path = mounts_path(cfg, id, &len);
		mounts_add_row(mounts_sum(mounts, len > 0 ? path : "/",
		    len > 0 ? len : 1), &slot->apps[id]);
	}
	if (count > SB_APPS)
		mounts_add_row(mounts_sum(mounts, MOUNT_OTHER,
		    strlen(MOUNT_OTHER)), &slot->apps[SB_APP_OTHER]);
	mounts_add_row(mounts_sum(mounts, MOUNT_NONE, strlen(MOUNT_NONE)),
	    &slot->apps[SB_APP_NONE]);
}

/* Adds a sum of dead workers. */
static void
mounts_add_sum(struct mounts *mounts, const struct mount_sum *from)
{
	struct mount_sum	*sum;
	char			*path;

	sum = mounts_sum(mounts, from->path, strlen(from->path));
	path = sum->path;	/* new, so all else is still zero */
	*sum = *from;
	sum->path = path;
}

/* The dead workers' sums and those of the living. */
void
mounts_collect(struct mounts *mounts, const struct master *m)
{
	const struct worker_proc	*wp;
	size_t				 i;

	memset(mounts, 0, sizeof(*mounts));
	for (i = 0; i < m->mounts.count; i++)
		mounts_add_sum(mounts, &m->mounts.items[i]);
	for (i = 0; i < m->sb->slots; i++) {
		wp = &m->workers[i];
		if (wp->child.state != SB_SLOT_FREE)
			mounts_add(mounts, wp->child.gen->cfg,
			    sb_slot(m->sb, (uint32_t)i));
	}
}

/* Frees the memory. */
void
mounts_done(struct mounts *mounts)
{
	size_t	 i;

	for (i = 0; i < mounts->count; i++)
		free(mounts->items[i].path);
	free(mounts->items);
	memset(mounts, 0, sizeof(*mounts));
}
