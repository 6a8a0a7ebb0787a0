/* What a spawner gives up before anything of the app runs. */
#ifndef WM_WORKER_PRIVILEGES_H
#define WM_WORKER_PRIVILEGES_H

struct config;

/*
 * In a spawner, before the language starts. In this order, each step needing
 * what the next ones take away:
 *
 *	limits		limit-as, limit-nproc, limit-core
 *	chroot		and into its top folder
 *	groups, gid, uid	real, effective and saved
 *	capabilities	none at all is left of a root that became a user
 *	proof		that there is no way back
 *	no-new-privileges
 *	dumpable	again, since /proc/self belongs to root without it
 *	umask
 *
 * Returns -1 and *cause if one of them fails: the process must end then. The
 * kernel forgets PR_SET_PDEATHSIG when credentials change: set it again.
 */
int	 privileges_drop(const struct config *cfg, char **cause);

#endif
