/* A core waits for its websocket, and ends it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "shm/scoreboard.h"
#include "worker/client_gone.h"
#include "worker/conn.h"
#include "worker/core.h"
#include "worker/loan.h"
#include "worker/transport.h"
#include "worker/watch.h"
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

/* Without a suspend engine: polls for the client, and for the master. */
static enum wait_reason
websocket_poll(struct core *core, struct websocket *ws, double left)
{
	struct worker		*w = core->worker;
	struct wait_item	 items[3] = {
		{ .fd = ws->conn->fd },
		{ .fd = w->control, .events = WAIT_READ },
		{ .fd = w->websockets.post.eventfd, .events = WAIT_READ } };
	enum wait_reason	 reason;
	uint64_t		 count;

	if (websocket_wants_input(ws))
		items[0].events |= ws->conn->recv_writes ? WAIT_WRITE :
		    WAIT_READ;
	if (ws->out.bytes > 0)
		items[0].events |= WAIT_WRITE;
	if (items[0].events == 0)
		items[0] = items[1];
	if (ws->conn->transport != NULL && websocket_wants_input(ws) &&
	    ws->conn->transport->pending(ws->conn) > 0)
		return WAIT_READY;
	reason = wait_set_as(core, items, items[2].fd == -1 ? 2 : 3,
	    websocket_limit(ws, left), SB_CORE_WEBSOCKET);
	if (items[1].ready != 0)
		worker_control_read(w);
	if (items[2].ready != 0 &&
	    read(items[2].fd, &count, sizeof(count)) != -1)
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
	struct websocket_message	*m;
	const uint64_t			 one = 1;

	/* Threads may wait for it: nobody will ring it after this. */
	if (ws->bell != -1 && !ws->rung &&
	    write(ws->bell, &one, sizeof(one)) == -1)
	const int			 core = ws->core->id;
		log_error("eventfd: %s", strerror(errno));
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
	if (ws->ear != -1) {
		watch_forget(w, ws->ear);
		close(ws->ear);
	}
	if (ws->bell != -1) {
		watch_forget(w, ws->bell);
	/* What threads have posted since: for nobody. */
	if (w->websockets.post.seats[core].posted > 0)
		websocket_post_read(w);
		close(ws->bell);
	}
	ws->conn->websocket = NULL;
	TAILQ_REMOVE(&w->websockets.all, ws, link);
	sb_set(&w->stats->websockets, --w->websockets.open);
	free(ws);
}

	bool			 flushed;
/* The request is over: says goodbye, and waits until that is out. */
void
websocket_finish(struct request *req)
{
	struct worker		*w = req->worker;
	struct websocket	*ws = req->conn->websocket;
	int			 held;

	flushed = websocket_is_flushed(req->core);
	client_gone_hush(req->conn);
	if (!loan_take(w, &held))
		return;
	websocket_release(ws);
	websocket_close(ws, req->failed || req->core->harakiri.is_late ?
	    WEBSOCKET_INTERNAL : WEBSOCKET_NORMAL, "", 0);
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
