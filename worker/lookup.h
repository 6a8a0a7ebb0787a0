/* Asks the name service without holding up the worker. */
#ifndef WM_WORKER_LOOKUP_H
#define WM_WORKER_LOOKUP_H

#include <stddef.h>

#include "base/address.h"
#include "worker/wait.h"

struct core;

/* So many addresses of a name are wanted. */
#define LOOKUP_ADDRESSES	8

/*
 * address_resolve on a core's stack, which is parked meanwhile: getaddrinfo(3)
 * blocks, so a few helper threads, made when they are needed, ask it. Numbers
 * and paths need none. Gives how many addresses there are (list has room for
 * LOOKUP_ADDRESSES), 0 when there is none. *reason is WAIT_READY, or what
 * ended the wait before there was an answer: after timeout seconds (below 0:
 * never) WAIT_TIMEOUT.
 */
int	 lookup_address(struct core *core, const struct address *addr,
	    struct sockaddr_any *list, double timeout,
	    enum wait_reason *reason);

#endif
