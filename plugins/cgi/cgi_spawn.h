/*
 * Starts a script: without copying the worker, and without a line of Python
 * or of the C library's locks in the child.
 *
 * The child is made as by vfork(2): it borrows the worker's memory until it
 * executes the script, while the calling thread stands still, so it costs the
 * same whatever the worker's size, and no handler of fork's is run. It has
 * nothing but its three descriptors, signals as they are by default, its own
 * session (so that a signal to its group reaches all that it starts), the
 * script's folder as its own, and dies with the worker.
 */
#ifndef WM_PLUGINS_CGI_CGI_SPAWN_H
#define WM_PLUGINS_CGI_CGI_SPAWN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What runs, and this process's ends of its pipes; -1: none, or closed. */
struct cgi_child {
	pid_t	 pid;
	int	 pidfd;		/* can be read when it has ended */
	int	 in;		/* its standard input; all are non-blocking */
	int	 out;
	int	 err;
};

struct cgi_spawn {
	const char	*file;		/* what is executed */
	char		**argv;
	char		**env;
	const char	*folder;	/* where it runs */
	int		 in;		/* a descriptor to be its standard
					   input; -1: a pipe is made */
	_Atomic int32_t	*told;		/* the child writes its group there,
					   before the script begins */
};

/* 0 and *child, or the errno of what has failed, with nothing left behind. */
int	 cgi_spawn(const struct cgi_spawn *what, struct cgi_child *child);
/*
 * Sends a signal to the script and to all that it has started, but what has
 * left its group. Nobody else is ever hit, also if somebody (an app with
 * waitpid(-1)) has reaped it.
 */
void	 cgi_spawn_signal(const struct cgi_child *child, int sig);
/*
 * Has it ended? Then it is reaped by this, what is left of its group is
 * killed, and *status is as of waitpid(2), -1 if somebody else got it.
 */
bool	 cgi_spawn_reap(struct cgi_child *child, int *status);
/* Closes what is open. */
void	 cgi_spawn_close(struct cgi_child *child);

#endif
