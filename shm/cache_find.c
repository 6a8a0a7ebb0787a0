/* Finding items, and checking everything on the way to their bytes. */
#include <string.h>

#include "base/clock.h"
#include "shm/cache_layout.h"

#define CACHE_NEAR_US	100000	/* far more than a tick */

/* The key's hash; nothing is found yet. */
void
cache_place_init(const struct cache *c, struct cache_place *place,
    const void *key, size_t key_len)
{
	place->key = key;
	place->key_len = key_len;
	place->hash = siphash(&c->key, key, key_len, 1, 3);
	place->link = place->before = 0;
}

/* The item behind a link. */
struct cache_item *
cache_item(const struct cache *c, uint32_t link)
{
	return link == 0 || link > c->items ? NULL : &c->item[link - 1];
}

/* In the item if it is short. */
char *
cache_item_key(const struct cache *c, uint32_t link, size_t len)
{
	if (len <= CACHE_KEY_SHORT)
		return c->item[link - 1].key;
	return c->keys + (size_t)(link - 1) * c->spec.keysize;
}

/* The value that the state names. */
bool
cache_item_value(const struct cache *c, const struct cache_item *item,
    struct cache_value *value)
{
	uint32_t			 state = GET(item->state);
	const struct cache_value	*v;

	if (state != 1 && state != 2)
		return false;
	v = &item->values[state - 1];
	value->first = GET(v->first);
	value->len = GET(v->len);
	value->expires_us = GET(v->expires_us);
	value->sum = GET(v->sum);
	return value->len <= c->value_max;
}

/* Is this the item? */
static bool
cache_is(const struct cache *c, const struct cache_place *place,
    uint32_t link, const struct cache_item *item)
{
	return GET(item->hash) == place->hash &&
	    GET(item->key_len) == place->key_len &&
	    GET(item->state) != CACHE_ITEM_FREE &&
	    memcmp(cache_item_key(c, link, place->key_len), place->key,
	    place->key_len) == 0;
}

/* Walks the chain. */
bool
cache_find(const struct cache *c, struct cache_place *place, size_t steps)
{
	const struct cache_item	*item;
	uint32_t		 link;

	place->before = place->link = 0;
	link = GET(c->bucket[place->hash & (c->buckets - 1)]);
	for (; link != 0; link = GET(item->next)) {
		item = cache_item(c, link);
		if (item == NULL || steps-- == 0)
			return false;
		if (cache_is(c, place, link, item)) {
			place->link = link;
			return true;
		}
		place->before = link;
	}
	return true;
}

/* How many blocks a value takes. */
size_t
cache_blocks_of(const struct cache *c, size_t len)
{
	if (len <= c->block_size)
		return len > 0;
	return (len + c->block_size - 1) / c->block_size;
}

/* Block after block. */
bool
cache_value_copy(const struct cache *c, const struct cache_value *value,
    char *to)
{
	size_t		 left = value->len, n;
	uint32_t	 link = value->first;

	for (; left > 0; left -= n, to += n) {
		if (link == 0 || link > c->blocks)
			return false;
		n = left < c->block_size ? left : c->block_size;
		memcpy(to, c->data + (size_t)(link - 1) * c->block_size, n);
		link = GET(c->next[link - 1]);
	}
	return true;
}

/* Of everything that a torn page of a file could have changed. */
uint64_t
cache_value_sum(const struct cache *c, const struct cache_value *value,
    uint64_t hash)
{
	struct siphash_key	 with = c->key;
	size_t			 left = value->len, n;
	uint32_t		 link = value->first;

	with.k0 ^= hash;
	with.k1 ^= value->expires_us ^ (uint64_t)value->len << 32;
	for (; left > 0; left -= n) {
		if (link == 0 || link > c->blocks)
			return 0;
		n = left < c->block_size ? left : c->block_size;
		with.k0 ^= cache_sum(&with, c->data + (size_t)(link - 1) *
		    c->block_size, n);
		link = GET(c->next[link - 1]);
	}
	return with.k0;
}

/* Asks the cheap clock, which is late by a tick, and the other if near. */
bool
cache_time_is_over(uint64_t us)
{
	uint64_t	 now = clock_real_coarse_us();

	if (us <= now || us - now > CACHE_NEAR_US)
		return us <= now;
	return us <= clock_real_us();
}

/* Has its time come? */
bool
cache_value_expired(const struct cache_value *value)
{
	return value->expires_us != 0 && cache_time_is_over(value->expires_us);
}
