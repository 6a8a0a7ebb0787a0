/* A spooler's process: finds tasks, has them run, waits for more. No Python. */
#ifndef WM_WORKER_SPOOL_SPOOLER_H
#define WM_WORKER_SPOOL_SPOOLER_H

#include <poll.h>
#include <stdbool.h>

#include "worker/spool/spool_task.h"

struct worker;

/* What a task has come to. The numbers are uWSGI's. */
enum spool_result {
	SPOOL_OK = -2,
	SPOOL_RETRY = -1,
	SPOOL_IGNORE = 0,
	SPOOL_FAILED = 1	/* it has raised */
};

/* Who runs tasks, in a language. */
struct spooler_host {
	enum spool_result	(*run)(const struct spool_task *task);
	/*
	 * poll(2), during which the app's threads and signal handlers run;
	 * false: one of those has ended the process.
	 */
	bool			(*poll)(struct pollfd *fds, nfds_t n,
				    double seconds);
	/* Runs the handlers of signals (MSG_SIGNAL): how many those were. */
	int			(*signals)(struct worker *w);
};

/*
 * The main thread's life, in each turn:
 *
 *	look	the folder's tasks that are due, in their order
 *	run	one after the other. Between two of them the app's signals are
 *		handled (spooler-signal-as-task: they count). Is the process to
 *		leave? Has something been spooled, and is the list older than a
 *		second? Then the next turn begins, since there may be something
 *		of a higher priority
 *	wait	if nothing was run: for a doorbell (spool() in another process),
 *		the folder (inotify: somebody else's file), the next task's
 *		time, at most spooler-frequency
 *
 * Returns when the process shall leave, or has run spooler-max-tasks: 0; -1
 * and *cause if the folder cannot be used.
 */
int	 spooler_loop(struct worker *w, const struct spooler_host *host,
	    char **cause);

#endif
