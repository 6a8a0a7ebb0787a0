/* A script at work: the body goes in while its output comes out. */
#include "plugins/cgi/cgi_pump.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "plugins/cgi/cgi_answer.h"
#include "worker/conn.h"
#include "worker/core.h"
#include "worker/request.h"
#include "worker/response.h"
#include "worker/worker.h"

#define CGI_PUMP_BODY	65536	/* of the client's, at once */
#define CGI_PUMP_TURNS	16	/* writes before others have their turn */
#define CGI_PUMP_ENDS	0.1	/* seconds: see cgi_pump_wait_end */

/* What is waited for. */
enum cgi_pump_item {
	CGI_ITEM_END,
	CGI_ITEM_OUT,
	CGI_ITEM_ERR,
	CGI_ITEM_IN,
	CGI_ITEM_CLIENT,
	CGI_ITEMS
};

/* Makes one. */
struct cgi_pump *
cgi_pump_new(struct request *req, const struct cgi_child *child)
{
	struct cgi_pump	*pump = xcalloc(1, sizeof(*pump));

	pump->req = req;
	pump->child = *child;
	pump->status = -1;
	pump->piece_size = req->worker->cfg->cgi_buffer_size;
	pump->piece = xmalloc(pump->piece_size);
	if (child->in != -1)
		pump->body = xmalloc(CGI_PUMP_BODY);
	return pump;
}

/* Frees it. */
void
cgi_pump_free(struct cgi_pump *pump)
{
	strbuf_done(&pump->out);
	free(pump->piece);
	free(pump->body);
	free(pump);
}

/* Something has moved. */
static void
cgi_pump_moves(struct cgi_pump *pump)
{
	pump->moved_us = clock_mono_us();
}

/* Writes what is there of the body. False: the pipe is full, or closed. */
static bool
cgi_pump_write(struct cgi_pump *pump)
{
	ssize_t	 n;

	n = write(pump->child.in, pump->body + pump->body_at,
	    pump->body_len - pump->body_at);
	if (n == -1 && errno == EINTR)
		return true;
	if (n == -1) {
		if (errno != EAGAIN)	/* it wants no more of it */
			fd_close(&pump->child.in);
		return false;
	}
	cgi_pump_moves(pump);
	pump->body_at += (size_t)n;
	return true;
}

/* Reads what has come of the body. False: nothing has. */
static bool
cgi_pump_fill(struct cgi_pump *pump)
{
	ssize_t	 n;

	n = body_read_now(pump->req, pump->body, CGI_PUMP_BODY);
	if (n == -1)
		pump->end = CGI_END_BODY;
	else if (n == 0 && body_left(pump->req) == 0)
		fd_close(&pump->child.in);
	if (n <= 0)
		return false;
	cgi_pump_moves(pump);
	pump->body_len = (size_t)n;
	pump->body_at = 0;
	return true;
}

/* Moves the body on, as far as it goes without waiting. */
static void
cgi_pump_in(struct cgi_pump *pump)
{
	bool	 goes = true;
	int	 turns;

	for (turns = 0; goes && pump->child.in != -1 &&
	    turns < CGI_PUMP_TURNS; turns++)
		goes = pump->body_at < pump->body_len ?
		    cgi_pump_write(pump) : cgi_pump_fill(pump);
}

/* The head is one: begins the response, with what follows it. */
static void
cgi_pump_begin(struct cgi_pump *pump)
{
	size_t	 size = pump->head.size;

	pump->why = cgi_answer_begin(pump->req, pump->out.buf, &pump->head);
	if (pump->why != NULL) {
		pump->end = CGI_END_BAD;
		return;
	}
	pump->has_head = true;
	if (pump->out.len > size && response_stream(pump->req,
	    pump->out.buf + size, pump->out.len - size) == -1)
		pump->end = CGI_END_BROKEN;
}

/* More of the head. */
static void
cgi_pump_head(struct cgi_pump *pump, size_t len)
{
	enum cgi_output_verdict	 verdict;
	size_t			 size;

	strbuf_add(&pump->out, pump->piece, len);
	verdict = cgi_output_parse(pump->out.buf, pump->out.len, &pump->head);
	size = verdict == CGI_OUTPUT_DONE ? pump->head.size : pump->out.len;
	if (verdict == CGI_OUTPUT_BAD)
		pump->why = pump->head.why;
	else if (size > pump->piece_size)
		pump->why = "it is longer than cgi-buffer-size";
	if (pump->why != NULL)
		pump->end = CGI_END_BAD;
	else if (verdict == CGI_OUTPUT_DONE)
		cgi_pump_begin(pump);
}

/* Reads of the script and passes it on; may wait for the client. */
static void
cgi_pump_out(struct cgi_pump *pump)
{
	ssize_t	 n;

	n = read(pump->child.out, pump->piece, pump->piece_size);
	if (n == -1 && errno == EINTR)
		return;
	if (n == -1 && errno == EAGAIN) {
		if (pump->has_ended)	/* who has it open is none of ours */
			pump->end = CGI_END_DONE;
		return;
	}
	if (n <= 0) {
		fd_close(&pump->child.out);
		pump->end = CGI_END_DONE;
		return;
	}
	if (!pump->has_head)
		cgi_pump_head(pump, (size_t)n);
	else if (response_stream(pump->req, pump->piece, (size_t)n) == -1)
		pump->end = CGI_END_BROKEN;
	cgi_pump_moves(pump);
}

/* What shall be waited for; how many items. */
static size_t
cgi_pump_items(const struct cgi_pump *pump, struct wait_item *items,
    enum cgi_pump_item *which)
{
	const struct cgi_child	*child = &pump->child;
	bool			 full = pump->body_at < pump->body_len;
	const struct {
		int	 fd;
		short	 events;
	} all[CGI_ITEMS] = {
		[CGI_ITEM_END] = { child->pidfd, WAIT_READ },
		[CGI_ITEM_OUT] = { child->out, WAIT_READ },
		[CGI_ITEM_ERR] = { child->err, WAIT_READ },
		[CGI_ITEM_IN] = { full ? child->in : -1, WAIT_WRITE },
		[CGI_ITEM_CLIENT] = { full || child->in == -1 ? -1 :
		    pump->req->conn->fd, WAIT_READ },
	};
	size_t			 n = 0;
	int			 i;

	for (i = 0; i < CGI_ITEMS; i++) {
		if (all[i].fd == -1)
			continue;
		which[n] = (enum cgi_pump_item)i;
		items[n++] = (struct wait_item){ .fd = all[i].fd,
		    .events = all[i].events };
	}
	return n;
}

/* How a wait that nothing was ready in ends the work. */
static enum cgi_end
cgi_pump_wait_failed(const struct cgi_pump *pump, enum wait_reason reason)
{
	static const enum cgi_end	 ends[] = {
		[WAIT_TIMEOUT] = CGI_END_TIMEOUT,
		[WAIT_CANCELLED] = CGI_END_CANCELLED,
		[WAIT_GONE] = CGI_END_GONE,
		[WAIT_HARAKIRI] = CGI_END_HARAKIRI,
		[WAIT_ERROR] = CGI_END_CANCELLED,
	};

	/* What waited was not this, but what is held of the response. */
	if (pump->req->resp.state == RESPONSE_BROKEN)
		return CGI_END_BROKEN;
	return ends[reason];
}

/* It has ended: what is left of its group is killed, its output is read. */
static void
cgi_pump_ended(struct cgi_pump *pump)
{
	pump->has_ended = cgi_spawn_reap(&pump->child, &pump->status);
}

/* Waits, and moves what can be moved. */
static void
cgi_pump_turn(struct cgi_pump *pump, double limit)
{
	struct wait_item	 items[CGI_ITEMS];
	enum cgi_pump_item	 which[CGI_ITEMS];
	enum wait_reason	 reason;
	size_t			 i, n;

	n = cgi_pump_items(pump, items, which);
	reason = wait_set(pump->req->core, items, n, limit);
	if (reason != WAIT_READY) {
		pump->end = cgi_pump_wait_failed(pump, reason);
		return;
	}
	for (i = 0; i < n; i++) {
		if (items[i].ready == 0)
			continue;
		if (which[i] == CGI_ITEM_END)
			cgi_pump_ended(pump);
		else if (which[i] == CGI_ITEM_ERR)
			cgi_stderr_read(&pump->err, pump->req,
			    &pump->child.err);
	}
	for (i = 0; i < n; i++) {
		if (which[i] == CGI_ITEM_OUT &&
		    (items[i].ready != 0 || pump->has_ended))
			cgi_pump_out(pump);
	}
}

/* How long nothing need move from now on. */
static double
cgi_pump_limit(const struct cgi_pump *pump)
{
	double	 idle = (double)(clock_mono_us() - pump->moved_us) / 1e6;
	double	 left = pump->req->worker->cfg->cgi_timeout - idle;

	return left < 0 ? 0 : left;
}

/* Until the script's work is over. */
void
cgi_pump_run(struct cgi_pump *pump)
{
	cgi_pump_moves(pump);
	while (pump->end == CGI_END_NOT) {
		cgi_pump_in(pump);
		if (pump->end != CGI_END_NOT)
			break;
		/* A thread that was told while it did not wait. */
		if (pump->req->core->harakiri.told > 0)
			pump->end = CGI_END_HARAKIRI;
		else if (pump->has_ended)
			cgi_pump_out(pump);
		else
			cgi_pump_turn(pump, cgi_pump_limit(pump));
	}
	fd_close(&pump->child.in);
}

/*
 * Most scripts end at the same time as their output: then how they end is
 * known before the response ends, and nothing is left to be watched.
 */
void
cgi_pump_wait_end(struct cgi_pump *pump)
{
	struct wait_item	 item = { .events = WAIT_READ };
	enum wait_reason	 reason = WAIT_READY;

	if (!pump->has_ended) {
		item.fd = pump->child.pidfd;
		reason = wait_set(pump->req->core, &item, 1, CGI_PUMP_ENDS);
		if (reason == WAIT_READY)
			cgi_pump_ended(pump);
	}
	cgi_stderr_read(&pump->err, pump->req, &pump->child.err);
}
