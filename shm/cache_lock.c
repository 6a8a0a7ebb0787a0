/* A cache's lock, and the change counters for those who read without it. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "shm/cache_layout.h"

#define CACHE_SPINS	16	/* tries, */
#define CACHE_PAUSES	32	/* and at most so many pauses between two */

/* A robust lock between processes. */
int
cache_lock_init(struct cache *c, char **cause)
{
	pthread_mutexattr_t	 attr;
	int			 error;

	pthread_mutexattr_init(&attr);
	error = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	if (error == 0)
		error = pthread_mutexattr_setrobust(&attr,
		    PTHREAD_MUTEX_ROBUST);
	if (error == 0)
		error = pthread_mutex_init(&c->head->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	if (error == 0)
		return 0;
	*cause = xasprintf("cannot make a robust lock: %s", strerror(error));
	return -1;
}

/*
 * Waits a little without sleeping: it is held for less than a microsecond. Each
 * try takes the lock's cache line from its owner, so there is more and more
 * time between them.
 */
static int
cache_lock_spin(pthread_mutex_t *lock)
{
	int	 i, n, error = pthread_mutex_trylock(lock);

	for (i = 1; i < CACHE_SPINS && error == EBUSY; i++) {
		for (n = CACHE_PAUSES >> (i < 5 ? 5 - i : 0); n > 0; n--)
			cache_pause();
		error = pthread_mutex_trylock(lock);
	}
	return error;
}

/* Sleeps for it, not for ever. */
static int
cache_lock_wait(pthread_mutex_t *lock)
{
	struct timespec	 until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += CACHE_PATIENCE_MS / 1000;
	return pthread_mutex_clocklock(lock, CLOCK_MONOTONIC, &until);
}

/* Takes the lock; repairs what its last owner has left, if that was killed. */
enum cache_result
cache_enter(struct cache *c, bool wait)
{
	int	 error = cache_lock_spin(&c->head->lock);

	if (error == EBUSY && wait)
		error = cache_lock_wait(&c->head->lock);
	if (error == EOWNERDEAD) {
		cache_repair(c, false);
		pthread_mutex_consistent(&c->head->lock);
		log_warn("cache \"%s\": a process was killed inside a write; "
		    "repaired", c->spec.name);
		error = 0;
	}
	if (error == 0)
		return CACHE_OK;
	if (error != EBUSY || wait)
		log_error("cache \"%s\": no lock: %s", c->spec.name,
		    strerror(error));
	return CACHE_BUSY;
}

/* Gives it back. */
void
cache_leave(struct cache *c)
{
	__atomic_store_n(&c->counters->items, GET(c->head->items),
	    __ATOMIC_RELAXED);
	pthread_mutex_unlock(&c->head->lock);
}

/* The counter of a bucket's stripe. */
static uint32_t *
cache_seq(struct cache *c, uint64_t hash)
{
	return &c->seqs[hash & (c->buckets - 1) & (CACHE_STRIPES - 1)].seq;
}

/* Readers of that stripe are to read again. */
void
cache_change_begin(struct cache *c, uint64_t hash)
{
	uint32_t	*seq = cache_seq(c, hash);

	PUT(*seq, GET(*seq) + 1);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

/* What is there now belongs together. */
void
cache_change_end(struct cache *c, uint64_t hash)
{
	uint32_t	*seq = cache_seq(c, hash);

	CACHE_STEP();
	__atomic_store_n(seq, GET(*seq) + 1, __ATOMIC_RELEASE);
}
