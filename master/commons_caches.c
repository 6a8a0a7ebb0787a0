/* Makes the caches, and shows them. */
#include "master/commons_caches.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_out.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/cache_rule.h"
#include "config/config.h"
#include "shm/cache.h"

/* One cache. */
static struct cache *
commons_cache(const struct config *cfg, size_t i, char **cause)
{
	struct cache_rule	 rule;
	struct cache_spec	 spec;
	struct cache		*made = NULL;
	char			*why;

	if (cache_rule_parse(cfg, i, &rule, cause) == 0) {
		spec = (struct cache_spec){ .name = rule.name,
		    .items = rule.items, .blocks = rule.blocks,
		    .blocksize = rule.blocksize, .keysize = rule.keysize,
		    .hashsize = rule.hashsize,
		    .math_initial = rule.math_initial, .store = rule.store,
		    .store_delete = rule.store_delete,
		    .bitmap = rule.bitmap, .lru = rule.lru,
		    .clear_on_full = rule.clear_on_full,
		    .ignore_full = rule.ignore_full,
		    .lastmod = rule.lastmod };
		made = cache_new(&spec, &why);
		if (made == NULL) {
			*cause = xasprintf("cache \"%s\": %s", rule.name,
			    why);
			free(why);
		} else if (rule.store != NULL)
			log_info("cache \"%s\": store \"%s\": %s", rule.name,
			    rule.store, cache_store_said(made));
	}
	cache_rule_done(&rule);
	return made;
}

/* add-cache-item, into those caches that it is for. */
static int
commons_cache_add(struct caches *caches, const char *text, char **cause)
{
	const char		*key, *value, *name;
	size_t			 i, name_len, key_len, done = 0;
	enum cache_result	 result;

	cache_item_split(text, &name_len, &key, &key_len, &value);
	for (i = 0; i < caches->count; i++) {
		name = cache_spec(caches->items[i])->name;
		if (name_len > 0 && (strlen(name) != name_len ||
		    strncmp(name, text, name_len) != 0))
			continue;
		done++;
		result = cache_set(caches->items[i], key, key_len, value,
		    strlen(value), 0, false, true);
		if (result == CACHE_OK || result == CACHE_EXISTS)
			continue;
		*cause = xasprintf("\"add-cache-item\": \"%s\" does not fit "
		    "into cache \"%s\"", text, name);
		return -1;
	}
	if (done > 0)
		return 0;
	*cause = xasprintf("\"add-cache-item\": there is no cache \"%.*s\"",
	    (int)name_len, text);
	return -1;
}

/* Makes all. */
int
commons_caches(struct caches **caches, const struct config *cfg, char **cause)
{
	size_t		 i, count = cache_rules_count(cfg);
	struct caches	*all;

	if (count == 0)
		return 0;
	all = *caches = xcalloc(1, sizeof(*all));
	all->items = xcalloc(count, sizeof(struct cache *));
	for (i = 0; i < count; i++) {
		all->items[i] = commons_cache(cfg, i, cause);
		if (all->items[i] == NULL)
			return -1;
		all->count++;
	}
	for (i = 0; i < cfg->add_cache_item.count; i++) {
		if (commons_cache_add(all, cfg->add_cache_item.items[i],
		    cause) == -1)
			return -1;
	}
	return 0;
}

/* Unmaps all. */
void
commons_caches_free(struct caches *caches)
{
	if (caches == NULL)
		return;
	while (caches->count > 0)
		cache_free(caches->items[--caches->count]);
	free(caches->items);
	free(caches);
}

/* One cache. */
static void
commons_cache_json(struct json_out *json, const struct cache *cache)
{
	const struct cache_spec	*spec = cache_spec(cache);
	struct cache_stats	 stats;

	cache_stats(cache, &stats);
	json_open(json, NULL, '{');
	json_str(json, "name", spec->name);
	json_str(json, "hash", "siphash");
	json_uint(json, "hashsize", spec->hashsize);
	json_uint(json, "keysize", spec->keysize);
	json_uint(json, "max_items", spec->items);
	json_uint(json, "blocks", spec->blocks);
	json_uint(json, "blocksize", spec->blocksize);
	json_uint(json, "items", stats.items);
	json_uint(json, "hits", stats.hits);
	json_uint(json, "miss", stats.miss);
	json_uint(json, "full", stats.full);
	json_uint(json, "last_modified_at", stats.last_modified_at);
	json_uint(json, "evicted", stats.evicted);
	json_uint(json, "expired", stats.expired);
	json_uint(json, "repairs", stats.repairs);
	json_close(json);
}

/* All of them. */
void
commons_caches_json(struct json_out *json, const struct caches *caches)
{
	size_t	 i;

	json_open(json, "caches", '[');
	for (i = 0; caches != NULL && i < caches->count; i++)
		commons_cache_json(json, caches->items[i]);
	json_close(json);
}
