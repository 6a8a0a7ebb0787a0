/* Caches in shared memory: key and value of any bytes, for all processes. */
#ifndef WM_SHM_CACHE_H
#define WM_SHM_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cache;
struct strbuf;

/*
 * What is where (cache_layout.h has the structs):
 *
 *	head	what the file is (for a store), the lock, list heads
 *	seqs	a change counter for each stripe of hash buckets
 *	buckets	the first item of each hash chain
 *	items	128 bytes each: state, links, key (if short), two values
 *	next	for each block the one behind it in its value, or free list
 *	keys	those that are too long for an item
 *	blocks	the bytes of the values
 *
 * Sizes and addresses are in struct cache, which is private to each process;
 * from what is shared only indexes come, and each is checked before use.
 *
 * Writing. One process at a time, with the robust lock of the head. An item is
 * what its state says, which changes in one store: FREE, or LIVE with its first
 * or its second value. A new item is made ready while it is free, and then
 * becomes live; another value is written into free blocks, and then the state
 * says that the other one is in force; a deleted one first becomes free.
 * Everything else (chains, free lists, LRU) follows from the items, and is
 * rebuilt from them (cache_repair) by whoever gets the lock of one that was
 * killed, or meets an index that cannot be. So a writer that is killed, at any
 * instruction, has either written its item or not; nobody ever sees a part.
 *
 * Reading takes no lock. A writer makes the counter of a stripe odd while it
 * changes what its buckets lead to, and even again afterwards; a reader whose
 * stripe's counter was even and has stayed the same has read what belongs
 * together. Blocks are filled while they are free, so counters are odd for a
 * few stores only. Who does not succeed in a few tries takes the lock.
 *
 * Expired items are not there for readers at once. Their room is taken back by
 * writers: a few slots with each set, all of them when the cache is full.
 *
 * A worker that was taken over can write what it wants into the cache, as it
 * could with cache_update, and can keep the lock: others wait CACHE_PATIENCE_MS
 * and fail. Nothing that it writes outside of the lock makes them crash, or
 * loop for ever. The lock itself is glibc's: a robust mutex has links of the
 * list that each thread keeps of those it holds, and glibc follows them. Who
 * writes these can make others crash; but all workers are one user, who may
 * kill them anyway.
 */
#define CACHE_PATIENCE_MS	5000
#define CACHE_KEYSIZE_MAX	65535

/* What the configuration asks for; checked by config/cache_rule.c. */
struct cache_spec {
	char		*name;
	size_t		 items;
	size_t		 blocks;	/* at least items */
	size_t		 blocksize;
	size_t		 keysize;	/* the longest key */
	size_t		 hashsize;	/* buckets; becomes a power of two */
	int64_t		 math_initial;
	char		*store;		/* a file, or NULL */
	bool		 store_delete;	/* begin anew if it does not fit */
	bool		 bitmap;	/* a value may take several blocks */
	bool		 lru;		/* when full, drop the least used */
	bool		 clear_on_full;
	bool		 ignore_full;	/* do not say so in the log */
	bool		 lastmod;	/* keep last_modified_at */
};

enum cache_result {
	CACHE_OK,
	CACHE_MISSING,		/* no such item */
	CACHE_EXISTS,		/* there is one already */
	CACHE_FULL,
	CACHE_TOO_BIG,		/* key or value */
	CACHE_NO_NUMBER,	/* the value has not 8 bytes */
	CACHE_MORE,		/* the room is too small; *len is what it is */
	CACHE_BUSY		/* the lock was not to be had */
};

/* Where a value is to go. */
struct cache_room {
	char	*buf;
	size_t	 size;
	size_t	 len;			/* of the value */
	bool	 only_len;		/* it is not copied */
	/*
	 * Makes it that long; NULL: CACHE_MORE instead. Never called with the
	 * lock; it may be called more than once. False: it cannot.
	 */
	bool	(*grow)(struct cache_room *room, size_t len);
	void	*arg;
};

enum cache_math {
	CACHE_INC,
	CACHE_DEC,
	CACHE_MUL,
	CACHE_DIV
};

/* Counters, which any process may read at any time. */
struct cache_stats {
	uint64_t	 items;
	uint64_t	 hits;
	uint64_t	 miss;
	uint64_t	 full;		/* sets that found no room */
	uint64_t	 evicted;	/* by LRU */
	uint64_t	 expired;	/* whose room was taken back */
	uint64_t	 repairs;
	uint64_t	 last_modified_at;
};

/* Before the first fork. NULL with *cause. The spec is copied. */
struct cache *cache_new(const struct cache_spec *spec, char **cause);
/* Unmaps; a store's file stays. */
void	 cache_free(struct cache *c);
/* What it was made from, borrowed. */
const struct cache_spec *cache_spec(const struct cache *c);
void	 cache_stats(const struct cache *c, struct cache_stats *stats);
/* Holds the store's lock while a process has it open; -1: there is no store. */
int	 cache_store_fd(const struct cache *c);
/* What a store began with, for the log: NULL, or borrowed text. */
const char *cache_store_said(const struct cache *c);

/*
 * With wait false, CACHE_BUSY comes at once if another process (or thread)
 * has the lock for more than a moment; else after CACHE_PATIENCE_MS. Expiry is
 * in microseconds from now, 0: never.
 */
enum cache_result cache_get(struct cache *c, const void *key, size_t key_len,
	    void *room, size_t size, size_t *len, bool wait);
/* The same into a room that can be made for it: the value is copied once. */
enum cache_result cache_read(struct cache *c, const void *key,
	    size_t key_len, struct cache_room *room, bool wait);
enum cache_result cache_exists(struct cache *c, const void *key,
	    size_t key_len, bool wait);
/* With replace an item that is there gets the new value and expiry. */
enum cache_result cache_set(struct cache *c, const void *key, size_t key_len,
	    const void *value, size_t len, uint64_t expires_us, bool replace,
	    bool wait);
enum cache_result cache_del(struct cache *c, const void *key, size_t key_len,
	    bool wait);
/*
 * Of an int64 in this machine's byte order; it wraps around. One that is not
 * there begins with math_initial, and gets the expiry. By 0: 0.
 */
enum cache_result cache_math(struct cache *c, const void *key, size_t key_len,
	    enum cache_math op, int64_t operand, uint64_t expires_us,
	    bool wait);
enum cache_result cache_clear(struct cache *c, bool wait);
/*
 * Appends the keys of some slots, from *at on, each behind its length (a
 * uint32_t), and moves *at; CACHE_MISSING when there are no more.
 */
enum cache_result cache_keys(struct cache *c, size_t *at, struct strbuf *out,
	    bool wait);

/* All of a server. */
struct caches {
	size_t		  count;
	struct cache	**items;
};

/* Of that name; NULL or "": the first one. NULL: there is none. */
struct cache *caches_find(const struct caches *caches, const char *name);

#endif
