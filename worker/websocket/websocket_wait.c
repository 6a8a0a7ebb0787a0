/* A core waits for its websocket, and ends it. */
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/config.h"
#include "shm/scoreboard.h"
#include "worker/client_gone.h"
#include "worker/conn.h"
#include "worker/core.h"
#include "worker/loan.h"
#include "worker/transport.h"
#include "worker/websocket/websocket.h"
#include "worker/websocket/websocket_impl.h"
#include "worker/worker.h"

/* So many seconds, but no more than until something of it is due. */
static double
websocket_limit(const struct websocket *ws, double left)
{
	uint64_t	 due = websocket_due_next(ws), now;
	double		 limit;

	if (due == 0)
		return left;
	now = clock_coarse_us();
	limit = (due > now ? (double)(due - now) / 1e6 : 0) + 0.005;
	return left < 0 || limit < left ? limit : left;
}

/* Without a suspend engine: polls for the client, and who else may come. */
static enum wait_reason
websocket_poll(struct core *core, struct websocket *ws, double left)
{
	struct worker		*w = core->worker;
	const int		 posted = w->websockets.post.eventfd;
	struct wait_item	 items[3], *master, *letters;
	enum wait_reason	 reason;
	uint64_t		 count;
	size_t			 n = 0;

	if (ws->conn->transport != NULL && websocket_wants_input(ws) &&
	    ws->conn->transport->pending(ws->conn) > 0)
		return WAIT_READY;
	items[n] = (struct wait_item){ .fd = ws->conn->fd };
	if (websocket_wants_input(ws))
		items[n].events |= ws->conn->recv_writes ? WAIT_WRITE :
		    WAIT_READ;
	if (ws->out.bytes > 0)
		items[n].events |= WAIT_WRITE;
	n += items[n].events != 0;
	letters = &items[n];
	if (posted != -1)
		items[n++] = (struct wait_item){ .fd = posted,
		    .events = WAIT_READ };
	/* Not when the master is gone: its end could be read for ever. */
	master = &items[n];
	if (event_pending(&w->control_ev, EV_READ, NULL))
		items[n++] = (struct wait_item){ .fd = w->control,
		    .events = WAIT_READ };
	reason = wait_set_as(core, items, n, websocket_limit(ws, left),
	    SB_CORE_WEBSOCKET);
	if (master < &items[n] && master->ready != 0)
		worker_control_read(w);
	if (posted != -1 && letters->ready != 0 &&
	    read(posted, &count, sizeof(count)) != -1)
		websocket_post_read(w);
	return reason;
}

/* The same, until it is so. */
static enum wait_reason
websocket_wait_polled(struct core *core, struct websocket *ws,
    bool (*is_so)(struct core *), double timeout)
{
	const uint64_t		 start = clock_mono_us();
	enum wait_reason	 reason;
	double			 left;

	for (;;) {
		websocket_look(ws);
		if (is_so(core))
			return WAIT_READY;
		left = clock_left(timeout, start);
		if (left == 0)
			return WAIT_TIMEOUT;
		reason = websocket_poll(core, ws, left);
		if (reason != WAIT_READY && reason != WAIT_TIMEOUT &&
		    reason != WAIT_GONE)
			return reason;
	}
}

/* The core waits. */
enum wait_reason
websocket_wait(struct core *core, bool (*is_so)(struct core *), double timeout)
{
	struct websocket	*ws = core->req.conn->websocket;

	if (core->worker->forked) {
		errno = EBADF;
		return WAIT_ERROR;
	}
	if (ws->polled)
		return websocket_wait_polled(core, ws, is_so, timeout);
	return wait_until(core, is_so, timeout, SB_CORE_WEBSOCKET);
}

/* Is nothing left to be sent? */
static bool
websocket_is_flushed(struct core *core)
{
	return core->req.conn->websocket->out.bytes == 0;
}

/* Frees it; its connection goes on without. */
static void
websocket_free(struct websocket *ws)
{
	struct worker			*w = ws->worker;
	const int			 core = ws->core->id;
	struct websocket_message	*m;

	websocket_bell_done(ws);
	websocket_watch_end(ws);
	websocket_due_clear(&ws->heard);
	websocket_due_clear(&ws->stuck);
	websocket_in_done(&ws->in);
	websocket_out_done(&ws->out);
	while ((m = STAILQ_FIRST(&ws->inbox)) != NULL) {
		STAILQ_REMOVE_HEAD(&ws->inbox, link);
		free(m);
	}
	free(ws->rest);
	websocket_post_shut(ws);
	ws->conn->websocket = NULL;
	TAILQ_REMOVE(&w->websockets.all, ws, link);
	sb_set(&w->stats->websockets, --w->websockets.open);
	free(ws);
	/* What threads have posted since: for nobody. */
	if (w->websockets.post.seats[core].posted > 0)
		websocket_post_read(w);
}

/* The request is over: says goodbye, and waits until that is out. */
void
websocket_finish(struct request *req)
{
	struct worker		*w = req->worker;
	struct websocket	*ws = req->conn->websocket;
	bool			 flushed;
	int			 held;

	client_gone_hush(req->conn);
	if (!loan_take(w, &held))
		return;
	websocket_release(ws);
	websocket_close(ws, req->failed || req->core->harakiri.is_late ?
	    WEBSOCKET_INTERNAL : WEBSOCKET_NORMAL, "", 0);
	flushed = websocket_is_flushed(req->core);
	loan_give(w, held);
	if (!flushed)
		(void)websocket_wait(req->core, websocket_is_flushed,
		    w->cfg->write_timeout);
	if (!loan_take(w, &held))
		return;
	req->resp.wire = ws->sent;
	req->resp.sent = (int64_t)ws->sent - (int64_t)req->resp.head_size;
	if (req->resp.sent < 0)
		req->resp.sent = 0;
	if (ws->broken || ws->out.bytes > 0)
		req->conn->linger = false;
	websocket_free(ws);
	loan_give(w, held);
}
