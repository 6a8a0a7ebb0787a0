/* Mules, farms and spoolers: how many there are, and who is in a farm. */
#ifndef WM_CONFIG_MULE_RULE_H
#define WM_CONFIG_MULE_RULE_H

#include <stdbool.h>
#include <stddef.h>

struct config;
struct strlist;

#define MULES_MAX	256	/* each is a process */
#define FARMS_MAX	64
#define SPOOLERS_MAX	256
#define FARM_NAME_MAX	63

/* One item of "farm": "name:1,3", taken apart. */
struct farm_rule {
	char	 name[FARM_NAME_MAX + 1];
	bool	 has[MULES_MAX + 1];	/* by mule id; 0 is nobody */
};

/*
 * How many mule processes: ids 1.. are the items of "mule", in their order,
 * behind them come those of "mules".
 */
int	 mules_count(const struct config *cfg);
/* The script of a mule, NULL: it has none, it waits for messages. */
const char *mules_script(const struct config *cfg, int id);
/* How many spooler processes: "spooler-processes" for each "spooler". */
int	 spoolers_count(const struct config *cfg);
/* Reads one farm of a server with so many mules; -1 with *cause. */
int	 farm_rule_parse(struct farm_rule *farm, const char *text, int mules,
	    char **cause);
/* Adds what is wrong with all of these options. */
void	 mule_rules_check(const struct config *cfg, struct strlist *problems);

#endif
