/* Closes idle connections whose descriptors are needed. */
#include "worker/conn_shed.h"

#include "base/clock.h"
#include "worker/conn.h"
#include "worker/conn_io.h"
#include "worker/http2/http2.h"
#include "worker/worker.h"

/* A new connection may be silent for so long before it counts as idle. */
#define SHED_SILENT_US	1000000
/* Looked at for each that is to be closed. */
#define SHED_LOOK	4

/* Closes those of a state that have waited since before this time. */
static uint32_t
conns_shed_state(struct worker *w, enum conn_state state, uint32_t max,
    uint64_t before)
{
	struct conn	*c, *next;
	uint32_t	 looked, n = 0;

	c = TAILQ_FIRST(&w->conns[state].list);
	for (looked = 0; c != NULL && n < max && looked < max * SHED_LOOK;
	    looked++) {
		next = TAILQ_NEXT(c, link);
		if (c->since_us > before)
			break;
		if (c->in == NULL && !conn_has_input(c)) {
			conn_close(c);
			n++;
		}
		c = next;
	}
	return n;
}

/* Closes the oldest. */
uint32_t
conns_shed(struct worker *w, uint32_t max)
{
	uint64_t	 now = clock_coarse_us();
	uint32_t	 n;

	n = conns_shed_state(w, CONN_IDLE, max, now);
	if (n < max)
		n += conns_shed_state(w, CONN_HEAD, max - n,
		    now - SHED_SILENT_US);
	if (n < max)
		n += http2s_shed(w, max - n);
	return n;
}
