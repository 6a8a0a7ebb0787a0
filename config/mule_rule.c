/* Mules, farms and spoolers: how many there are, and who is in a farm. */
#include "config/mule_rule.h"

#include <stdlib.h>
#include <string.h>

#include "base/strlist.h"
#include "base/xmalloc.h"
#include "config/config.h"

/* How many mules there are. */
int
mules_count(const struct config *cfg)
{
	return (int)cfg->mule.count + cfg->mules;
}

/* What a mule runs. */
const char *
mules_script(const struct config *cfg, int id)
{
	const char *text;

	if (id < 1 || (size_t)id > cfg->mule.count)
		return NULL;
	text = cfg->mule.items[id - 1];
	return text[0] == '\0' || strcmp(text, "true") == 0 ? NULL : text;
}

/* How many spooler processes there are. */
int
spoolers_count(const struct config *cfg)
{
	return (int)cfg->spooler.count * cfg->spooler_processes;
}

/* Reads "1,3" behind a farm's name. */
static int
farm_rule_members(struct farm_rule *farm, const char *text, int mules,
    char **cause)
{
	char *end;
	long id;

	do {
		id = strtol(text, &end, 10);
		if (end == text || (*end != ',' && *end != '\0')) {
			*cause = xasprintf("the farm \"%s\" has \"%s\" where "
			    "the number of a mule is expected", farm->name,
			    text);
			return -1;
		}
		if (id < 1 || id > mules) {
			*cause = xasprintf("the farm \"%s\" names mule %ld; "
			    "there are %d", farm->name, id, mules);
			return -1;
		}
		farm->has[id] = true;
		text = end + 1;
	} while (*end == ',');
	return 0;
}

/* Reads one farm. */
int
farm_rule_parse(struct farm_rule *farm, const char *text, int mules,
    char **cause)
{
	size_t len = strcspn(text, ":");

	memset(farm, 0, sizeof(*farm));
	if (len == 0 || len > FARM_NAME_MAX || text[len] != ':') {
		*cause = xasprintf("must be \"name:1,2\" with the numbers of "
		    "mules, and a name of up to %d bytes, not \"%s\"",
		    FARM_NAME_MAX, text);
		return -1;
	}
	memcpy(farm->name, text, len);
	return farm_rule_members(farm, text + len + 1, mules, cause);
}

/* One farm's text, and that no farm before it has its name. */
static void
mule_rules_check_farm(const struct config *cfg, size_t i,
    struct strlist *problems)
{
	struct farm_rule farm;
	const char *text = cfg->farm.items[i];
	char *why;
	size_t j, len = strcspn(text, ":");

	if (farm_rule_parse(&farm, text, mules_count(cfg), &why) == -1) {
		strlist_add_steal(problems, xasprintf("\"farm\": %s", why));
		free(why);
	}
	for (j = 0; j < i; j++) {
		if (strncmp(cfg->farm.items[j], text, len + 1) == 0)
			strlist_add_steal(problems, xasprintf("\"farm\": "
			    "there are two with the name \"%.*s\"", (int)len,
			    text));
	}
}

/* Checks all of them. */
void
mule_rules_check(const struct config *cfg, struct strlist *problems)
{
	size_t i;

	if (mules_count(cfg) > MULES_MAX)
		strlist_add_steal(problems, xasprintf("\"mule\" and \"mules\" "
		    "make %d mules; no more than %d can be",
		    mules_count(cfg), MULES_MAX));
	if (cfg->spooler.count > SPOOLERS_MAX ||
	    spoolers_count(cfg) > SPOOLERS_MAX)
		strlist_add_steal(problems, xasprintf("\"spooler\" and "
		    "\"spooler-processes\" make %d processes; no more than %d "
		    "can be", spoolers_count(cfg), SPOOLERS_MAX));
	if (cfg->farm.count > FARMS_MAX)
		strlist_add_steal(problems, xasprintf("\"farm\": there are "
		    "%zu; no more than %d can be", cfg->farm.count,
		    FARMS_MAX));
	for (i = 0; i < cfg->farm.count && mules_count(cfg) <= MULES_MAX; i++)
		mule_rules_check_farm(cfg, i, problems);
}
