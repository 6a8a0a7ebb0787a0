/* Making a cache: sizes, its mapping, what the master shows of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/xmalloc.h"
#include "shm/cache_layout.h"

#define CACHE_PAGE	4096

/* The next part, of n things; where it begins. */
static char *
cache_part(char *base, size_t *at, size_t n, size_t size, size_t align)
{
	char	*part;

	*at = (*at + align - 1) / align * align;
	part = base == NULL ? NULL : base + *at;
	*at += n * size;
	return part;
}

/* Addresses of the parts; the size of all. */
size_t
cache_place_parts(struct cache *c, char *base)
{
	size_t	 at = 0, long_keys;

	long_keys = c->spec.keysize > CACHE_KEY_SHORT ? c->items : 0;
	c->head = (void *)cache_part(base, &at, 1, sizeof(*c->head), 64);
	c->seqs = (void *)cache_part(base, &at, CACHE_STRIPES,
	    sizeof(*c->seqs), 64);
	c->bucket = (void *)cache_part(base, &at, c->buckets,
	    sizeof(*c->bucket), 64);
	c->item = (void *)cache_part(base, &at, c->items, sizeof(*c->item),
	    128);
	c->next = (void *)cache_part(base, &at, c->blocks, sizeof(*c->next),
	    64);
	c->keys = cache_part(base, &at, long_keys, c->spec.keysize, 64);
	c->data = cache_part(base, &at, c->blocks, c->block_size, CACHE_PAGE);
	return (at + CACHE_PAGE - 1) / CACHE_PAGE * CACHE_PAGE;
}

/* What follows from the spec. */
static void
cache_size(struct cache *c, const struct cache_spec *spec)
{
	size_t	 buckets = spec->hashsize != 0 ? spec->hashsize : spec->items;

	c->spec = *spec;
	c->spec.name = xstrdup(spec->name);
	c->spec.store = spec->store == NULL ? NULL : xstrdup(spec->store);
	c->items = spec->items;
	c->blocks = spec->blocks + 1;
	c->block_size = spec->blocksize;
	c->value_max = spec->blocksize;
	if (spec->bitmap)
		c->value_max = spec->blocksize > UINT32_MAX / spec->blocks ?
		    UINT32_MAX : spec->blocksize * spec->blocks;
	for (c->buckets = 1; c->buckets < buckets; c->buckets *= 2)
		;
	c->spec.hashsize = c->buckets;
	c->sums = spec->store != NULL;
	c->size = cache_place_parts(c, NULL);
}

/* Memory that no file is behind. */
static void *
cache_map(size_t size, char **cause)
{
	void	*base = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base != MAP_FAILED)
		return base;
	*cause = xasprintf("cannot map %zu bytes: %s", size, strerror(errno));
	return NULL;
}

/* An empty one in new memory. */
static int
cache_begin(struct cache *c, char **cause)
{
	char	*base = cache_map(c->size, cause);

	if (base == NULL)
		return -1;
	cache_place_parts(c, base);
	if (getrandom(&c->key, sizeof(c->key), 0) != sizeof(c->key)) {
		*cause = xasprintf("getrandom: %s", strerror(errno));
		return -1;
	}
	if (cache_lock_init(c, cause) == -1)
		return -1;
	cache_repair(c, true);
	return 0;
}

/* Makes it, or goes on with its store. */
struct cache *
cache_new(const struct cache_spec *spec, char **cause)
{
	struct cache	*c = xcalloc(1, sizeof(*c));
	int		 result;

	c->lock_fd = -1;
	cache_size(c, spec);
	c->counters = cache_map(sizeof(*c->counters), cause);
	if (c->counters == NULL)
		result = -1;
	else if (spec->store != NULL)
		result = cache_store_open(c, cause);
	else
		result = cache_begin(c, cause);
	if (result == 0)
		return c;
	cache_free(c);
	return NULL;
}

/* Unmaps it. */
void
cache_free(struct cache *c)
{
	if (c == NULL)
		return;
	if (c->head != NULL)
		munmap(c->head, c->size);
	if (c->counters != NULL)
		munmap(c->counters, sizeof(*c->counters));
	fd_close(&c->lock_fd);
	free(c->spec.name);
	free(c->spec.store);
	free(c->said);
	free(c);
}

/* What it was made from. */
const struct cache_spec *
cache_spec(const struct cache *c)
{
	return &c->spec;
}

/* What holds its file's lock. */
int
cache_store_fd(const struct cache *c)
{
	return c->lock_fd;
}

/* What became of its file. */
const char *
cache_store_said(const struct cache *c)
{
	return c->said;
}

/* The counters. */
void
cache_stats(const struct cache *c, struct cache_stats *stats)
{
	const struct cache_counters	*from = c->counters;
	size_t				 i;

	memset(stats, 0, sizeof(*stats));
	stats->items = GET(from->items);
	stats->full = GET(from->full);
	stats->evicted = GET(from->evicted);
	stats->expired = GET(from->expired);
	stats->repairs = GET(from->repairs);
	stats->last_modified_at = GET(from->last_modified_at);
	for (i = 0; i < CACHE_LANES; i++) {
		stats->hits += GET(from->lanes[i].hits);
		stats->miss += GET(from->lanes[i].miss);
	}
	if (stats->items > c->items)
		stats->items = c->items;
}

/* By name. */
struct cache *
caches_find(const struct caches *caches, const char *name)
{
	size_t	 i;

	if (caches == NULL || caches->count == 0)
		return NULL;
	if (name == NULL || *name == '\0')
		return caches->items[0];
	for (i = 0; i < caches->count; i++) {
		if (strcmp(caches->items[i]->spec.name, name) == 0)
			return caches->items[i];
	}
	return NULL;
}
