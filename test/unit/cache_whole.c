/* Whether a cache's parts belong together. */
#include "test/unit/cache_whole.h"

#include <stdlib.h>

#include "shm/cache_layout.h"

/* What has been seen, by link. */
struct cache_seen {
	unsigned char	*items;
	unsigned char	*blocks;
	size_t		 live;
	size_t		 free_blocks;
};

/* Each live item is found in its chain, and its blocks are nobody else's. */
static const char *
whole_items(struct cache *c, struct cache_seen *seen)
{
	struct cache_value	 value;
	struct cache_place	 place;
	uint32_t		 link, block;
	size_t			 n;

	for (link = 1; link <= c->items; link++) {
		if (c->item[link - 1].state == CACHE_ITEM_FREE)
			continue;
		if (!cache_item_value(c, &c->item[link - 1], &value))
			return "a value that cannot be";
		n = c->item[link - 1].key_len;
		cache_place_init(c, &place, cache_item_key(c, link, n), n);
		if (!cache_find(c, &place, c->items) || place.link != link)
			return "an item is not where its key leads to";
		seen->live++;
		block = value.first;
		for (n = cache_blocks_of(c, value.len); n > 0; n--) {
			if (block == 0 || block > c->blocks ||
			    seen->blocks[block]++ != 0)
				return "a block is missing, or two items'";
			block = c->next[block - 1];
		}
	}
	return seen->live == c->head->items ? NULL : "the count of items";
}

/* Chains lead to live items only; the free lists have all the others. */
static const char *
whole_lists(struct cache *c, struct cache_seen *seen)
{
	uint32_t	 link;
	size_t		 i, chained = 0, n = 0;

	for (i = 0; i < c->buckets; i++) {
		for (link = c->bucket[i]; link != 0;
		    link = c->item[link - 1].next) {
			if (link > c->items || seen->items[link]++ != 0 ||
			    c->item[link - 1].state == CACHE_ITEM_FREE)
				return "a chain with what is free";
			chained++;
		}
	}
	if (chained != seen->live)
		return "an item in no chain";
	for (link = c->head->free_item; link != 0;
	    link = c->item[link - 1].next, n++) {
		if (link > c->items || seen->items[link]++ != 0)
			return "the list of free items";
	}
	if (n + seen->live != c->items)
		return "items are lost";
	n = 0;
	for (link = c->head->free_block; link != 0;
	    link = c->next[link - 1], n++) {
		if (link > c->blocks || seen->blocks[link]++ != 0)
			return "the list of free blocks";
	}
	if (n != c->head->free_blocks || n == 0)
		return "the count of free blocks";
	for (i = 1; i <= c->blocks; i++) {
		if (seen->blocks[i] != 1)
			return "blocks are lost";
	}
	return NULL;
}

/* All live items are in the list of what is used more or less, both ways. */
static const char *
whole_order(struct cache *c, const struct cache_seen *seen)
{
	uint32_t	 link, before = 0;
	size_t		 n = 0;

	if (!c->spec.lru)
		return NULL;
	for (link = c->head->oldest; link != 0 && n <= c->items; n++) {
		if (link > c->items || c->item[link - 1].older != before ||
		    c->item[link - 1].state == CACHE_ITEM_FREE)
			return "the order of use";
		before = link;
		link = c->item[link - 1].newer;
	}
	return n == seen->live && c->head->newest == before ? NULL :
	    "the order of use has not all";
}

/* All of it. */
const char *
cache_whole(struct cache *c)
{
	struct cache_seen	 seen = { .live = 0 };
	const char		*wrong;
	size_t			 i;

	seen.items = calloc(c->items + 1, 1);
	seen.blocks = calloc(c->blocks + 1, 1);
	wrong = whole_items(c, &seen);
	if (wrong == NULL)
		wrong = whole_lists(c, &seen);
	if (wrong == NULL)
		wrong = whole_order(c, &seen);
	for (i = 0; wrong == NULL && i < CACHE_STRIPES; i++) {
		if ((c->seqs[i].seq & 1) != 0)
			wrong = "a stripe is being written";
	}
	free(seen.items);
	free(seen.blocks);
	return wrong;
}
