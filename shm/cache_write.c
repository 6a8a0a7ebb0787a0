/* Writing a cache, with its lock. */
#include <string.h>

#include "base/clock.h"
#include "shm/cache_layout.h"

/* One write; what it is about is found anew after a repair. */
struct cache_write {
	struct cache_place	 place;
	const char		*value;
	size_t			 len;
	uint64_t		 expires_us;	/* from now; 0: never */
	bool			 add;		/* not if it is there */
	bool			 keep_expiry;	/* of one that is there */
	enum cache_math		 math;
	int64_t			 operand;
	int64_t			 number;
	enum cache_result	 result;
};

/* Fills free blocks with the value. */
static void
cache_fill(struct cache *c, struct cache_value *to, const char *value)
{
	size_t		 left = to->len, n;
	uint32_t	 link = to->first;

	/* Readers of what was there before have been told: before this. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	for (; left > 0 && link != 0 && link <= c->blocks; left -= n) {
		n = left < c->block_size ? left : c->block_size;
		CACHE_STEP();
		memcpy(c->data + (size_t)(link - 1) * c->block_size, value,
		    n);
		CACHE_STEP();
		value += n;
		link = GET(c->next[link - 1]);
	}
}

/* A value in blocks of its own, with its expiry, that no item has yet. */
static bool
cache_value_new(struct cache *c, const struct cache_write *w,
    struct cache_value *value)
{
	value->len = (uint32_t)w->len;
	if (!cache_take_blocks(c, cache_blocks_of(c, w->len), &value->first))
		return false;
	cache_fill(c, value, w->value);
	if (c->sums)
		value->sum = cache_value_sum(c, value, w->place.hash);
	return true;
}

/* Puts a value beside the one that is in force. */
static void
cache_value_put(struct cache_item *item, int which,
    const struct cache_value *value)
{
	struct cache_value	*to = &item->values[which];

	PUT(to->first, value->first);
	PUT(to->len, value->len);
	PUT(to->expires_us, value->expires_us);
	PUT(to->sum, value->sum);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

/* last_modified_at, if it is wanted. */
static void
cache_note_change(struct cache *c)
{
	if (c->spec.lastmod)
		__atomic_store_n(&c->counters->last_modified_at,
		    clock_real_us() / 1000000, __ATOMIC_RELAXED);
}

/* The sweep has to know when to begin. */
static void
cache_note_expiry(struct cache *c, uint64_t expires_us)
{
	uint64_t	 soonest = GET(c->head->soonest_us);

	if (expires_us == 0)
		return;
	if (soonest == 0 || expires_us < soonest)
		PUT(c->head->soonest_us, expires_us);
	soonest = GET(c->head->round_us);
	if (soonest == 0 || expires_us < soonest)
		PUT(c->head->round_us, expires_us);
}

/* A new item. */
static bool
cache_insert(struct cache *c, struct cache_write *w, struct cache_value *value)
{
	struct cache_item	*item;
	uint32_t		 link, *bucket;

	if (!cache_take_item(c, &link) || !cache_value_new(c, w, value))
		return false;
	item = &c->item[link - 1];
	CACHE_STEP();
	memcpy(cache_item_key(c, link, w->place.key_len), w->place.key,
	    w->place.key_len);
	PUT(item->key_len, (uint32_t)w->place.key_len);
	PUT(item->hash, w->place.hash);
	if (c->spec.lru)
		PUT(item->used_us, clock_mono_us());
	cache_value_put(item, 0, value);
	bucket = &c->bucket[w->place.hash & (c->buckets - 1)];
	cache_change_begin(c, w->place.hash);
	PUT(item->state, 1);
	PUT(item->next, GET(*bucket));
	PUT(*bucket, link);
	cache_change_end(c, w->place.hash);
	PUT(c->head->items, GET(c->head->items) + 1);
	return !c->spec.lru || cache_list_add(c, link);
}

/* Another value for the item that was found. */
static bool
cache_replace(struct cache *c, struct cache_write *w,
    const struct cache_value *old, struct cache_value *value)
{
	struct cache_item	*item = &c->item[w->place.link - 1];
	uint32_t		 which = GET(item->state) == 1 ? 1 : 0;

	if (!cache_value_new(c, w, value))
		return false;
	cache_value_put(item, (int)which, value);
	cache_change_begin(c, w->place.hash);
	PUT(item->state, 1 + which);
	cache_change_end(c, w->place.hash);
	if (c->spec.lru)
		PUT(item->used_us, clock_mono_us());
	return cache_give_blocks(c, old);
}

/*
 * Room for it, or what there is instead; false: something cannot be. One block
 * more than is configured is always left free, so that in a full cache, too, a
 * new value is whole before it takes the old one's place.
 */
static bool
cache_write_room(struct cache *c, struct cache_write *w,
    const struct cache_value *old)
{
	bool	 there = w->place.link != 0, fits;
	size_t	 blocks = cache_blocks_of(c, w->len), had, need;

	had = there ? cache_blocks_of(c, old->len) : 0;
	need = blocks + 1 > had ? blocks + 1 - had : 0;
	if (!cache_make_room(c, !there, need, w->place.link, &fits))
		return false;
	if (!fits && c->spec.clear_on_full) {
		cache_repair(c, true);
		return true;
	}
	if (!fits) {
		w->result = CACHE_FULL;
		return true;
	}
	if (!there || GET(c->head->free_blocks) >= blocks)
		return true;
	/* There is, without the old value. */
	return cache_find(c, &w->place, c->items) && w->place.link != 0 &&
	    cache_remove(c, &w->place);
}

/* Writes it into the cache as it is. */
static bool
cache_put(struct cache *c, struct cache_write *w,
    const struct cache_value *old)
{
	struct cache_value	 value = { 0 };
	uint64_t		 removed = c->removed;

	w->result = CACHE_OK;
	if (!cache_sweep(c, false) || !cache_write_room(c, w, old))
		return false;
	if (w->result != CACHE_OK)
		return true;
	if (w->keep_expiry && old->len > 0)
		value.expires_us = old->expires_us;
	else if (w->expires_us != 0)
		value.expires_us = clock_real_us() + w->expires_us;
	cache_note_expiry(c, value.expires_us);
	cache_note_change(c);
	/* A sweep or an eviction may have changed the chain. */
	if (c->removed != removed && !cache_find(c, &w->place, c->items))
		return false;
	return w->place.link != 0 ? cache_replace(c, w, old, &value) :
	    cache_insert(c, w, &value);
}

/* Finds it; one that has expired is taken out. old: what it has now. */
static bool
cache_write_find(struct cache *c, struct cache_write *w,
    struct cache_value *old)
{
	memset(old, 0, sizeof(*old));
	if (!cache_find(c, &w->place, c->items))
		return false;
	if (w->place.link == 0)
		return true;
	if (!cache_item_value(c, &c->item[w->place.link - 1], old))
		return false;
	if (!cache_value_expired(old))
		return true;
	COUNT(c->counters->expired, 1);
	if (!cache_remove(c, &w->place))
		return false;
	w->place.link = 0;
	memset(old, 0, sizeof(*old));
	return true;
}

/* set and update. */
static bool
cache_do_set(struct cache *c, struct cache_write *w)
{
	struct cache_value	 old;

	if (!cache_write_find(c, w, &old))
		return false;
	if (w->place.link != 0 && w->add) {
		w->result = CACHE_EXISTS;
		return true;
	}
	return cache_put(c, w, &old);
}

/* del. */
static bool
cache_do_del(struct cache *c, struct cache_write *w)
{
	struct cache_value	 old;

	if (!cache_write_find(c, w, &old))
		return false;
	w->result = CACHE_MISSING;
	if (w->place.link == 0)
		return true;
	cache_note_change(c);
	w->result = CACHE_OK;
	return cache_remove(c, &w->place);
}

/* Two numbers make one, which wraps around. */
static int64_t
cache_calculate(enum cache_math math, int64_t a, int64_t b)
{
	switch (math) {
	case CACHE_INC:
		return (int64_t)((uint64_t)a + (uint64_t)b);
	case CACHE_DEC:
		return (int64_t)((uint64_t)a - (uint64_t)b);
	case CACHE_MUL:
		return (int64_t)((uint64_t)a * (uint64_t)b);
	case CACHE_DIV:
		if (b == -1)
			return (int64_t)-(uint64_t)a;
		return b == 0 ? 0 : a / b;
	}
	return a;
}

/* inc, dec, mul, div. */
static bool
cache_do_math(struct cache *c, struct cache_write *w)
{
	struct cache_value	 old;
	int64_t			 before = c->spec.math_initial;

	if (!cache_write_find(c, w, &old))
		return false;
	if (w->place.link != 0) {
		if (old.len != sizeof(before)) {
			w->result = CACHE_NO_NUMBER;
			return true;
		}
		if (!cache_value_copy(c, &old, (char *)&before))
			return false;
	}
	w->number = cache_calculate(w->math, before, w->operand);
	return cache_put(c, w, &old);
}

/* Does it; what cannot be is repaired, and then it is done again. */
static enum cache_result
cache_do(struct cache *c, struct cache_write *w, const void *key,
    size_t key_len, bool (*what)(struct cache *c, struct cache_write *w),
    bool wait)
{
	enum cache_result	 result;

	if (key_len > c->spec.keysize || w->len > c->value_max)
		return CACHE_TOO_BIG;
	cache_place_init(c, &w->place, key, key_len);
	result = cache_enter(c, wait);
	if (result != CACHE_OK)
		return result;
	if (!what(c, w)) {
		cache_repair(c, false);
		if (!what(c, w)) {
			cache_repair(c, false);
			w->result = CACHE_FULL;
		}
	}
	cache_leave(c);
	return w->result;
}

/* Adds or replaces. */
enum cache_result
cache_set(struct cache *c, const void *key, size_t key_len,
    const void *value, size_t len, uint64_t expires_us, bool replace,
    bool wait)
{
	struct cache_write	 w = { .value = value, .len = len,
	    .expires_us = expires_us, .add = !replace };

	return cache_do(c, &w, key, key_len, cache_do_set, wait);
}

/* Takes out. */
enum cache_result
cache_del(struct cache *c, const void *key, size_t key_len, bool wait)
{
	struct cache_write	 w = { .len = 0 };

	return cache_do(c, &w, key, key_len, cache_do_del, wait);
}

/* Calculates. */
enum cache_result
cache_math(struct cache *c, const void *key, size_t key_len,
    enum cache_math op, int64_t operand, uint64_t expires_us, bool wait)
{
	struct cache_write	 w = { .len = sizeof(w.number),
	    .expires_us = expires_us, .keep_expiry = true, .math = op,
	    .operand = operand };

	w.value = (const char *)&w.number;
	return cache_do(c, &w, key, key_len, cache_do_math, wait);
}

/* Takes out everything. */
enum cache_result
cache_clear(struct cache *c, bool wait)
{
	enum cache_result	 result = cache_enter(c, wait);

	if (result != CACHE_OK)
		return result;
	cache_repair(c, true);
	cache_note_change(c);
	cache_leave(c);
	return CACHE_OK;
}
