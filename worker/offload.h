/* Work that blocks, done by a helper thread while the core is parked. */
#ifndef WM_WORKER_OFFLOAD_H
#define WM_WORKER_OFFLOAD_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/queue.h>

#include "worker/wait.h"

struct core;
struct offload_pool;

/*
 * One piece of work, embedded in what it needs, on the heap: who waits for it
 * may be called away (a client that has left, a deadline) while it goes on. So
 * it is freed by whoever lets go of it last:
 *
 *	job = xcalloc(1, sizeof(*job));
 *	job->work.run = ...;	on a helper thread: no Python, no worker
 *	job->work.free = ...;	on either thread
 *	reason = offload_run(&pool, core, &job->work, timeout);
 *	if (reason == WAIT_READY)
 *		... what run has left in job ...
 *	offload_drop(&job->work);
 *
 * Work that nobody waits for any more is not begun, unless it must_run.
 */
struct offload {
	void			(*run)(struct offload *work);
	void			(*free)(struct offload *work);
	bool			 must_run;

	/* offload.c's */
	struct offload_pool	*pool;
	int			 fd;		/* readable: it is done */
	int			 refs;		/* under the pool's mutex */
	bool			 is_done;	/* the same */
	STAILQ_ENTRY(offload)	 link;
};

STAILQ_HEAD(offload_list, offload);

/* Threads are made when they are needed, and end when there is nothing. */
struct offload_pool {
	pthread_mutex_t		 mutex;
	struct offload_list	 queue;
	int			 threads, threads_max;
};

#define OFFLOAD_POOL(name, max)	{					\
	.mutex = PTHREAD_MUTEX_INITIALIZER,				\
	.queue = STAILQ_HEAD_INITIALIZER((name).queue),			\
	.threads_max = (max)						\
}

/*
 * Has it done, the core parked meanwhile; on the spot where no thread can be
 * had. WAIT_READY: it is done; else why it was not waited for any longer:
 * timeout seconds (below 0: never) are over, the request was called away.
 */
enum wait_reason offload_run(struct offload_pool *pool, struct core *core,
	    struct offload *work, double timeout);
/* The caller's end of it, once. */
void	 offload_drop(struct offload *work);

#endif
