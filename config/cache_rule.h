/* The options that make caches. */
#ifndef WM_CONFIG_CACHE_RULE_H
#define WM_CONFIG_CACHE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct strlist;

/* What a cache is to be; what each means: doc/cache.md. */
struct cache_rule {
	char		*name;
	size_t		 items;
	size_t		 blocks;	/* at least items */
	size_t		 blocksize;
	size_t		 keysize;
	size_t		 hashsize;	/* 0: not given */
	int64_t		 math_initial;
	char		*store;		/* NULL: none */
	bool		 store_delete;
	bool		 bitmap;
	bool		 lru;
	bool		 clear_on_full;
	bool		 ignore_full;
	bool		 lastmod;
};

/* How many caches there are to be. */
size_t	 cache_rules_count(const struct config *cfg);
/*
 * The i-th one, in uWSGI's order: "cache" first, then each "cache2". -1 with
 * *cause. cache_rule_done either way.
 */
int	 cache_rule_parse(const struct config *cfg, size_t i,
	    struct cache_rule *rule, char **cause);
void	 cache_rule_done(struct cache_rule *rule);
/* "[NAME ]KEY=VALUE": which cache's (len 0: every one), where what begins. */
void	 cache_item_split(const char *text, size_t *name_len,
	    const char **key, size_t *key_len, const char **value);
/* Adds a problem for each that is none. */
void	 cache_rules_check(const struct config *cfg, struct strlist *problems);

#endif
