/*
 * Closes idle connections whose descriptors are needed: first those between
 * two requests, oldest first, then those on which nothing has come for a
 * second. None of which something has come, or has begun to.
 */
#ifndef WM_WORKER_CONN_SHED_H
#define WM_WORKER_CONN_SHED_H

#include <stdint.h>

struct worker;

/* Closes at most max; returns how many. */
uint32_t conns_shed(struct worker *w, uint32_t max);

#endif
