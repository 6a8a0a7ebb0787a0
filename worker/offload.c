/* Work that blocks, done by a helper thread while the core is parked. */
#include "worker/offload.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "worker/core.h"
#include "worker/worker.h"

/* Gives up one reference. */
void
offload_drop(struct offload *work)
{
	int	 left = 0;

	if (work->pool != NULL) {
		pthread_mutex_lock(&work->pool->mutex);
		left = --work->refs;
		pthread_mutex_unlock(&work->pool->mutex);
	}
	if (left > 0)
		return;
	fd_close(&work->fd);
	work->free(work);
}

/* The next one; NULL, and this thread counts no more, without one. */
static struct offload *
offload_next(struct offload_pool *pool, bool *wanted)
{
	struct offload	*work;

	pthread_mutex_lock(&pool->mutex);
	work = STAILQ_FIRST(&pool->queue);
	if (work != NULL)
		STAILQ_REMOVE_HEAD(&pool->queue, link);
	else
		pool->threads--;
	*wanted = work != NULL && (work->must_run || work->refs == 2);
	pthread_mutex_unlock(&pool->mutex);
	return work;
}

/* It is done: who waits finds what it has left. */
static void
offload_done(struct offload *work)
{
	const uint64_t	 one = 1;

	pthread_mutex_lock(&work->pool->mutex);
	work->is_done = true;
	pthread_mutex_unlock(&work->pool->mutex);
	if (write(work->fd, &one, sizeof(one)) == -1)
		log_error("offload: %s", strerror(errno));
}

/* A helper thread: does what there is, and ends. */
static void *
offload_main(void *arg)
{
	struct offload_pool	*pool = arg;
	struct offload		*work;
	bool			 wanted;

	while ((work = offload_next(pool, &wanted)) != NULL) {
		if (wanted) {
			work->run(work);
			offload_done(work);
		}
		offload_drop(work);
	}
	return NULL;
}

/* Starts one more thread, which gets no signal; false when it cannot be. */
static bool
offload_start(struct offload_pool *pool)
{
	pthread_attr_t	 attr;
	pthread_t	 thread;
	sigset_t	 all, old;
	int		 error;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&thread, &attr, offload_main, pool);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return error == 0;
}

/* Gives it to the threads; false when there is and can be none. */
static bool
offload_give(struct offload_pool *pool, struct offload *work)
{
	bool	 given = true;

	work->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (work->fd == -1)
		return false;
	pthread_mutex_lock(&pool->mutex);
	if (pool->threads < pool->threads_max) {
		pool->threads++;
		if (!offload_start(pool))
			given = --pool->threads > 0;
	}
	if (given) {
		work->pool = pool;
		work->refs = 2;
		STAILQ_INSERT_TAIL(&pool->queue, work, link);
	}
	pthread_mutex_unlock(&pool->mutex);
	return given;
}

/* Has it done. */
enum wait_reason
offload_run(struct offload_pool *pool, struct core *core,
    struct offload *work, double timeout)
{
	enum wait_reason	 reason;

	work->fd = -1;
	if (core->worker->forked || !offload_give(pool, work)) {
		work->run(work);
		return WAIT_READY;
	}
	reason = wait_fd(core, work->fd, WAIT_READ, timeout);
	pthread_mutex_lock(&pool->mutex);
	if (reason == WAIT_READY && !work->is_done)
		reason = WAIT_CANCELLED;
	pthread_mutex_unlock(&pool->mutex);
	return reason;
}
