/* Reading a cache: without the lock, or with it where that does not work. */
#include "base/clock.h"
#include "base/strbuf.h"
#include "shm/cache_layout.h"

#include <sched.h>

#define CACHE_TRIES		16
#define CACHE_TRY_STEPS		256
#define CACHE_KEYS_SLOTS	256

/* What is looked for, and where it is to go. */
struct cache_look {
	struct cache_place	 place;
	struct cache_room	*room;	/* NULL: is it there? */
	const uint32_t		*seq;	/* of its stripe; NULL: locked */
	uint32_t		 before;
	enum cache_result	 result;
};

/* Has nobody written meanwhile? */
static bool
cache_look_is_true(const struct cache_look *look)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return GET(*look->seq) == look->before;
}

/* Is there room for what is there, or can it be made? */
static bool
cache_look_room(const struct cache_look *look)
{
	struct cache_room	*room = look->room;

	if (room->len <= room->size)
		return true;
	/* Not for a length that never was. */
	return room->grow != NULL && look->seq != NULL &&
	    cache_look_is_true(look) && room->grow(room, room->len);
}

/* Looks once; false: what it found cannot be. */
static bool
cache_look_once(const struct cache *c, struct cache_look *look, size_t steps)
{
	struct cache_value	 value;

	look->result = CACHE_MISSING;
	if (!cache_find(c, &look->place, steps))
		return false;
	if (look->place.link == 0)
		return true;
	if (!cache_item_value(c, &c->item[look->place.link - 1], &value))
		return false;
	if (cache_value_expired(&value))
		return true;
	look->result = CACHE_OK;
	if (look->room == NULL)
		return true;
	look->room->len = value.len;
	if (look->room->only_len)
		return true;
	if (cache_look_room(look))
		return cache_value_copy(c, &value, look->room->buf);
	look->result = CACHE_MORE;
	return true;
}

/* Without the lock; false: somebody was writing all the time. */
static bool
cache_look_free(const struct cache *c, struct cache_look *look)
{
	bool	 can_be;
	int	 i;

	look->seq = &c->seqs[look->place.hash & (c->buckets - 1) &
	    (CACHE_STRIPES - 1)].seq;
	for (i = 0; i < CACHE_TRIES; i++) {
		look->before = __atomic_load_n(look->seq, __ATOMIC_ACQUIRE);
		if ((look->before & 1) != 0) {
			cache_pause();
			continue;
		}
		can_be = cache_look_once(c, look, CACHE_TRY_STEPS);
		if (cache_look_is_true(look) && can_be)
			return true;
	}
	look->seq = NULL;
	return false;
}

/* With it. */
static void
cache_look_locked(struct cache *c, struct cache_look *look, bool wait)
{
	look->result = cache_enter(c, wait);
	if (look->result != CACHE_OK)
		return;
	if (!cache_look_once(c, look, c->items)) {
		cache_repair(c, false);
		if (!cache_look_once(c, look, c->items))
			look->result = CACHE_MISSING;
	}
	cache_leave(c);
}

/* Either way. */
static void
cache_look(struct cache *c, struct cache_look *look, const void *key,
    size_t key_len, bool wait)
{
	if (key_len > c->spec.keysize) {
		look->result = CACHE_MISSING;
		return;
	}
	cache_place_init(c, &look->place, key, key_len);
	if (!cache_look_free(c, look))
		cache_look_locked(c, look, wait);
}

/* A copy of the value. */
enum cache_result
cache_read(struct cache *c, const void *key, size_t key_len,
    struct cache_room *room, bool wait)
{
	struct cache_look	 look = { .room = room };
	unsigned		 lane = (unsigned)sched_getcpu() % CACHE_LANES;
	struct cache_item	*item;

	cache_look(c, &look, key, key_len, wait);
	if (look.result == CACHE_MISSING)
		COUNT(c->counters->lanes[lane].miss, 1);
	if (look.result != CACHE_OK)
		return look.result;
	COUNT(c->counters->lanes[lane].hits, 1);
	item = cache_item(c, look.place.link);
	/* It may be another one's by now, which then stays a little longer. */
	if (c->spec.lru && item != NULL)
		__atomic_store_n(&item->used_us, clock_mono_us(),
		    __ATOMIC_RELAXED);
	return CACHE_OK;
}

/* The same into a room that stays as it is. */
enum cache_result
cache_get(struct cache *c, const void *key, size_t key_len, void *buf,
    size_t size, size_t *len, bool wait)
{
	struct cache_room	 room = { .buf = buf, .size = size,
		    .only_len = buf == NULL };
	enum cache_result	 result;

	result = cache_read(c, key, key_len, &room, wait);
	*len = room.len;
	return result;
}

/* Is it there? */
enum cache_result
cache_exists(struct cache *c, const void *key, size_t key_len, bool wait)
{
	struct cache_look	 look = { .room = NULL };

	cache_look(c, &look, key, key_len, wait);
	return look.result;
}

/* One slot's key, unless it is free. */
static void
cache_key_add(struct cache *c, uint32_t link, struct strbuf *out)
{
	const struct cache_item	*item = &c->item[link - 1];
	struct cache_value	 value;
	uint32_t		 len = GET(item->key_len);

	if (!cache_item_value(c, item, &value) || len > c->spec.keysize ||
	    cache_value_expired(&value))
		return;
	strbuf_add(out, (const char *)&len, sizeof(len));
	strbuf_add(out, cache_item_key(c, link, len), len);
}

/* The next slots' keys. */
enum cache_result
cache_keys(struct cache *c, size_t *at, struct strbuf *out, bool wait)
{
	enum cache_result	 result;
	size_t			 end;

	if (*at >= c->items)
		return CACHE_MISSING;
	result = cache_enter(c, wait);
	if (result != CACHE_OK)
		return result;
	end = c->items - *at < CACHE_KEYS_SLOTS ? c->items :
	    *at + CACHE_KEYS_SLOTS;
	for (; *at < end; (*at)++)
		cache_key_add(c, (uint32_t)*at + 1, out);
	cache_leave(c);
	return CACHE_OK;
}
