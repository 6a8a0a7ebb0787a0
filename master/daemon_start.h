/* Starting one attached daemon, and reading its pidfile. */
#ifndef WM_MASTER_DAEMON_START_H
#define WM_MASTER_DAEMON_START_H

#include <sys/types.h>

struct config;
struct daemon_rule;

/*
 * A child that becomes the daemon's user and executes its command; with
 * daemonize a child of that does, whose pid is in the pidfile. -1 with errno.
 */
pid_t	 daemon_start(const struct daemon_rule *rule,
	    const struct config *cfg);
/* Who that user is; -1 with *cause. */
int	 daemon_user(const struct daemon_rule *rule, const struct config *cfg,
	    uid_t *uid, char **cause);
/* The process that a pidfile names, if it lives and is uid's; else 0. */
pid_t	 daemon_read_pidfile(const char *path, uid_t uid);

#endif
