/* The signals of apps, as options name them. */
#ifndef WM_CONFIG_SIGNAL_RULE_H
#define WM_CONFIG_SIGNAL_RULE_H

#include <stdbool.h>

struct config;
struct strlist;

#define SIGNAL_RULE_MAX		255	/* the highest number */
#define SIGNAL_RULE_FILE_MAX	200	/* bytes of a file's path */

/* remote-signals: may who connects to a uwsgi socket raise this one? */
bool	 signal_rule_is_remote(const struct config *cfg, int number);

/* signal-timer: "N SECONDS". False: it is not. */
bool	 signal_rule_timer(const char *text, int *number, double *seconds);
/* touch-signal, fs-signal: "FILE N"; *file is new. False: it is not. */
bool	 signal_rule_file(const char *text, int *number, char **file);

/* Adds what is wrong with the options to problems. */
void	 signal_rules_check(const struct config *cfg,
	    struct strlist *problems);

#endif
