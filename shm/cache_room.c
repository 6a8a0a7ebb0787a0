/* A cache's room: free items and blocks, what is evicted, what has expired. */
#include "base/clock.h"
#include "base/log.h"
#include "shm/cache_layout.h"

#define CACHE_SWEEP_SLOTS	2	/* at each set */
#define CACHE_SWEEP_US		100000	/* between two full sweeps, at least */
#define CACHE_SWEEP_MOST_US	60000000
#define CACHE_REQUEUES		32	/* at each eviction */
#define CACHE_REQUEUE_STEPS	16
#define CACHE_SAY_US		60000000

/* Out of the list of those that are used more or less. */
static bool
cache_list_remove(struct cache *c, struct cache_item *item)
{
	struct cache_item	*older, *newer;
	uint32_t		 a = GET(item->older), b = GET(item->newer);

	older = cache_item(c, a);
	newer = cache_item(c, b);
	if ((a != 0 && older == NULL) || (b != 0 && newer == NULL))
		return false;
	if (older != NULL)
		PUT(older->newer, b);
	else
		PUT(c->head->oldest, b);
	if (newer != NULL)
		PUT(newer->older, a);
	else
		PUT(c->head->newest, a);
	return true;
}

/* Behind the one that was used before it; most often that is the newest. */
bool
cache_list_add(struct cache *c, uint32_t link)
{
	struct cache_item	*item = &c->item[link - 1], *older, *newer;
	uint64_t		 used = GET(item->used_us);
	uint32_t		 a = GET(c->head->newest), b = 0;
	int			 i;

	for (i = 0; i < CACHE_REQUEUE_STEPS && a != 0; i++) {
		older = cache_item(c, a);
		if (older == NULL)
			return false;
		if (GET(older->listed_us) <= used)
			break;
		b = a;
		a = GET(older->older);
	}
	older = cache_item(c, a);
	newer = cache_item(c, b);
	if (a != 0 && older == NULL)
		return false;
	PUT(item->listed_us, used);
	PUT(item->older, a);
	PUT(item->newer, b);
	if (older != NULL)
		PUT(older->newer, link);
	else
		PUT(c->head->oldest, link);
	if (newer != NULL)
		PUT(newer->older, link);
	else
		PUT(c->head->newest, link);
	return true;
}

/* A value's blocks into the free list. */
bool
cache_give_blocks(struct cache *c, const struct cache_value *value)
{
	size_t		 i, n = cache_blocks_of(c, value->len);
	uint32_t	 last = value->first;

	if (n == 0)
		return true;
	for (i = 1; i < n; i++) {
		if (last == 0 || last > c->blocks)
			return false;
		last = GET(c->next[last - 1]);
	}
	if (last == 0 || last > c->blocks)
		return false;
	PUT(c->next[last - 1], GET(c->head->free_block));
	PUT(c->head->free_block, value->first);
	PUT(c->head->free_blocks, GET(c->head->free_blocks) + n);
	return true;
}

/* Some blocks off it, in a chain. */
bool
cache_take_blocks(struct cache *c, size_t count, uint32_t *first)
{
	uint32_t	 last;
	size_t		 i;

	*first = count == 0 ? 0 : GET(c->head->free_block);
	if (count == 0)
		return true;
	for (i = 1, last = *first; i < count; i++) {
		if (last == 0 || last > c->blocks)
			return false;
		last = GET(c->next[last - 1]);
	}
	if (last == 0 || last > c->blocks)
		return false;
	PUT(c->head->free_block, GET(c->next[last - 1]));
	PUT(c->head->free_blocks, GET(c->head->free_blocks) - count);
	return true;
}

/* An item off its list. */
bool
cache_take_item(struct cache *c, uint32_t *link)
{
	struct cache_item	*item;

	*link = GET(c->head->free_item);
	item = cache_item(c, *link);
	if (item == NULL || GET(item->state) != CACHE_ITEM_FREE)
		return false;
	PUT(c->head->free_item, GET(item->next));
	return true;
}

/* Takes out the item that was found. */
bool
cache_remove(struct cache *c, struct cache_place *place)
{
	struct cache_item	*item = &c->item[place->link - 1], *before;
	struct cache_value	 value;
	uint32_t		 next = GET(item->next);
	bool			 ok;

	if (!cache_item_value(c, item, &value))
		return false;
	before = cache_item(c, place->before);
	c->removed++;
	cache_change_begin(c, place->hash);
	PUT(item->state, CACHE_ITEM_FREE);
	if (before != NULL)
		PUT(before->next, next);
	else
		PUT(c->bucket[place->hash & (c->buckets - 1)], next);
	cache_change_end(c, place->hash);
	ok = !c->spec.lru || cache_list_remove(c, item);
	PUT(item->next, GET(c->head->free_item));
	PUT(c->head->free_item, place->link);
	PUT(c->head->items, GET(c->head->items) - 1);
	return cache_give_blocks(c, &value) && ok;
}

/* Takes out an item by its link: looks for it in its own chain. */
static bool
cache_remove_link(struct cache *c, uint32_t link)
{
	const struct cache_item	*item = &c->item[link - 1];
	struct cache_place	 place = { .key_len = GET(item->key_len),
	    .hash = GET(item->hash) };

	if (place.key_len > c->spec.keysize)
		return false;
	place.key = cache_item_key(c, link, place.key_len);
	return cache_find(c, &place, c->items) && place.link == link &&
	    cache_remove(c, &place);
}

/* One slot; *soonest: the first time among those that stay. */
static bool
cache_sweep_slot(struct cache *c, uint32_t link, uint64_t now,
    uint64_t *soonest)
{
	struct cache_value	 value;

	if (!cache_item_value(c, &c->item[link - 1], &value) ||
	    value.expires_us == 0)
		return true;
	if (value.expires_us > now) {
		if (*soonest == 0 || value.expires_us < *soonest)
			*soonest = value.expires_us;
		return true;
	}
	COUNT(c->counters->expired, 1);
	return cache_remove_link(c, link);
}

/* A few slots, at the clock's hand. */
static bool
cache_sweep_some(struct cache *c, uint64_t now)
{
	uint64_t	 at = GET(c->head->hand) % c->items;
	uint64_t	 soonest = GET(c->head->round_us);
	int		 i;

	for (i = 0; i < CACHE_SWEEP_SLOTS; i++) {
		if (!cache_sweep_slot(c, (uint32_t)at + 1, now, &soonest))
			return false;
		if (++at < c->items)
			continue;
		/* Once round: so it is known when something expires next. */
		PUT(c->head->soonest_us, soonest);
		soonest = at = 0;
	}
	PUT(c->head->round_us, soonest);
	PUT(c->head->hand, at);
	return true;
}

/* All slots, not too often. */
static bool
cache_sweep_full(struct cache *c, uint64_t now)
{
	uint64_t	 soonest = 0, until = GET(c->head->sweep_us), took;
	uint32_t	 link;

	if (until > now && until - now < CACHE_SWEEP_MOST_US)
		return true;
	for (link = 1; link <= c->items; link++) {
		if (!cache_sweep_slot(c, link, now, &soonest))
			return false;
	}
	PUT(c->head->soonest_us, soonest);
	PUT(c->head->round_us, 0);
	PUT(c->head->hand, 0);
	took = clock_real_us() - now;
	if (took > CACHE_SWEEP_MOST_US / 20)
		took = CACHE_SWEEP_MOST_US / 20;
	PUT(c->head->sweep_us, now + CACHE_SWEEP_US + took * 10);
	return true;
}

/* Takes out what has expired. */
bool
cache_sweep(struct cache *c, bool all)
{
	uint64_t	 soonest = GET(c->head->soonest_us), now;

	if (soonest == 0 || !cache_time_is_over(soonest))
		return true;
	now = clock_real_us();
	return all ? cache_sweep_full(c, now) : cache_sweep_some(c, now);
}

/* Takes out what was not used for longest, but not spare. */
static bool
cache_evict(struct cache *c, uint32_t spare, bool *done)
{
	struct cache_item	*item;
	uint32_t		 link;
	int			 i;

	*done = false;
	for (i = 0; ; i++) {
		link = GET(c->head->oldest);
		item = cache_item(c, link);
		if (item == NULL)
			return link == 0;
		if (link == spare) {
			link = GET(item->newer);
			item = cache_item(c, link);
			if (item == NULL)
				return link == 0;
		}
		if (i == CACHE_REQUEUES ||
		    GET(item->used_us) == GET(item->listed_us))
			break;
		/* It was read since: it gets the place that is its own. */
		if (!cache_list_remove(c, item) || !cache_list_add(c, link))
			return false;
	}
	*done = true;
	COUNT(c->counters->evicted, 1);
	return cache_remove_link(c, link);
}

/* Says so, not too often. */
static void
cache_say_full(struct cache *c)
{
	uint64_t	 now = clock_coarse_us();

	COUNT(c->counters->full, 1);
	if (c->spec.ignore_full || c->spec.lru || c->spec.clear_on_full ||
	    (c->said_us != 0 && now - c->said_us < CACHE_SAY_US))
		return;
	c->said_us = now;
	log_warn("cache \"%s\" is full (%zu items, %zu blocks)", c->spec.name,
	    c->items, c->blocks - 1);
}

/* Is it there? A count that cannot be is found out when it is taken. */
static bool
cache_fits(struct cache *c, bool item, size_t blocks)
{
	return (!item || GET(c->head->free_item) != 0) &&
	    GET(c->head->free_blocks) >= blocks;
}

/* What has expired goes first, then as the options say. */
bool
cache_make_room(struct cache *c, bool item, size_t blocks, uint32_t spare,
    bool *fits)
{
	bool	 more = true;
	size_t	 i;

	*fits = cache_fits(c, item, blocks);
	if (*fits)
		return true;
	if (!cache_sweep(c, true))
		return false;
	for (i = 0; c->spec.lru && more && i <= c->items; i++) {
		if (cache_fits(c, item, blocks))
			break;
		if (!cache_evict(c, spare, &more))
			return false;
	}
	*fits = cache_fits(c, item, blocks);
	if (!*fits || c->spec.lru)
		cache_say_full(c);
	return true;
}
