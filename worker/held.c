/* Pieces of responses that are joined, and the thread that sends them. */
#include "worker/held.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "shm/scoreboard.h"

/* So long something is held at most, and at first when a socket is full. */
#define HELD_US		1000
#define HELD_RETRY_US	100000		/* the longest wait in between */
/* The pusher looks so often in vain before it sleeps without a timer. */
#define HELD_IDLE	8
/* So many free buffers are kept; greenlet cores use one in turn. */
#define HELD_FREE	4
#define HELD_STACK	262144
#define HELD_NEVER	UINT64_MAX

TAILQ_HEAD(held_list, held);

/* The process has one pusher. All under the lock. */
static struct {
	pthread_mutex_t		 lock;
	pthread_cond_t		 due;		/* for the pusher */
	pthread_cond_t		 done;		/* for those PUSHED */
	struct held_list	 list;
	struct held_buf		*free;
	int			 nfree;
	bool			 running;	/* there is a thread */
	bool			 refused;	/* there can be none */
	uint64_t		 wake_us;	/* it looks then by itself */
} held = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.done = PTHREAD_COND_INITIALIZER,
	.list = TAILQ_HEAD_INITIALIZER(held.list),
};

/*
 * A buffer for a response. Not from the heap: there, those of many slow
 * clients would leave holes that stay the process's.
 */
static struct held_buf *
held_buf_get(void)
{
	struct held_buf	*buf = held.free;

	if (buf == NULL) {
		buf = mmap(NULL, sizeof(*buf), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (buf == MAP_FAILED)
			fatal("no memory for a response");
	} else {
		held.free = buf->next;
		held.nfree--;
	}
	buf->pos = buf->len = 0;
	return buf;
}

/* A response has no need of its buffer any more. */
static void
held_buf_put(struct held *h)
{
	struct held_buf	*buf = h->buf;

	h->buf = NULL;
	if (buf == NULL)
		return;
	if (held.nfree == HELD_FREE) {
		munmap(buf, sizeof(*buf));
		return;
	}
	buf->next = held.free;
	held.free = buf;
	held.nfree++;
}

/* Sends what the socket takes, without the lock meanwhile. */
static void
held_send(struct held *h)
{
	struct held_buf	*buf = h->buf;
	ssize_t		 n;
	int		 error;

	TAILQ_REMOVE(&held.list, h, link);
	h->state = HELD_PUSHED;
	pthread_mutex_unlock(&held.lock);
	n = send(h->fd, buf->data + buf->pos, buf->len - buf->pos,
	    MSG_NOSIGNAL | MSG_DONTWAIT);
	error = errno;
	pthread_mutex_lock(&held.lock);
	if (n > 0) {
		buf->pos += (size_t)n;
		h->pushed += (uint64_t)n;
		sb_add(h->told, (uint64_t)n);
	}
	h->failed = n == -1 && error != EAGAIN && error != EINTR;
	if (h->failed || buf->pos == buf->len) {
		h->state = HELD_NONE;
		held_buf_put(h);
	} else {
		h->state = HELD_WAITS;
		h->retry_us = h->retry_us == 0 || n > 0 ? HELD_US :
		    h->retry_us * 2;
		if (h->retry_us > HELD_RETRY_US)
			h->retry_us = HELD_RETRY_US;
		h->due_us = clock_mono_us() + h->retry_us;
		TAILQ_INSERT_TAIL(&held.list, h, link);
	}
	pthread_cond_broadcast(&held.done);
}

/* Sends all that is due; when the next will be. */
static uint64_t
held_send_due(void)
{
	struct held	*h = TAILQ_FIRST(&held.list);
	uint64_t	 now = clock_mono_us(), next = HELD_NEVER;

	while (h != NULL) {
		if (h->due_us <= now) {
			held_send(h);
			/* The list may be another one. */
			h = TAILQ_FIRST(&held.list);
			next = HELD_NEVER;
			continue;
		}
		if (h->due_us < next)
			next = h->due_us;
		h = TAILQ_NEXT(h, link);
	}
	return next;
}

/* Sleeps until then, or until somebody holds what is due before. */
static void
held_sleep(uint64_t until)
{
	const struct timespec	 ts = { .tv_sec = (time_t)(until / 1000000),
	    .tv_nsec = (long)(until % 1000000) * 1000 };

	held.wake_us = until;
	if (until == HELD_NEVER)
		pthread_cond_wait(&held.due, &held.lock);
	else
		pthread_cond_timedwait(&held.due, &held.lock, &ts);
	held.wake_us = 0;
}

/* The pusher. */
static void *
held_main(void *unused)
{
	uint64_t	 next;
	int		 idle = 0;

	(void)unused;
	pthread_mutex_lock(&held.lock);
	for (;;) {
		next = held_send_due();
		if (next != HELD_NEVER)
			idle = 0;
		else if (++idle < HELD_IDLE)
			next = clock_mono_us() + HELD_US;
		held_sleep(next);
		if (idle == HELD_IDLE)
			idle = 0;
	}
	return NULL;
}

/* Makes the thread; with the lock. */
static bool
held_start(void)
{
	pthread_condattr_t	 mono;
	pthread_attr_t		 attr;
	pthread_t		 thread;
	sigset_t		 all, old;

	pthread_condattr_init(&mono);
	pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
	pthread_cond_init(&held.due, &mono);
	pthread_condattr_destroy(&mono);
	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, HELD_STACK);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	held.running = pthread_create(&thread, &attr, held_main, NULL) == 0;
	held.refused = !held.running;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (held.running)
		pthread_setname_np(thread, "wm-pusher");
	return held.running;
}

/* Waits until the pusher is not at it. With the lock. */
static void
held_settle(struct held *h)
{
	while (h->state == HELD_PUSHED)
		pthread_cond_wait(&held.done, &held.lock);
}

/* Is there room for so much more, and somebody to send it? */
static bool
held_has_room(struct held *h, size_t more)
{
	held_settle(h);
	if (held.refused || h->failed || more > HELD_SIZE)
		return false;
	if (h->buf != NULL && h->buf->len + more > HELD_SIZE)
		return false;
	return held.running || held_start();
}

/* It is held from now on; true when the pusher must be woken. */
static bool
held_wait(struct held *h, int fd)
{
	h->fd = fd;
	h->state = HELD_WAITS;
	h->retry_us = 0;
	h->due_us = clock_mono_us() + HELD_US;
	h->pending = true;
	TAILQ_INSERT_TAIL(&held.list, h, link);
	return h->due_us < held.wake_us;
}

/* Adds to what is held. */
bool
held_add(struct held *h, int fd, _Atomic uint64_t *told,
    const struct iovec *parts, int n)
{
	size_t	 more = 0;
	bool	 wake = false;
	int	 i;

	for (i = 0; i < n; i++)
		more += parts[i].iov_len;
	pthread_mutex_lock(&held.lock);
	if (!held_has_room(h, more)) {
		pthread_mutex_unlock(&held.lock);
		return false;
	}
	if (h->buf == NULL)
		h->buf = held_buf_get();
	for (i = 0; i < n; i++) {
		memcpy(h->buf->data + h->buf->len, parts[i].iov_base,
		    parts[i].iov_len);
		h->buf->len += parts[i].iov_len;
	}
	h->told = told;
	if (h->state == HELD_NONE)
		wake = held_wait(h, fd);
	pthread_mutex_unlock(&held.lock);
	if (wake)
		pthread_cond_signal(&held.due);
	return true;
}

/* Takes it off the list. */
struct held_buf *
held_take(struct held *h, uint64_t *pushed, bool *alive)
{
	struct held_buf	*buf;

	pthread_mutex_lock(&held.lock);
	held_settle(h);
	if (h->state == HELD_WAITS)
		TAILQ_REMOVE(&held.list, h, link);
	h->state = HELD_NONE;
	h->pending = false;
	*pushed = h->pushed;
	*alive = !h->failed;
	h->pushed = 0;
	h->failed = false;
	buf = h->buf;
	pthread_mutex_unlock(&held.lock);
	return buf;
}

/* The taken bytes are sent, or not wanted. */
void
held_release(struct held *h)
{
	pthread_mutex_lock(&held.lock);
	held_buf_put(h);
	pthread_mutex_unlock(&held.lock);
}

/* Sends what can be sent, on the caller's thread. */
void
held_push(struct held *h)
{
	pthread_mutex_lock(&held.lock);
	held_settle(h);
	if (h->state == HELD_WAITS)
		held_send(h);
	pthread_mutex_unlock(&held.lock);
}

/*
 * The thread is not in this process, and whatever the lock was taken for
 * meanwhile will not be finished here.
 */
void
held_forked(void)
{
	pthread_mutex_init(&held.lock, NULL);
	pthread_cond_init(&held.done, NULL);
	TAILQ_INIT(&held.list);
	held.free = NULL;
	held.nfree = 0;
	held.running = false;
	held.refused = true;
}

/* What a response held is the parent's to send. */
void
held_forget(struct held *h)
{
	memset(h, 0, sizeof(*h));
}
