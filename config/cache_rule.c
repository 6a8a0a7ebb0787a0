/* The options that make caches. */
#include "config/cache_rule.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/strlist.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/keyvals.h"

#define ITEMS_MAX	((size_t)INT32_MAX - 1)
#define BLOCK_MAX	((size_t)1 << 30)
#define BLOCK_DEFAULT	65536
#define KEY_DEFAULT	2048
#define KEY_MAX		65535

/* uWSGI's other spellings. */
static const struct {
	const char	*name;
	const char	*other;
} cache_aliases[] = {
	{ "items", "max_items" }, { "items", "maxitems" },
	{ "hashsize", "hash_size" }, { "keysize", "key_size" },
	{ "store_sync", "storesync" }, { "store_delete", "storedelete" },
	{ "lru", "purge_lru" }, { "lazy_expire", "lazy" },
};

/* What is not here, and what there is instead. */
static const struct {
	const char	*name;
	const char	*why;
} cache_refused[] = {
	{ "node", NULL }, { "nodes", NULL }, { "sync", NULL },
	{ "udp", NULL }, { "udp_servers", NULL }, { "udp_server", NULL },
	{ "udpservers", NULL }, { "udpserver", NULL },
};

static const char *const cache_keys_known[] = {
	"name", "items", "max_items", "maxitems", "blocksize", "blocks",
	"hash", "hashsize", "hash_size", "keysize", "key_size", "store",
	"store_sync", "storesync", "store_delete", "storedelete", "bitmap",
	"lastmod", "math_initial", "ignore_full", "lru", "purge_lru",
	"lazy_expire", "lazy", "sweep_on_full", "clear_on_full", "no_expire",
	"node", "nodes", "sync", "udp", "udp_servers", "udp_server",
	"udpservers", "udpserver", NULL
};

/* A key under its first name, so that the rest knows one only. */
static int
cache_unalias(struct keyvals *kv, char **cause)
{
	size_t	 i, j;

	for (i = 0; i < sizeof(cache_refused) / sizeof(*cache_refused); i++) {
		if (!keyvals_has(kv, cache_refused[i].name))
			continue;
		*cause = xasprintf("\"%s\": caches are not copied between "
		    "servers; for one that several share give the functions \""
		    "redis://host:port/db"
		    "\" as the cache's name",
		    cache_refused[i].name);
		return -1;
	}
	for (i = 0; i < sizeof(cache_aliases) / sizeof(*cache_aliases); i++) {
		for (j = 0; j < kv->count; j++) {
			if (strcmp(kv->items[j].key,
			    cache_aliases[i].other) != 0)
				continue;
			if (keyvals_has(kv, cache_aliases[i].name)) {
				*cause = xasprintf("\"%s\" and \"%s\" are "
				    "the same; give one",
				    cache_aliases[i].name,
				    cache_aliases[i].other);
				return -1;
			}
			free(kv->items[j].key);
			kv->items[j].key = xstrdup(cache_aliases[i].name);
		}
	}
	return 0;
}

/* The numbers. */
static int
cache_parse_sizes(const struct keyvals *kv, struct cache_rule *rule,
    char **cause)
{
	const char	*text = keyvals_text(kv, "math_initial");
	char		*end;

	if (!keyvals_has(kv, "items")) {
		*cause = xstrdup("it needs \"items\": how many there can be");
		return -1;
	}
	if (keyvals_size(kv, "items", 1, ITEMS_MAX, &rule->items, cause) ==
	    -1)
		return -1;
	rule->blocks = rule->items;
	if (keyvals_size(kv, "blocks", rule->items, ITEMS_MAX, &rule->blocks,
	    cause) == -1 ||
	    keyvals_size(kv, "blocksize", 1, BLOCK_MAX, &rule->blocksize,
	    cause) == -1 ||
	    keyvals_size(kv, "keysize", 1, KEY_MAX, &rule->keysize,
	    cause) == -1 ||
	    keyvals_size(kv, "hashsize", 1, ITEMS_MAX, &rule->hashsize,
	    cause) == -1)
		return -1;
	if (text == NULL)
		return 0;
	rule->math_initial = strtoll(text, &end, 10);
	if (end != text && *end == '\0')
		return 0;
	*cause = xasprintf("\"math_initial\" must be a whole number, not "
	    "\"%s\"", text);
	return -1;
}

/* The switches; those that change nothing here are only checked. */
static int
cache_parse_switches(const struct keyvals *kv, struct cache_rule *rule,
    char **cause)
{
	bool	 ignored;
	size_t	 seconds;

	return keyvals_bool(kv, "bitmap", &rule->bitmap, cause) == -1 ||
	    keyvals_bool(kv, "lru", &rule->lru, cause) == -1 ||
	    keyvals_bool(kv, "lastmod", &rule->lastmod, cause) == -1 ||
	    keyvals_bool(kv, "ignore_full", &rule->ignore_full, cause) ==
	    -1 || keyvals_bool(kv, "clear_on_full", &rule->clear_on_full,
	    cause) == -1 || keyvals_bool(kv, "store_delete",
	    &rule->store_delete, cause) == -1 ||
	    keyvals_bool(kv, "lazy_expire", &ignored, cause) == -1 ||
	    keyvals_bool(kv, "no_expire", &ignored, cause) == -1 ||
	    keyvals_size(kv, "sweep_on_full", 0, INT32_MAX, &seconds,
	    cause) == -1 || keyvals_size(kv, "store_sync", 0, INT32_MAX,
	    &seconds, cause) == -1 ? -1 : 0;
}

/* The hash is always a keyed one; the names of uWSGI's are taken. */
static int
cache_parse_hash(const struct keyvals *kv, char **cause)
{
	const char	*text = keyvals_text(kv, "hash");

	if (text == NULL || strcmp(text, "djb33x") == 0 ||
	    strcmp(text, "murmur2") == 0 || strcmp(text, "siphash") == 0)
		return 0;
	*cause = xasprintf("\"hash\" must be siphash (djb33x and murmur2 are "
	    "taken for it), not \"%s\"", text);
	return -1;
}

/* One cache2. */
static int
cache_parse(const char *text, struct cache_rule *rule, char **cause)
{
	struct keyvals	 kv;
	const char	*name;
	int		 result = -1;

	if (keyvals_parse(&kv, text, cache_keys_known, NULL, cause) == -1 ||
	    cache_unalias(&kv, cause) == -1)
		goto out;
	name = keyvals_text(&kv, "name");
	if (name == NULL || *name == '\0') {
		*cause = xstrdup("it needs a \"name\"");
		goto out;
	}
	if (strpbrk(name, "@ /") != NULL || strstr(name, "://") != NULL) {
		*cause = xasprintf("\"name\" cannot have @, / or a space: "
		    "\"%s\"", name);
		goto out;
	}
	rule->name = xstrdup(name);
	if (keyvals_has(&kv, "store")) {
		name = keyvals_text(&kv, "store");
		if (name == NULL || *name == '\0') {
			*cause = xstrdup("\"store\" needs a file's name");
			goto out;
		}
		rule->store = xstrdup(name);
	}
	if (cache_parse_sizes(&kv, rule, cause) == 0 &&
	    cache_parse_switches(&kv, rule, cause) == 0 &&
	    cache_parse_hash(&kv, cause) == 0)
		result = 0;
out:
	keyvals_done(&kv);
	return result;
}

/* All of them. */
size_t
cache_rules_count(const struct config *cfg)
{
	return cfg->cache2.count + (cfg->cache > 0);
}

/* One of them. */
int
cache_rule_parse(const struct config *cfg, size_t i, struct cache_rule *rule,
    char **cause)
{
	memset(rule, 0, sizeof(*rule));
	rule->blocksize = BLOCK_DEFAULT;
	rule->keysize = KEY_DEFAULT;
	if (cfg->cache > 0 && i-- == 0) {
		rule->name = xstrdup("default");
		rule->items = rule->blocks = cfg->cache;
		if (cfg->cache_blocksize > 0)
			rule->blocksize = cfg->cache_blocksize;
		if (cfg->cache_store != NULL)
			rule->store = xstrdup(cfg->cache_store);
		rule->lastmod = cfg->cache_use_last_modified;
		return 0;
	}
	return cache_parse(cfg->cache2.items[i], rule, cause);
}

/* Frees its texts. */
void
cache_rule_done(struct cache_rule *rule)
{
	free(rule->name);
	free(rule->store);
}

/* Takes it apart; without "=" *value is NULL. */
void
cache_item_split(const char *text, size_t *name_len, const char **key,
    size_t *key_len, const char **value)
{
	const char	*space = strchr(text, ' '), *mark;

	*name_len = space == NULL ? 0 : (size_t)(space - text);
	*key = space == NULL ? text : space + 1;
	mark = strchr(*key, '=');
	*key_len = mark == NULL ? strlen(*key) : (size_t)(mark - *key);
	*value = mark == NULL ? NULL : mark + 1;
}

/* Is there a cache of that name among the first n, or one with that store? */
static void
cache_check_twice(const struct config *cfg, size_t n,
    const struct cache_rule *rule, struct strlist *problems)
{
	struct cache_rule	 other;
	char			*cause = NULL;
	size_t			 i;

	for (i = 0; i < n; i++) {
		if (cache_rule_parse(cfg, i, &other, &cause) == 0 &&
		    strcmp(other.name, rule->name) == 0)
			strlist_add_steal(problems, xasprintf("\"cache2\": "
			    "two caches \"%s\"", rule->name));
		else if (cause == NULL && other.store != NULL &&
		    rule->store != NULL &&
		    strcmp(other.store, rule->store) == 0)
			strlist_add_steal(problems, xasprintf("\"cache2\": "
			    "\"%s\" and \"%s\" have one store", other.name,
			    rule->name));
		cache_rule_done(&other);
		free(cause);
		cause = NULL;
	}
}

/* What goes into caches at the start: is that cache there? */
static void
cache_check_items(const struct config *cfg, struct strlist *problems)
{
	const char	*key, *value;
	size_t		 i, name_len, key_len;

	for (i = 0; i < cfg->add_cache_item.count; i++) {
		cache_item_split(cfg->add_cache_item.items[i], &name_len,
		    &key, &key_len, &value);
		if (value == NULL)
			strlist_add_steal(problems, xasprintf(
			    "\"add-cache-item\": \"%s\" is not "
			    "[CACHE ]KEY=VALUE",
			    cfg->add_cache_item.items[i]));
	}
	if (cache_rules_count(cfg) == 0 && cfg->add_cache_item.count > 0)
		strlist_add(problems, "\"add-cache-item\" needs a cache: give "
		    "\"cache2\"");
}

/* All of them. */
void
cache_rules_check(const struct config *cfg, struct strlist *problems)
{
	struct cache_rule	 rule;
	char			*cause;
	size_t			 i;

	for (i = 0; i < cache_rules_count(cfg); i++) {
		if (cache_rule_parse(cfg, i, &rule, &cause) == -1) {
			strlist_add_steal(problems, xasprintf("\"cache2\": "
			    "%s, in \"%s\"", cause,
			    cfg->cache2.items[i - (cfg->cache > 0)]));
			free(cause);
		} else
			cache_check_twice(cfg, i, &rule, problems);
		cache_rule_done(&rule);
	}
	if (cfg->cache == 0 && (cfg->cache_store != NULL ||
	    cfg->cache_blocksize > 0))
		strlist_add(problems, "\"cache-store\" and \"cache-blocksize\""
		    " belong to \"cache\": how many items; a \"cache2\" has "
		    "its own");
	cache_check_items(cfg, problems);
}
