/* One task, from its file to its end. */
#ifndef WM_WORKER_SPOOL_SPOOL_TASK_H
#define WM_WORKER_SPOOL_SPOOL_TASK_H

#include <stdint.h>

#include "worker/spool/spool_packet.h"

struct spool_folder;

/*
 *	being written	.new-NAME; nobody looks at it
 *	    | rename, when it is on the disk
 *	WAITING		NAME; its file's time (mtime) is in the future
 *	    | that time comes
 *	DUE		its time is past
 *	    | a spooler locks it (an OFD lock, which uWSGI's respects), and
 *	    | has a byte added to .tries/NAME
 *	RUNNING		locked. Who holds the lock is killed: DUE
 *	    | the handler returns, or raises
 *	done		the file is removed
 *	again		SPOOL_RETRY: its time becomes later, .tries/NAME is
 *			removed: WAITING
 *	failed		an exception: its time becomes later, the count stays:
 *			WAITING; after spooler-max-tries: failed/NAME
 *
 * There is no step at which it has no file, so it is run at least once. A task
 * whose process died is known by its count, which then is not older than the
 * file's time: it counts as failed, and waits a little, longer each time.
 */
struct spool_task {
	const struct spool_folder	*folder;
	const char			*place;		/* the caller's */
	const char			*name;
	int				 fd;		/* locked */
	unsigned			 tries;		/* this one as well */
	char				*data;
	struct spool_packet		 packet;
};

struct spool_rules {
	unsigned	 max_tries;	/* 0: no limit */
	uint64_t	 pause_us;	/* until it is tried again */
};

enum spool_take {
	SPOOL_TAKE_DONE,	/* it is the caller's; ends with one of those
				   below */
	SPOOL_TAKE_NOT_NOW,	/* it is another's, gone, or not due */
	SPOOL_TAKE_SOON,	/* it is still being written, as uWSGI does;
				   or has been told to wait */
	SPOOL_TAKE_FAILED,	/* it was moved to failed/; *why */
	SPOOL_TAKE_REFUSED	/* it is left alone; *why */
};

/* *why is the caller's to free. */
enum spool_take spool_task_take(struct spool_task *task,
	    const struct spool_folder *folder, const char *place,
	    const struct spool_rules *rules, char **why);
/*
 * All end the task and free what it holds; -1 with errno: what they were to
 * do could not be done, so the task is as it was.
 */
int	 spool_task_done(struct spool_task *task);
int	 spool_task_again(struct spool_task *task,
	    const struct spool_rules *rules);
int	 spool_task_ignore(struct spool_task *task);
/* 1: it was moved to failed/. */
int	 spool_task_fail(struct spool_task *task,
	    const struct spool_rules *rules);
/*
 * Reads any task's file without locking it, for spooler_get_task(); data is
 * the caller's to free. NULL, or what is wrong.
 */
const char *spool_task_peek(const char *path, char **data,
	    struct spool_packet *packet);

#endif
