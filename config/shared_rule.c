/* The options "metric" and "sharedarea", taken apart. */
#include "config/shared_rule.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strlist.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/keyvals.h"

#define METRIC_CHARS	"0123456789.-_abcdefghijklmnopqrstuvwxyz"	\
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define SHAREDAREA_MAX	((size_t)1 << 40)

/* uWSGI's types by name; "alias" is refused. */
static int
metric_rule_type(const char *text, enum metric_type *type, char **cause)
{
	static const char *const	 types[] = {
		[METRIC_TYPE_COUNTER] = "counter",
		[METRIC_TYPE_GAUGE] = "gauge",
		[METRIC_TYPE_ABSOLUTE] = "absolute"
	};
	size_t				 i;

	*type = METRIC_TYPE_COUNTER;
	if (text == NULL)
		return 0;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(text, types[i]) == 0) {
			*type = (enum metric_type)i;
			return 0;
		}
	}
	*cause = xasprintf("\"type\" must be counter, gauge or absolute, not "
	    "\"%s\"", text);
	return -1;
}

/* A signed number of 64 bits. */
static int
metric_rule_number(const char *text, int64_t *value, char **cause)
{
	char	*rest;

	*value = 0;
	if (text == NULL)
		return 0;
	errno = 0;
	*value = strtoll(text, &rest, 10);
	if (errno == 0 && *rest == '\0' && rest != text)
		return 0;
	*cause = xasprintf("\"initial_value\" must be a whole number of 64 "
	    "bits, not \"%s\"", text);
	return -1;
}

/* What has been taken apart; -1 with *cause. */
static int
metric_rule_take(struct metric_rule *rule, const struct keyvals *kv,
    char **cause)
{
	const char	*name = keyvals_text(kv, "name");
	const char	*oid = keyvals_text(kv, "oid");

	if (name == NULL || *name == '\0') {
		*cause = xstrdup("a metric needs a name");
		return -1;
	}
	if (name[strspn(name, METRIC_CHARS)] != '\0' ||
	    strlen(name) > METRIC_NAME_MAX) {
		*cause = xasprintf("\"%s\" is no name of a metric: up to %d "
		    "letters, digits, \".\", \"-\" and \"_\" are", name,
		    METRIC_NAME_MAX);
		return -1;
	}
	if (oid != NULL && (oid[strspn(oid, "0123456789.")] != '\0' ||
	    strlen(oid) > METRIC_NAME_MAX)) {
		*cause = xasprintf("\"oid\" must be numbers and dots, not "
		    "\"%s\"", oid);
		return -1;
	}
	rule->name = xstrdup(name);
	rule->oid = oid == NULL ? NULL : xstrdup(oid);
	if (metric_rule_type(keyvals_text(kv, "type"), &rule->type,
	    cause) == -1)
		return -1;
	return metric_rule_number(keyvals_text(kv, "initial_value"),
	    &rule->initial, cause);
}

/* Takes it apart. */
int
metric_rule_parse(struct metric_rule *rule, const char *text, char **cause)
{
	static const char *const	 known[] = { "name", "type", "oid",
	    "initial_value", NULL };
	struct keyvals			 kv;
	int				 result;

	memset(rule, 0, sizeof(*rule));
	result = keyvals_parse(&kv, text, known, "name", cause);
	if (result == 0)
		result = metric_rule_take(rule, &kv, cause);
	keyvals_done(&kv);
	return result;
}

/* Frees it. */
void
metric_rule_done(struct metric_rule *rule)
{
	free(rule->name);
	free(rule->oid);
	memset(rule, 0, sizeof(*rule));
}

/* How large it is: whole pages, unless it is of a file. */
static int
sharedarea_rule_size(struct sharedarea_rule *rule, const struct keyvals *kv,
    char **cause)
{
	size_t	 page = (size_t)sysconf(_SC_PAGESIZE), pages = 0;

	if (keyvals_size(kv, "pages", 1, SHAREDAREA_MAX / page, &pages,
	    cause) == -1 || keyvals_size(kv, "size", 1, SHAREDAREA_MAX,
	    &rule->size, cause) == -1)
		return -1;
	if ((pages > 0) == (rule->size > 0)) {
		*cause = xstrdup("a shared area needs either \"pages\" or a "
		    "\"size\" in bytes");
		return -1;
	}
	if (pages > 0)
		rule->size = pages * page;
	else if (rule->file == NULL && rule->fd == -1)
		rule->size = (rule->size + page - 1) / page * page;
	return 0;
}

/* What has been taken apart; -1 with *cause. */
static int
sharedarea_rule_take(struct sharedarea_rule *rule, const struct keyvals *kv,
    char **cause)
{
	size_t	 page = (size_t)sysconf(_SC_PAGESIZE), fd = 0;

	if (keyvals_text(kv, "file") != NULL)
		rule->file = xstrdup(keyvals_text(kv, "file"));
	if (keyvals_size(kv, "fd", 0, INT_MAX, &fd, cause) == -1 ||
	    keyvals_size(kv, "offset", 0, SHAREDAREA_MAX, &rule->offset,
	    cause) == -1)
		return -1;
	if (keyvals_has(kv, "fd"))
		rule->fd = (int)fd;
	if (rule->file != NULL && rule->fd != -1)
		*cause = xstrdup("\"file\" and \"fd\" exclude each other");
	else if (keyvals_has(kv, "file") && (rule->file == NULL ||
	    *rule->file == '\0'))
		*cause = xstrdup("\"file\" needs a path");
	else if (rule->offset % page != 0)
		*cause = xasprintf("\"offset\" must be a multiple of %zu, "
		    "the size of a page", page);
	else if (rule->offset > 0 && rule->file == NULL && rule->fd == -1)
		*cause = xstrdup("\"offset\" needs a \"file\" or an \"fd\"");
	else
		return sharedarea_rule_size(rule, kv, cause);
	return -1;
}

/* Takes it apart. */
int
sharedarea_rule_parse(struct sharedarea_rule *rule, const char *text,
    char **cause)
{
	static const char *const	 known[] = { "pages", "size", "file",
	    "fd", "offset", NULL };
	struct keyvals			 kv;
	int				 result;

	memset(rule, 0, sizeof(*rule));
	rule->fd = -1;
	result = keyvals_parse(&kv, text, known, "pages", cause);
	if (result == 0)
		result = sharedarea_rule_take(rule, &kv, cause);
	keyvals_done(&kv);
	return result;
}

/* Frees it. */
void
sharedarea_rule_done(struct sharedarea_rule *rule)
{
	free(rule->file);
	memset(rule, 0, sizeof(*rule));
	rule->fd = -1;
}

/* One bad value. */
static void
shared_rules_add(struct strlist *problems, const char *option, char *cause)
{
	strlist_add_steal(problems, xasprintf("\"%s\": %s", option, cause));
	free(cause);
}

/* All metrics; no name twice. */
static void
shared_rules_metrics(const struct strlist *list, struct strlist *problems)
{
	struct strlist		 names = { NULL, 0 };
	struct metric_rule	 rule;
	char			*cause;
	size_t			 i, j;

	for (i = 0; i < list->count; i++) {
		if (metric_rule_parse(&rule, list->items[i], &cause) == -1)
			shared_rules_add(problems, "metric", cause);
		for (j = 0; rule.name != NULL && j < names.count; j++)
			if (strcmp(names.items[j], rule.name) == 0)
				shared_rules_add(problems, "metric",
				    xasprintf("\"%s\" is there twice",
				    rule.name));
		if (rule.name != NULL)
			strlist_add(&names, rule.name);
		metric_rule_done(&rule);
	}
	strlist_done(&names);
}

/* What goes together with a queue. */
static void
shared_rules_queue(const struct config *cfg, struct strlist *problems)
{
	if (cfg->queue == 0 && cfg->queue_store != NULL)
		strlist_add(problems, "\"queue-store\" needs \"queue\": how "
		    "many messages it is for");
	if (cfg->queue_store == NULL && cfg->queue_store_sync > 0)
		strlist_add(problems, "\"queue-store-sync\" needs "
		    "\"queue-store\"");
}

/* All of them. */
void
shared_rules_check(const struct config *cfg, struct strlist *problems)
{
	struct sharedarea_rule	 rule;
	char			*cause, *text;
	size_t			 i;

	shared_rules_metrics(&cfg->metric, problems);
	for (i = 0; i < cfg->sharedarea.count; i++) {
		if (sharedarea_rule_parse(&rule, cfg->sharedarea.items[i],
		    &cause) == -1)
			shared_rules_add(problems, "sharedarea", cause);
		sharedarea_rule_done(&rule);
	}
	for (i = 0; i < cfg->py_sharedarea.count; i++) {
		text = xasprintf("size=%s", cfg->py_sharedarea.items[i]);
		if (sharedarea_rule_parse(&rule, text, &cause) == -1)
			shared_rules_add(problems, "py-sharedarea", cause);
		sharedarea_rule_done(&rule);
		free(text);
	}
	shared_rules_queue(cfg, problems);
}
