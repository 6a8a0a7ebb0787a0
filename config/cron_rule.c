/* Commands at times: the options cron, unique-cron and cron2. */
#include "config/cron_rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "config/config.h"
#include "config/keyvals.h"

#define CRON_HARAKIRI_MAX	(1u << 30)

/* Frees all. */
void
cron_rules_done(struct cron_rules *rules)
{
	size_t	 i;

	for (i = 0; i < rules->count; i++) {
		free(rules->items[i].text);
		free(rules->items[i].command);
	}
	free(rules->items);
	memset(rules, 0, sizeof(*rules));
}

/* One more. */
static struct cron_rule *
cron_rules_add(struct cron_rules *rules, const struct config *cfg,
    const char *text)
{
	struct cron_rule	*rule;

	rules->items = xrealloc(rules->items,
	    (rules->count + 1) * sizeof(*rules->items));
	rule = &rules->items[rules->count++];
	memset(rule, 0, sizeof(*rule));
	rule->text = xstrdup(text);
	rule->times = (struct cron_times){ -1, -1, -1, -1, -1 };
	rule->harakiri = cfg->cron_harakiri;
	return rule;
}

/* Is it what can be? */
static int
cron_rule_check(const struct cron_rule *rule, const char *option, char **cause)
{
	const char	*bad = cron_times_bad(&rule->times);

	if (bad == NULL && rule->command != NULL && rule->command[0] != '\0')
		return 0;
	if (bad != NULL)
		*cause = xasprintf("\"%s\": \"%s\": there is no such %s",
		    option, rule->text, bad);
	else
		*cause = xasprintf("\"%s\": \"%s\": the command is missing",
		    option, rule->text);
	return -1;
}

/* "59 2 -1 -1 -1 COMMAND" */
static int
cron_rule_read(struct cron_rule *rule, const char *option, char **cause)
{
	struct cron_times	*c = &rule->times;
	int			 end = -1;

	if (sscanf(rule->text, "%d %d %d %d %d %n", &c->minute, &c->hour,
	    &c->mday, &c->month, &c->wday, &end) != 5 || end == -1) {
		*cause = xasprintf("\"%s\" must be five numbers (minute, "
		    "hour, day, month, week day) and a command, not \"%s\"",
		    option, rule->text);
		return -1;
	}
	rule->command = xstrdup(rule->text + end);
	return cron_rule_check(rule, option, cause);
}

/* Reads a key that is a number, perhaps below 0. */
static int
cron_rule_number(const struct keyvals *kv, const char *key, int *number,
    char **cause)
{
	const char	*text = keyvals_text(kv, key);
	char		*end;
	long		 n;

	if (!keyvals_has(kv, key))
		return 0;
	n = text == NULL ? 0 : strtol(text, &end, 10);
	if (text == NULL || end == text || *end != '\0' || n < -1000 ||
	    n > 1000) {
		*cause = xasprintf("\"%s\" must be a number", key);
		return -1;
	}
	*number = (int)n;
	return 0;
}

/* Reads the keys of a cron2. */
static int
cron_rule_keys(struct cron_rule *rule, const char *keys, char **cause)
{
	static const char *const	 known[] = { "minute", "hour", "day",
	    "month", "week", "unique", "harakiri", NULL };
	struct cron_times		*c = &rule->times;
	struct keyvals			 kv;
	size_t				 seconds = 0;
	int				 result = -1;

	if (keyvals_parse(&kv, keys, known, NULL, cause) == 0 &&
	    cron_rule_number(&kv, "minute", &c->minute, cause) == 0 &&
	    cron_rule_number(&kv, "hour", &c->hour, cause) == 0 &&
	    cron_rule_number(&kv, "day", &c->mday, cause) == 0 &&
	    cron_rule_number(&kv, "month", &c->month, cause) == 0 &&
	    cron_rule_number(&kv, "week", &c->wday, cause) == 0 &&
	    keyvals_bool(&kv, "unique", &rule->unique, cause) == 0 &&
	    keyvals_size(&kv, "harakiri", 0, CRON_HARAKIRI_MAX, &seconds,
	    cause) == 0)
		result = 0;
	if (result == 0 && keyvals_has(&kv, "harakiri"))
		rule->harakiri = (double)seconds;
	keyvals_done(&kv);
	return result;
}

/* "minute=59,unique=1 COMMAND", or the command alone. */
static int
cron_rule_read2(struct cron_rule *rule, char **cause)
{
	const char	*space = strchr(rule->text, ' ');
	const char	*equals = strchr(rule->text, '=');
	char		*keys, *why;
	int		 result = 0;

	if (equals != NULL && (space == NULL || equals < space)) {
		keys = xstrndup(rule->text, space == NULL ?
		    strlen(rule->text) : (size_t)(space - rule->text));
		result = cron_rule_keys(rule, keys, &why);
		free(keys);
		if (result == -1) {
			*cause = xasprintf("\"cron2\": %s", why);
			free(why);
		}
		rule->command = space == NULL ? NULL : xstrdup(space + 1);
	} else
		rule->command = xstrdup(rule->text);
	return result == -1 ? -1 : cron_rule_check(rule, "cron2", cause);
}

/* All. */
int
cron_rules_read(struct cron_rules *rules, const struct config *cfg,
    char **cause)
{
	struct cron_rule	*rule;
	size_t			 i;

	memset(rules, 0, sizeof(*rules));
	for (i = 0; i < cfg->cron.count; i++) {
		rule = cron_rules_add(rules, cfg, cfg->cron.items[i]);
		if (cron_rule_read(rule, "cron", cause) == -1)
			return -1;
	}
	for (i = 0; i < cfg->unique_cron.count; i++) {
		rule = cron_rules_add(rules, cfg, cfg->unique_cron.items[i]);
		rule->unique = true;
		if (cron_rule_read(rule, "unique-cron", cause) == -1)
			return -1;
	}
	for (i = 0; i < cfg->cron2.count; i++) {
		rule = cron_rules_add(rules, cfg, cfg->cron2.items[i]);
		if (cron_rule_read2(rule, cause) == -1)
			return -1;
	}
	return 0;
}
