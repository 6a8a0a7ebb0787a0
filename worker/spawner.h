/* The spawner: loads the app once and forks workers when the master asks. */
#ifndef WM_WORKER_SPAWNER_H
#define WM_WORKER_SPAWNER_H

#include <sys/types.h>

struct commons;
struct config;
struct listeners;
struct scoreboard;

/* Everything stays valid as long as the process. */
struct spawner_args {
	const struct config	*cfg;
	struct scoreboard	*sb;
	struct commons		*commons;
	const struct listeners	*listeners;
	int			 generation;
	int			 sock;		/* to the master, blocking */
	pid_t			 master_pid;
};

/*
 * The whole life of a spawner, in a fresh child of the master; arg is a
 * struct spawner_args. It talks with the master as shm/messages.h says:
 *
 *	read certificates and keys (tls/tls.h),
 *	become the app's user (privileges.h),
 *	start Python, load the app	-> MSG_LOADED, or MSG_LOAD_FAILED, exit
 *	MSG_SPAWN			-> forks an intermediate process, which
 *					   forks the worker, -> MSG_SPAWNED,
 *					   and exits: so the worker becomes the
 *					   master's child, which is a subreaper
 *	MSG_REOPEN_LOGS			takes a descriptor for its log
 *	EOF				exits
 *
 * Returns an exit status: of the spawner or, in the forked worker, of that.
 * Either must end with _exit.
 */
int	 spawner_main(const void *arg);

#endif
