/* What happens on a new connection before its first request. */
#include "worker/conn_open.h"

#include <stddef.h>

#include "base/log.h"
#include "build_config.h"
#include "config/config.h"
#include "worker/conn.h"
#include "worker/conn_input.h"
#include "worker/conn_peer.h"
#include "worker/proxy/conn_open_proxy.h"
#ifdef WM_HAVE_TLS
#include "worker/tls/tls_open.h"
#endif
#include "worker/worker.h"

/* In this order; ends with NULL. */
static const struct conn_opener *const conn_openers[] = {
	&conn_open_proxy,
#ifdef WM_HAVE_TLS
	&conn_open_tls,
#endif
	NULL
};

/* Does any step want this connection? */
bool
conn_open_needed(const struct conn *c)
{
	const struct conn_opener *const	*o;

	for (o = conn_openers; *o != NULL; o++) {
		if ((*o)->wanted(c))
			return true;
	}
	return false;
}

/* Goes on with the step that waits. */
void
conn_open_go_on(struct conn *c)
{
	const struct conn_opener	*o;

	for (; (o = conn_openers[c->opened]) != NULL; c->opened++) {
		if (!o->wanted(c))
			continue;
		switch (o->step(c)) {
		case CONN_OPEN_DONE:
			break;
		case CONN_OPEN_READ:
			conn_watch_for(c, CONN_WATCH_READ);
			return;
		case CONN_OPEN_WRITE:
			conn_watch_for(c, CONN_WATCH_WRITE);
			return;
		case CONN_OPEN_TAKEN:
			return;
		case CONN_OPEN_FAILED:
			conn_close(c);
			return;
		}
	}
	conn_set_state(c, CONN_HEAD);
	conn_input_read(c);
}

/* The step that waits has not come to its end in time. */
void
conn_open_expire(struct conn *c)
{
	char	 port[CONN_PORT_TEXT];

	if (!c->worker->cfg->disable_logging && !c->worker->draining)
		log_info("%s port %s: no request is taken: %s took too long",
		    c->addr_len == 0 ? "a client" : c->addr,
		    conn_port_text(port, c->port) == 0 ? "-" : port,
		    conn_openers[c->opened]->name);
	conn_close(c);
}
