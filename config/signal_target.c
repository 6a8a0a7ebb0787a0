/* Whom a signal is for. */
#include "config/signal_target.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/mule_rule.h"

static const struct {
	const char		*text;
	enum signal_target_kind	 kind;
} target_names[] = {
	{ "",			TARGET_ANY_WORKER },
	{ "worker",		TARGET_ANY_WORKER },
	{ "worker0",		TARGET_ANY_WORKER },
	{ "workers",		TARGET_WORKERS },
	{ "active-workers",	TARGET_WORKERS },
	{ "mule",		TARGET_ANY_MULE },
	{ "mule0",		TARGET_ANY_MULE },
	{ "mules",		TARGET_MULES },
	{ "spooler",		TARGET_SPOOLER },
};

/* The number behind a prefix, 0: there is none. */
static int
target_number(const char *text, const char *prefix)
{
	size_t	 len = strlen(prefix);
	char	*end;
	long	 number;

	if (strncmp(text, prefix, len) != 0 || text[len] < '1' ||
	    text[len] > '9')
		return 0;
	number = strtol(text + len, &end, 10);
	return *end == '\0' && number < 100000 ? (int)number : 0;
}

/* The farm of a name, 1 and up; 0: there is none. */
static int
target_farm(const char *name, const struct config *cfg)
{
	struct farm_rule	 farm;
	char			*cause;
	size_t			 i;

	for (i = 0; i < cfg->farm.count; i++) {
		if (farm_rule_parse(&farm, cfg->farm.items[i],
		    mules_count(cfg), &cause) == -1)
			free(cause);
		else if (strcmp(farm.name, name) == 0)
			return (int)i + 1;
	}
	return 0;
}

/* What is not there of what it needs? */
const char *
signal_target_missing(const struct signal_target *t, const struct config *cfg)
{
	switch (t->kind) {
	case TARGET_WORKER:
		return t->number > cfg->processes ?
		    "there are not so many workers" : NULL;
	case TARGET_MULE:
		return t->number > mules_count(cfg) ?
		    "there are not so many mules" : NULL;
	case TARGET_ANY_MULE:
	case TARGET_MULES:
		return mules_count(cfg) == 0 ? "there are no mules" : NULL;
	case TARGET_FARM:
		return t->number == 0 || t->number > (int)cfg->farm.count ?
		    "there is no such farm" : NULL;
	case TARGET_SPOOLER:
		return spoolers_count(cfg) == 0 ? "there is no spooler" :
		    NULL;
	default:
		return NULL;
	}
}

/* Reads one that has a number or name. */
static bool
target_parse_numbered(struct signal_target *t, const char *text,
    const struct config *cfg)
{
	if ((t->number = target_number(text, "worker")) != 0)
		t->kind = TARGET_WORKER;
	else if ((t->number = target_number(text, "mule")) != 0)
		t->kind = TARGET_MULE;
	else if ((t->number = target_number(text, "farm")) != 0)
		t->kind = TARGET_FARM;
	else if (strncmp(text, "farm_", 5) == 0) {
		t->kind = TARGET_FARM;
		t->number = target_farm(text + 5, cfg);
	} else
		return false;
	return true;
}

/* Reads one. */
const char *
signal_target_parse(struct signal_target *t, const char *text,
    const struct config *cfg)
{
	size_t	 i;

	t->number = 0;
	for (i = 0; i < sizeof(target_names) / sizeof(target_names[0]); i++) {
		if (strcmp(text, target_names[i].text) == 0) {
			t->kind = target_names[i].kind;
			return NULL;
		}
	}
	if (target_parse_numbered(t, text, cfg))
		return NULL;
	return strcmp(text, "subscribed") == 0 ? "there is no subscription "
	    "server" : "it is no target";
}
