/* Asks the name service without holding up the worker. */
#include "worker/lookup.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "worker/core.h"
#include "worker/worker.h"

#define LOOKUP_THREADS	4

/* One question: the asking core's and the queue's, a reference each. */
struct lookup {
	STAILQ_ENTRY(lookup)	 link;
	struct address		 addr;
	struct sockaddr_any	 list[LOOKUP_ADDRESSES];
	int			 n;
	int			 fd;		/* readable: it is answered */
	int			 refs;		/* under the mutex */
};

STAILQ_HEAD(lookup_list, lookup);

static pthread_mutex_t		 lookup_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct lookup_list	 lookup_queue =
    STAILQ_HEAD_INITIALIZER(lookup_queue);	/* under the mutex */
static int			 lookup_threads; /* under the mutex */

/* The addresses, asked for on the spot. */
static int
lookup_now(const struct address *addr, struct sockaddr_any *list)
{
	char	*cause = NULL;
	int	 n;

	n = address_resolve(addr, list, LOOKUP_ADDRESSES, &cause);
	free(cause);
	return n < 0 ? 0 : n;
}

/* Is it a number or a path, for which nobody must be asked? */
static bool
lookup_is_known(const struct address *addr)
{
	struct addrinfo	 hints = { .ai_flags = AI_NUMERICHOST }, *found;

	if (addr->is_unix || addr->host[0] == '\0')
		return true;
	if (getaddrinfo(addr->host, NULL, &hints, &found) != 0)
		return false;
	freeaddrinfo(found);
	return true;
}

/* A question with two references; NULL with errno. */
static struct lookup *
lookup_new(const struct address *addr)
{
	struct lookup	*job = xcalloc(1, sizeof(*job));

	job->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (job->fd == -1) {
		free(job);
		return NULL;
	}
	job->addr.host = xstrdup(addr->host);
	job->addr.port = xstrdup(addr->port);
	job->refs = 2;
	return job;
}

/* Gives up one reference. */
static void
lookup_drop(struct lookup *job)
{
	int	 left;

	pthread_mutex_lock(&lookup_mutex);
	left = --job->refs;
	pthread_mutex_unlock(&lookup_mutex);
	if (left > 0)
		return;
	address_done(&job->addr);
	close(job->fd);
	free(job);
}

/* The next question; NULL, and this thread counts no more, without one. */
static struct lookup *
lookup_next(bool *wanted)
{
	struct lookup	*job;

	pthread_mutex_lock(&lookup_mutex);
	job = STAILQ_FIRST(&lookup_queue);
	if (job != NULL)
		STAILQ_REMOVE_HEAD(&lookup_queue, link);
	else
		lookup_threads--;
	*wanted = job != NULL && job->refs == 2;
	pthread_mutex_unlock(&lookup_mutex);
	return job;
}

/* Puts down what was found. */
static void
lookup_answer(struct lookup *job, const struct sockaddr_any *list, int n)
{
	pthread_mutex_lock(&lookup_mutex);
	job->n = n;
	memcpy(job->list, list, (size_t)n * sizeof(*list));
	pthread_mutex_unlock(&lookup_mutex);
}

/* What was found. */
static int
lookup_take(struct lookup *job, struct sockaddr_any *list)
{
	int	 n;

	pthread_mutex_lock(&lookup_mutex);
	n = job->n;
	memcpy(list, job->list, (size_t)n * sizeof(*list));
	pthread_mutex_unlock(&lookup_mutex);
	return n;
}

/* A helper thread: answers what there is, and ends. */
static void *
lookup_main(void *unused)
{
	const uint64_t		 one = 1;
	struct sockaddr_any	 list[LOOKUP_ADDRESSES];
	struct lookup		*job;
	bool			 wanted;
	int			 n;

	(void)unused;
	while ((job = lookup_next(&wanted)) != NULL) {
		if (wanted) {
			n = lookup_now(&job->addr, list);
			lookup_answer(job, list, n);
			if (write(job->fd, &one, sizeof(one)) == -1)
				log_error("lookup: %s", strerror(errno));
		}
		lookup_drop(job);
	}
	return NULL;
}

/* Starts one more thread, which gets no signal; false when it cannot be. */
static bool
lookup_start(void)
{
	pthread_attr_t	 attr;
	pthread_t	 thread;
	sigset_t	 all, old;
	int		 error;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&thread, &attr, lookup_main, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return error == 0;
}

/* Puts a question to the threads; false when there is and can be none. */
static bool
lookup_ask(struct lookup *job)
{
	bool	 asked = true;

	pthread_mutex_lock(&lookup_mutex);
	if (lookup_threads < LOOKUP_THREADS) {
		lookup_threads++;
		if (!lookup_start())
			asked = --lookup_threads > 0;
	}
	if (asked)
		STAILQ_INSERT_TAIL(&lookup_queue, job, link);
	pthread_mutex_unlock(&lookup_mutex);
	return asked;
}

/* Finds the addresses. */
int
lookup_address(struct core *core, const struct address *addr,
    struct sockaddr_any *list, double timeout, enum wait_reason *reason)
{
	struct lookup	*job = NULL;
	int		 n = 0;

	*reason = WAIT_READY;
	if (core->worker->forked || lookup_is_known(addr) ||
	    (job = lookup_new(addr)) == NULL)
		return lookup_now(addr, list);
	if (!lookup_ask(job)) {
		lookup_drop(job);
		lookup_drop(job);
		return lookup_now(addr, list);
	}
	*reason = wait_fd(core, job->fd, WAIT_READ, timeout);
	if (*reason == WAIT_READY)
		n = lookup_take(job, list);
	lookup_drop(job);
	return n;
}
