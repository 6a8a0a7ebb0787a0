/*
 * Is a connection kept when the request in its buffer is answered? For whoever
 * makes an answer: a response, or one without a core.
 */
#ifndef WM_WORKER_CONN_KEEP_H
#define WM_WORKER_CONN_KEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "config/config.h"
#include "worker/conn.h"
#include "worker/conn_buf.h"
#include "worker/conn_io.h"
#include "worker/protocol.h"
#include "worker/worker.h"

/* May it be, by what its client asked for, the protocol and the options? */
static inline bool
conn_may_keep(const struct conn *c)
{
	const struct config	*cfg = c->worker->cfg;

	return !c->close && c->in->head.keep_alive &&
	    !protocol_ends_with_conn(c->protocol) &&
	    cfg->keepalive_timeout != 0 && (cfg->keepalive_requests == 0 ||
	    c->requests + 1 < (uint32_t)cfg->keepalive_requests);
}

/*
 * Has its client, which pipelines, sent the next request already? A worker that
 * leaves answers that, too, but not for ever.
 */
static inline bool
conn_has_next(const struct conn *c)
{
	const struct worker	*w = c->worker;
	uint64_t		 half = (uint64_t)(5e5 *
				    w->cfg->worker_reload_mercy);

	if (w->draining && clock_coarse_us() - w->drain_us > half)
		return false;
	return c->in->pos < c->in->len || conn_has_input(c);
}

#endif
