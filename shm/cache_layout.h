/* How a cache lies in memory; for shm/cache_*.c only. See cache.h. */
#ifndef WM_SHM_CACHE_LAYOUT_H
#define WM_SHM_CACHE_LAYOUT_H

#include <pthread.h>

#include "base/siphash.h"
#include "shm/cache.h"

#define CACHE_MAGIC	"wmcache"
#define CACHE_LAYOUT	1		/* another one cannot be read */
#define CACHE_STRIPES	256
#define CACHE_LANES	16
#define CACHE_KEY_SHORT	32

/* Links are indexes + 1; 0 is none. */

struct cache_value {
	uint32_t	 first;		/* block, link */
	uint32_t	 len;
	uint64_t	 expires_us;	/* clock_real_us; 0: never */
	uint64_t	 sum;		/* of a store, else 0 */
};

#define CACHE_ITEM_FREE	0		/* else live: 1 + which value */

struct cache_item {
	uint32_t	 state;
	uint32_t	 next;		/* in its chain, or the free list */
	uint32_t	 older;		/* LRU */
	uint32_t	 newer;
	uint64_t	 hash;
	uint64_t	 used_us;	/* clock_mono_us, written by readers */
	uint64_t	 listed_us;	/* the same when it got its place */
	struct cache_value values[2];
	uint32_t	 key_len;
	uint32_t	 reserved;
	char		 key[CACHE_KEY_SHORT];
};

_Static_assert(sizeof(struct cache_item) == 128, "a store's layout");

struct cache_seq {
	_Alignas(64) uint32_t seq;	/* odd: being written */
};

/* What must be the same to go on with a store. */
struct cache_ident {
	char		 magic[8];
	uint32_t	 layout;
	uint32_t	 mutex_size;
	uint64_t	 items;
	uint64_t	 blocks;
	uint64_t	 blocksize;
	uint64_t	 keysize;
	uint64_t	 buckets;
	uint64_t	 bitmap;
	uint64_t	 reserved;
};

struct cache_head {
	struct cache_ident ident;
	struct siphash_key key;
	_Alignas(64) pthread_mutex_t lock;
	uint32_t	 free_item;	/* links */
	uint32_t	 free_block;
	uint32_t	 oldest;
	uint32_t	 newest;
	uint64_t	 items;		/* live ones */
	uint64_t	 free_blocks;
	uint64_t	 hand;		/* slot that is swept next */
	uint64_t	 soonest_us;	/* nothing expires before; 0: nothing */
	uint64_t	 round_us;	/* the same of the hand's round */
	uint64_t	 sweep_us;	/* no full sweep before */
};

/*
 * Always anonymous memory, so that the master can read it whatever became of a
 * store's file.
 */
struct cache_counters {
	uint64_t	 items;
	uint64_t	 full;
	uint64_t	 evicted;
	uint64_t	 expired;
	uint64_t	 repairs;
	uint64_t	 last_modified_at;
	struct {
		_Alignas(64) uint64_t hits;
		uint64_t	 miss;
	}		 lanes[CACHE_LANES];
};

/* Private to each process; written after the fork: said_us, removed. */
struct cache {
	struct cache_spec	 spec;
	struct siphash_key	 key;
	size_t			 items;
	size_t			 blocks;	/* one more than configured */
	size_t			 block_size;
	size_t			 value_max;
	size_t			 buckets;	/* a power of two */
	bool			 sums;		/* of a store */
	int			 lock_fd;
	size_t			 size;
	char			*said;
	uint64_t		 said_us;	/* that it is full */
	uint64_t		 removed;	/* from chains; locked */
	struct cache_head	*head;
	struct cache_seq	*seqs;
	uint32_t		*bucket;
	struct cache_item	*item;
	uint32_t		*next;
	char			*keys;
	char			*data;
	struct cache_counters	*counters;
};

/* A key, and what is found by it. */
struct cache_place {
	const char	*key;
	size_t		 key_len;
	uint64_t	 hash;
	uint32_t	 link;		/* of the item; 0: none */
	uint32_t	 before;	/* the link before it in its chain */
};

/*
 * Single words of shared memory. A test makes CACHE_STEP something that dies at
 * the Nth store.
 */
#ifndef CACHE_STEP
#define CACHE_STEP()	((void)0)
#endif
#define GET(word)	__atomic_load_n(&(word), __ATOMIC_RELAXED)
#define PUT(word, value) do {						\
	CACHE_STEP();							\
	__atomic_store_n(&(word), (value), __ATOMIC_RELAXED);		\
} while (0)
#define COUNT(word, n)	((void)__atomic_fetch_add(&(word), (n),		\
			    __ATOMIC_RELAXED))

/* Between two looks at what another process is about to change. */
static inline void
cache_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* cache_new.c: addresses of the parts (of head, which may be NULL); size. */
size_t	 cache_place_parts(struct cache *c, char *base);
/* cache_store.c: maps the file. */
int	 cache_store_open(struct cache *c, char **cause);

/* cache_lock.c. */
enum cache_result cache_enter(struct cache *c, bool wait);
void	 cache_leave(struct cache *c);
int	 cache_lock_init(struct cache *c, char **cause);
/* Around a change of what a bucket leads to. */
void	 cache_change_begin(struct cache *c, uint64_t hash);
void	 cache_change_end(struct cache *c, uint64_t hash);

/*
 * cache_repair.c, with the lock: makes lists and chains anew from the items
 * that are whole; with drop there is none.
 */
void	 cache_repair(struct cache *c, bool drop);

/* cache_find.c. */
void	 cache_place_init(const struct cache *c, struct cache_place *place,
	    const void *key, size_t key_len);
/* Looks it up in at most steps; false: a chain that cannot be. */
bool	 cache_find(const struct cache *c, struct cache_place *place,
	    size_t steps);
/* NULL: no such item. */
struct cache_item *cache_item(const struct cache *c, uint32_t link);
/* Where its key is; len: how long it is. */
char	*cache_item_key(const struct cache *c, uint32_t link, size_t len);
/* Its value in force, a copy; false: it is free, or cannot be. */
bool	 cache_item_value(const struct cache *c, const struct cache_item *item,
	    struct cache_value *value);
/* Copies a value out; false: its blocks cannot be. */
bool	 cache_value_copy(const struct cache *c,
	    const struct cache_value *value, char *to);
/* Of a store's value, with its key's hash. */
uint64_t cache_value_sum(const struct cache *c,
	    const struct cache_value *value, uint64_t hash);
/* Has that time (clock_real_us) come? */
bool	 cache_time_is_over(uint64_t us);
bool	 cache_value_expired(const struct cache_value *value);

/* cache_sum.c: of some bytes, against accidents. */
uint64_t cache_sum(const struct siphash_key *key, const char *data,
	    size_t len);

/* cache_room.c, with the lock; false: something cannot be. */
bool	 cache_remove(struct cache *c, struct cache_place *place);
bool	 cache_list_add(struct cache *c, uint32_t link);
/* Takes items that have expired out, in a few slots or in all. */
bool	 cache_sweep(struct cache *c, bool all);
/* Makes room for an item (or not) and blocks, sparing one; *fits: it did. */
bool	 cache_make_room(struct cache *c, bool item, size_t blocks,
	    uint32_t spare, bool *fits);
/* Takes them off the free lists, when cache_make_room has made room. */
bool	 cache_take_item(struct cache *c, uint32_t *link);
bool	 cache_take_blocks(struct cache *c, size_t count, uint32_t *first);
bool	 cache_give_blocks(struct cache *c, const struct cache_value *value);
/* How many blocks a value takes. */
size_t	 cache_blocks_of(const struct cache *c, size_t len);

#endif
