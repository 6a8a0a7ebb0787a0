/* Commands at times: the options cron, unique-cron and cron2. */
#ifndef WM_CONFIG_CRON_RULE_H
#define WM_CONFIG_CRON_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cron_times.h"

struct config;

struct cron_rule {
	char			*text;		/* as given */
	char			*command;	/* for /bin/sh -c */
	struct cron_times	 times;
	bool			 unique;	/* not while it runs */
	double			 harakiri;	/* seconds; 0: no limit */
};

struct cron_rules {
	struct cron_rule	*items;
	size_t			 count;
};

/* All of a configuration; -1 with *cause. cron_rules_done in either case. */
int	 cron_rules_read(struct cron_rules *rules, const struct config *cfg,
	    char **cause);
void	 cron_rules_done(struct cron_rules *rules);

#endif
