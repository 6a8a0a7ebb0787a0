/* Attached daemons: what attach-daemon and its kin say. */
#ifndef WM_CONFIG_DAEMON_RULE_H
#define WM_CONFIG_DAEMON_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strlist.h"
#include "config/config.h"

/* One daemon; the texts are its own, NULL: not given. */
struct daemon_rule {
	char		*text;		/* as given (and its number among
					   those that are the same) */
	char		*command;	/* for /bin/sh -c */
	char		*pidfile;	/* "smart": known by this */
	bool		 daemonize;	/* the server does, and writes that */
	bool		 control;	/* the server ends with it */
	bool		 keep_stdin;
	bool		 notify;	/* smart: hears of reload and stop */
	int		 freq;		/* seconds between looks at pidfile */
	int		 stop_signal;
	int		 reload_signal;	/* 0: not given */
	double		 mercy;		/* seconds from it to SIGKILL */
	double		 max_throttle;	/* 0: respawn-delay-max */
	char		*uid;
	char		*gid;
	char		*chdir;
	struct strlist	 touch;
};

struct daemon_rules {
	struct daemon_rule	*items;
	size_t			 count;
};

/* All of a configuration; -1 with *cause. daemon_rules_done in either case. */
int	 daemon_rules_read(struct daemon_rules *rules,
	    const struct config *cfg, char **cause);
/* The configuration with the daemon's own user, if it names one; borrowed. */
struct config daemon_rule_config(const struct daemon_rule *rule,
	    const struct config *cfg);
void	 daemon_rules_done(struct daemon_rules *rules);
void	 daemon_rule_done(struct daemon_rule *rule);

#endif
