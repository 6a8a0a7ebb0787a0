/* The signals of apps, as options name them. */
#ifndef WM_CONFIG_SIGNAL_RULE_H
#define WM_CONFIG_SIGNAL_RULE_H

#include <stdbool.h>

struct config;
struct strlist;

#define SIGNAL_RULE_MAX	255	/* the highest number */

/* remote-signals: may who connects to a uwsgi socket raise this one? */
bool	 signal_rule_is_remote(const struct config *cfg, int number);

/* Adds what is wrong with the options to problems. */
void	 signal_rules_check(const struct config *cfg,
	    struct strlist *problems);

#endif
