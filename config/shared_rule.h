/* The options "metric" and "sharedarea", taken apart. */
#ifndef WM_CONFIG_SHARED_RULE_H
#define WM_CONFIG_SHARED_RULE_H

#include <stddef.h>
#include <stdint.h>

struct config;
struct strlist;

#define METRIC_NAME_MAX		120

/* In uWSGI's order, which the stats show. */
enum metric_type {
	METRIC_TYPE_COUNTER,
	METRIC_TYPE_GAUGE,
	METRIC_TYPE_ABSOLUTE
};

/* One metric of the app's; the texts are its own. */
struct metric_rule {
	char			*name;	/* letters, digits, ".", "-", "_" */
	char			*oid;	/* digits and dots; NULL: none */
	enum metric_type	 type;
	int64_t			 initial;
};

/* One shared area. */
struct sharedarea_rule {
	size_t	 size;		/* never 0 */
	char	*file;		/* NULL: none */
	int	 fd;		/* -1: none */
	size_t	 offset;	/* in them; a multiple of a page */
};

/* Of "name=x,type=gauge,..."; -1 with *cause. metric_rule_done either way. */
int	 metric_rule_parse(struct metric_rule *rule, const char *text,
	    char **cause);
void	 metric_rule_done(struct metric_rule *rule);
/* Of "4" (pages) or "file=...,size=..."; the same. */
int	 sharedarea_rule_parse(struct sharedarea_rule *rule, const char *text,
	    char **cause);
void	 sharedarea_rule_done(struct sharedarea_rule *rule);

/* All of them, and what goes together with "queue". */
void	 shared_rules_check(const struct config *cfg,
	    struct strlist *problems);

#endif
