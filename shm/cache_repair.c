/* Making a cache's lists and chains anew, from the items that are whole. */
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "shm/cache_layout.h"

/* What is made while all readers are kept off. */
struct cache_rebuild {
	struct cache	*c;
	unsigned char	*taken;		/* a bit for each block */
	uint32_t	*links;		/* of items that are whole */
	size_t		 count;
	uint64_t	 soonest_us;
};

/* Readers are to wait, or may read again. */
static void
cache_rebuild_seqs(struct cache *c, bool begin)
{
	size_t		 i;
	uint32_t	 odd;

	for (i = 0; i < CACHE_STRIPES; i++) {
		odd = GET(c->seqs[i].seq) | 1;
		PUT(c->seqs[i].seq, begin ? odd : odd + 1);
	}
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Gives n blocks of a value back. */
static void
cache_rebuild_untake(struct cache_rebuild *r, uint32_t link, size_t n)
{
	for (; n > 0 && link != 0 && link <= r->c->blocks; n--) {
		r->taken[link / 8] &= (unsigned char)~(1 << (link & 7));
		link = GET(r->c->next[link - 1]);
	}
}

/* Takes its blocks; false: they cannot be, or are taken already. */
static bool
cache_rebuild_take(struct cache_rebuild *r, const struct cache_value *value)
{
	size_t		 i, n = cache_blocks_of(r->c, value->len);
	uint32_t	 link = value->first;
	unsigned char	 bit;

	for (i = 0; i < n; i++) {
		bit = (unsigned char)(1 << (link & 7));
		if (link == 0 || link > r->c->blocks ||
		    (r->taken[link / 8] & bit) != 0) {
			cache_rebuild_untake(r, value->first, i);
			return false;
		}
		r->taken[link / 8] |= bit;
		link = GET(r->c->next[link - 1]);
	}
	return true;
}

/* Is everything about it as it must be? Then its blocks are taken. */
static bool
cache_rebuild_whole(struct cache_rebuild *r, uint32_t link,
    struct cache_value *value)
{
	struct cache		*c = r->c;
	struct cache_item	*item = &c->item[link - 1];
	struct cache_place	 place;
	uint32_t		 key_len = GET(item->key_len);

	if (!cache_item_value(c, item, value) || key_len > c->spec.keysize)
		return false;
	cache_place_init(c, &place, cache_item_key(c, link, key_len),
	    key_len);
	if (place.hash != GET(item->hash))
		return false;
	/* No two of one key. */
	if (!cache_find(c, &place, c->items) || place.link != 0)
		return false;
	if (!cache_rebuild_take(r, value))
		return false;
	if (!c->sums || value->sum == cache_value_sum(c, value, place.hash))
		return true;
	cache_rebuild_untake(r, value->first, cache_blocks_of(c, value->len));
	return false;
}

/* The live ones into their chains, the others into the free list. */
static void
cache_rebuild_items(struct cache_rebuild *r, bool drop)
{
	struct cache		*c = r->c;
	struct cache_item	*item;
	struct cache_value	 value;
	uint32_t		 link, free_item = 0, *bucket;

	for (link = (uint32_t)c->items; link > 0; link--) {
		item = &c->item[link - 1];
		if (drop || !cache_rebuild_whole(r, link, &value)) {
			PUT(item->state, CACHE_ITEM_FREE);
			PUT(item->next, free_item);
			free_item = link;
			continue;
		}
		bucket = &c->bucket[GET(item->hash) & (c->buckets - 1)];
		PUT(item->next, GET(*bucket));
		PUT(*bucket, link);
		r->links[r->count++] = link;
		if (value.expires_us != 0 && (r->soonest_us == 0 ||
		    value.expires_us < r->soonest_us))
			r->soonest_us = value.expires_us;
	}
	PUT(c->head->free_item, free_item);
	PUT(c->head->items, r->count);
	PUT(c->head->soonest_us, r->soonest_us);
}

/* Blocks that no item has. */
static void
cache_rebuild_free_blocks(struct cache_rebuild *r)
{
	struct cache	*c = r->c;
	uint32_t	 link, first = 0;
	size_t		 count = 0;

	for (link = (uint32_t)c->blocks; link > 0; link--) {
		if ((r->taken[link / 8] & 1 << (link & 7)) != 0)
			continue;
		PUT(c->next[link - 1], first);
		first = link;
		count++;
	}
	PUT(c->head->free_block, first);
	PUT(c->head->free_blocks, count);
}

/* The one that was used longer ago first. */
static int
cache_rebuild_compare(const void *a, const void *b, void *arg)
{
	const struct cache	*c = arg;
	uint64_t		 x, y;

	x = GET(c->item[*(const uint32_t *)a - 1].used_us);
	y = GET(c->item[*(const uint32_t *)b - 1].used_us);
	return x < y ? -1 : x > y;
}

/* The order in which they are to go. */
static void
cache_rebuild_order(struct cache_rebuild *r)
{
	struct cache	*c = r->c;
	size_t		 i;

	PUT(c->head->oldest, 0);
	PUT(c->head->newest, 0);
	if (!c->spec.lru)
		return;
	qsort_r(r->links, r->count, sizeof(*r->links), cache_rebuild_compare,
	    c);
	for (i = 0; i < r->count; i++)
		cache_list_add(c, r->links[i]);
}

/* All of it. */
void
cache_repair(struct cache *c, bool drop)
{
	struct cache_rebuild	 r = { .c = c };
	size_t			 i;

	c->removed++;
	r.taken = xcalloc(c->blocks / 8 + 1, 1);
	r.links = xcalloc(c->items, sizeof(*r.links));
	cache_rebuild_seqs(c, true);
	for (i = 0; i < c->buckets; i++)
		PUT(c->bucket[i], 0);
	cache_rebuild_items(&r, drop);
	cache_rebuild_free_blocks(&r);
	cache_rebuild_order(&r);
	PUT(c->head->hand, 0);
	PUT(c->head->round_us, 0);
	PUT(c->head->sweep_us, 0);
	cache_rebuild_seqs(c, false);
	if (!drop)
		COUNT(c->counters->repairs, 1);
	free(r.taken);
	free(r.links);
}
