/* A cache in a file, which outlives the server. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/xmalloc.h"
#include "shm/cache_layout.h"

/*
 * Who uses a store holds a shared flock(2) on it, through a descriptor that can
 * only read, so that no worker can cut the file off under the others; the lock
 * is there as long as any process that was forked with it. Who gets it
 * exclusively is alone: makes the mutex anew, and checks each item. Who gets
 * it shared only (a master that is to take over, its predecessor's last
 * workers) finds a cache in use, and uses it as it is.
 */

/* What the file must say. */
static void
cache_ident_make(const struct cache *c, struct cache_ident *ident)
{
	memset(ident, 0, sizeof(*ident));
	memcpy(ident->magic, CACHE_MAGIC, sizeof(ident->magic));
	ident->layout = CACHE_LAYOUT;
	ident->mutex_size = sizeof(pthread_mutex_t);
	ident->items = c->items;
	ident->blocks = c->blocks;
	ident->blocksize = c->block_size;
	ident->keysize = c->spec.keysize;
	ident->buckets = c->buckets;
	ident->bitmap = c->spec.bitmap;
}

/* How the file's head differs; NULL: it fits. New text. */
static char *
cache_store_differs(struct cache *c, const struct cache_ident *is, off_t size)
{
	struct cache_ident	 must;

	cache_ident_make(c, &must);
	if (is->layout != must.layout || is->mutex_size != must.mutex_size)
		return xasprintf("it has layout %u, this version reads %u",
		    is->layout, must.layout);
	if (memcmp(is, &must, sizeof(must)) != 0)
		return xasprintf("it was made with items=%llu,blocks=%llu,"
		    "blocksize=%llu,keysize=%llu,hashsize=%llu%s",
		    (unsigned long long)is->items,
		    (unsigned long long)is->blocks - 1,
		    (unsigned long long)is->blocksize,
		    (unsigned long long)is->keysize,
		    (unsigned long long)is->buckets,
		    is->bitmap != 0 ? ",bitmap" : "");
	if (size != (off_t)c->size)
		return xasprintf("it has %lld bytes, not %zu",
		    (long long)size, c->size);
	return NULL;
}

/* Maps the file, whose blocks are there. */
static int
cache_store_map(struct cache *c, int fd, char **cause)
{
	char	*base;

	base = mmap(NULL, c->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED) {
		*cause = xasprintf("cannot map it: %s", strerror(errno));
		return -1;
	}
	cache_place_parts(c, base);
	return 0;
}

/* Makes it empty, with all of its room taken: no write can fail later. */
static int
cache_store_begin(struct cache *c, int fd, char **cause)
{
	int	 error;

	error = ftruncate(fd, 0) == -1 ? errno :
	    posix_fallocate(fd, 0, (off_t)c->size);
	if (error != 0) {
		*cause = xasprintf("cannot make it %zu bytes long: %s",
		    c->size, strerror(error));
		return -1;
	}
	if (cache_store_map(c, fd, cause) == -1)
		return -1;
	if (getrandom(&c->key, sizeof(c->key), 0) != sizeof(c->key)) {
		*cause = xasprintf("getrandom: %s", strerror(errno));
		return -1;
	}
	c->head->key = c->key;
	if (cache_lock_init(c, cause) == -1)
		return -1;
	cache_repair(c, true);
	/* At last: a file without it is no store. */
	cache_ident_make(c, &c->head->ident);
	c->said = xstrdup("new");
	return 0;
}

/* Goes on with it. */
static int
cache_store_go_on(struct cache *c, int fd, bool alone, char **cause)
{
	if (cache_store_map(c, fd, cause) == -1)
		return -1;
	c->key = c->head->key;
	c->counters->items = c->head->items;
	if (!alone) {
		c->said = xstrdup("in use by another server, shared with it");
		return 0;
	}
	if (cache_lock_init(c, cause) == -1)
		return -1;
	cache_repair(c, false);
	c->counters->repairs = 0;
	c->counters->items = c->head->items;
	c->said = xasprintf("%llu items are there",
	    (unsigned long long)c->head->items);
	return 0;
}

/* Looks at what is in the file, and begins with it or anew. */
static int
cache_store_use(struct cache *c, int fd, bool alone, char **cause)
{
	struct cache_ident	 is = { .layout = 0 };
	struct stat		 st;
	ssize_t			 n;
	char			*differs;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		*cause = xstrdup("it is not a regular file");
		return -1;
	}
	if (st.st_size == 0 && alone)
		return cache_store_begin(c, fd, cause);
	n = pread(fd, &is, sizeof(is), 0);
	if (n != sizeof(is) ||
	    memcmp(is.magic, CACHE_MAGIC, sizeof(is.magic)) != 0) {
		*cause = xstrdup("it is not a cache's store (or one that was "
		    "never finished); remove it, or name another file");
		return -1;
	}
	differs = cache_store_differs(c, &is, st.st_size);
	if (differs == NULL)
		return cache_store_go_on(c, fd, alone, cause);
	if (c->spec.store_delete && alone) {
		free(differs);
		return cache_store_begin(c, fd, cause);
	}
	*cause = xasprintf("%s; remove it, or give \"store_delete\" to begin "
	    "anew%s", differs, alone ? "" : " (another server uses it)");
	free(differs);
	return -1;
}

/* Takes the lock; *alone: nobody else has it. */
static int
cache_store_lock(struct cache *c, bool *alone, char **cause)
{
	*alone = flock(c->lock_fd, LOCK_EX | LOCK_NB) == 0;
	if (*alone || flock(c->lock_fd, LOCK_SH | LOCK_NB) == 0)
		return 0;
	*cause = xasprintf("another server is about to open it: %s",
	    strerror(errno));
	return -1;
}

/* Opens it. */
int
cache_store_open(struct cache *c, char **cause)
{
	char	*why = NULL;
	bool	 alone;
	int	 fd, result = -1;

	fd = open(c->spec.store, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
	    O_NONBLOCK, 0600);
	if (fd != -1)
		c->lock_fd = open(c->spec.store, O_RDONLY | O_CLOEXEC |
		    O_NOFOLLOW | O_NONBLOCK);
	if (fd == -1 || c->lock_fd == -1)
		why = xasprintf("cannot open it: %s", strerror(errno));
	else if (cache_store_lock(c, &alone, &why) == 0) {
		result = cache_store_use(c, fd, alone, &why);
		if (result == 0 && alone)
			flock(c->lock_fd, LOCK_SH);
	}
	fd_close(&fd);
	if (result == -1) {
		*cause = xasprintf("store \"%s\": %s", c->spec.store, why);
		free(why);
	}
	return result;
}
