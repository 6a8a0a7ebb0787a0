/* Asks the name service without holding up the worker. */
#include "worker/lookup.h"

#include <netdb.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/xmalloc.h"
#include "worker/core.h"
#include "worker/offload.h"
#include "worker/worker.h"

#define LOOKUP_THREADS	4

/* One question. */
struct lookup {
	struct offload		 work;
	struct address		 addr;
	struct sockaddr_any	 list[LOOKUP_ADDRESSES];
	int			 n;
};

static struct offload_pool	 lookup_pool =
    OFFLOAD_POOL(lookup_pool, LOOKUP_THREADS);

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

/* On a helper thread: asks. */
static void
lookup_run(struct offload *work)
{
	struct lookup	*job = (struct lookup *)work;

	job->n = lookup_now(&job->addr, job->list);
}

/* Nobody needs it any more. */
static void
lookup_free(struct offload *work)
{
	struct lookup	*job = (struct lookup *)work;

	address_done(&job->addr);
	free(job);
}

/* A question. */
static struct lookup *
lookup_new(const struct address *addr)
{
	struct lookup	*job = xcalloc(1, sizeof(*job));

	job->work.run = lookup_run;
	job->work.free = lookup_free;
	job->addr.host = xstrdup(addr->host);
	job->addr.port = xstrdup(addr->port);
	return job;
}

/* Finds the addresses. */
int
lookup_address(struct core *core, const struct address *addr,
    struct sockaddr_any *list, double timeout, enum wait_reason *reason)
{
	struct lookup	*job;
	int		 n = 0;

	*reason = WAIT_READY;
	if (core->worker->forked || lookup_is_known(addr))
		return lookup_now(addr, list);
	job = lookup_new(addr);
	*reason = offload_run(&lookup_pool, core, &job->work, timeout);
	if (*reason == WAIT_READY) {
		n = job->n;
		memcpy(list, job->list, (size_t)n * sizeof(*list));
	}
	offload_drop(&job->work);
	return n;
}
