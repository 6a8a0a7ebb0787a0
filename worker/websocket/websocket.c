/* Websockets: states, what comes, what goes, and their end. */
#include "worker/websocket/websocket.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wslay/wslay.h>

#include "base/log.h"
#include "config/config.h"
#include "shm/scoreboard.h"
#include "worker/conn.h"
#include "worker/core.h"
#include "worker/request.h"
#include "worker/watch.h"
#include "worker/websocket/websocket_deflate.h"
#include "worker/websocket/websocket_impl.h"
#include "worker/worker.h"

/* So many bytes of pongs go out together. */
#define WEBSOCKET_PONGS	16384

static const char *const websocket_state_names[] = {
	[WEBSOCKET_OPEN] = "open",
	[WEBSOCKET_CLOSING] = "closing",
	[WEBSOCKET_OVER] = "over",
};

/* The only function that changes the state. */
static void
websocket_set_state(struct websocket *ws, enum websocket_state state)
{
	if (ws->state >= state)
		fatalx("a websocket that is %s cannot become %s",
		    websocket_state_names[ws->state],
		    websocket_state_names[state]);
	if (log_enabled(LOG_LEVEL_DEBUG))
		log_debug("websocket of core %d: %s -> %s (%d)", ws->core->id,
		    websocket_state_names[ws->state],
		    websocket_state_names[state], ws->code);
	ws->state = state;
	if (state == WEBSOCKET_OVER)
		websocket_due_clear(&ws->heard);
	else
		websocket_due_set(&ws->heard, WEBSOCKET_LEAVING);
}

/* Notes why it ends; a reason that is too long is cut between characters. */
static void
websocket_set_reason(struct websocket *ws, int code, const char *reason,
    size_t len)
{
	if (len > WEBSOCKET_REASON) {
		len = WEBSOCKET_REASON;
		while (len > 0 && ((unsigned char)reason[len] & 0xc0) == 0x80)
			len--;
	}
	ws->code = code;
	ws->reason_len = (unsigned char)len;
	memcpy(ws->reason, reason, len);
}

/* May more be read? */
bool
websocket_wants_input(const struct websocket *ws)
{
	return ws->state != WEBSOCKET_OVER && ws->held == WEBSOCKET_IN_MORE &&
	    ws->inbox_messages < WEBSOCKET_INBOX_MESSAGES &&
	    ws->inbox_bytes < WEBSOCKET_INBOX_BYTES &&
	    ws->out.bytes <= ws->worker->cfg->websockets_send_queue;
}

/* Is there something to be received, or will there never be? */
bool
websocket_has(const struct websocket *ws)
{
	return !STAILQ_EMPTY(&ws->inbox) || ws->state == WEBSOCKET_OVER ||
	    ws->held != WEBSOCKET_IN_MORE;
}

/* For websocket_wait. */
bool
websocket_is_readable(struct core *core)
{
	return websocket_has(core->req.conn->websocket);
}

/* The same: may more be sent? */
bool
websocket_has_room(struct core *core)
{
	const struct websocket	*ws = core->req.conn->websocket;

	return ws->state != WEBSOCKET_OPEN ||
	    ws->out.bytes <= ws->worker->cfg->websockets_send_queue;
}

/* Whoever waits is told. */
void
websocket_tell(struct websocket *ws)
{
	struct core	*core = ws->core;

	websocket_ring(ws);
	if (core->until != NULL && core->until(core))
		core_wake(core, WAIT_READY);
	if (ws->worker->websockets.post.seats[core->id].posted > 0 &&
	    websocket_has_room(core))
		websocket_post_read(ws->worker);
}

/* Does the core wait for the websocket itself? */
static bool
websocket_is_awaited(const struct websocket *ws)
{
	return ws->core->until == websocket_is_readable ||
	    ws->core->until == websocket_has_room;
}

/* It is over: tells the request, whatever it waits for, if it wants to know. */
static void
websocket_end(struct websocket *ws)
{
	struct conn	*c = ws->conn;

	websocket_set_state(ws, WEBSOCKET_OVER);
	websocket_post_shut(ws);
	if (ws->worker->cfg->client_gone == CLIENT_GONE_IGNORE ||
	    c->gone_deaf)
		return;
	c->gone = true;
	if (!websocket_is_awaited(ws) && !c->gone_told)
		core_wake(ws->core, WAIT_GONE);
}

/* Nothing more will come or go. */
void
websocket_lost(struct websocket *ws, const char *why)
{
	ws->broken = true;
	websocket_out_done(&ws->out);
	websocket_due_clear(&ws->stuck);
	if (ws->state == WEBSOCKET_OVER)
		return;
	if (ws->state == WEBSOCKET_OPEN)
		websocket_set_reason(ws, WEBSOCKET_ABNORMAL, why, strlen(why));
	websocket_end(ws);
}

/* Puts a frame into the queue, or sends it at once. */
static void
websocket_put(struct websocket *ws, int opcode, bool rsv1, const void *data,
    size_t len)
{
	unsigned char	 head[WEBSOCKET_HEAD];
	struct iovec	 parts[2] = {
		{ head, websocket_out_head(head, opcode, rsv1, len) },
		{ (void *)data, len } };

	if (ws->broken)
		return;
	websocket_out_add(&ws->out, parts, 2, 0);
	websocket_flush(ws);
}

/* Answers a ping; whoever reads sends what there is when nothing is left. */
static void
websocket_pong(struct websocket *ws)
{
	unsigned char	 head[WEBSOCKET_HEAD];
	struct iovec	 parts[2] = {
		{ head, websocket_out_head(head, WSLAY_PONG, false,
		    ws->in.control_len) },
		{ ws->in.control, ws->in.control_len } };

	if (ws->broken)
		return;
	websocket_out_add(&ws->out, parts, 2, 0);
	if (ws->out.bytes > WEBSOCKET_PONGS ||
	    ws->out.bytes > ws->worker->cfg->websockets_send_queue)
		websocket_flush(ws);
}

/* Sends a close frame; code 0: without one. */
static void
websocket_put_close(struct websocket *ws, int code, const char *reason,
    size_t len)
{
	unsigned char	 payload[WEBSOCKET_CONTROL];

	if (code == 0) {
		websocket_put(ws, WSLAY_CONNECTION_CLOSE, false, "", 0);
		return;
	}
	payload[0] = (unsigned char)(code >> 8);
	payload[1] = (unsigned char)code;
	memcpy(payload + 2, reason, len);
	websocket_put(ws, WSLAY_CONNECTION_CLOSE, false, payload, len + 2);
}

/* Says goodbye. */
void
websocket_close(struct websocket *ws, int code, const char *reason, size_t len)
{
	websocket_post_first(ws, true);
	if (ws->state != WEBSOCKET_OPEN)
		return;
	websocket_set_reason(ws, code, reason, len);
	websocket_set_state(ws, WEBSOCKET_CLOSING);
	websocket_put_close(ws, code, ws->reason, ws->reason_len);
	websocket_tell(ws);
}

/* The client says goodbye: it is answered with the same code. */
static void
websocket_closed(struct websocket *ws)
{
	const struct websocket_in	*in = &ws->in;

	if (ws->state == WEBSOCKET_OPEN) {
		websocket_set_reason(ws, in->code == 0 ? WEBSOCKET_NO_STATUS :
		    in->code, (const char *)in->control, in->control_len);
		websocket_end(ws);
		websocket_put_close(ws, in->code, "", 0);
	} else if (ws->state == WEBSOCKET_CLOSING)
		websocket_end(ws);
}

/* The client does what it may not. */
static void
websocket_offended(struct websocket *ws)
{
	request_log(&ws->core->req, LOG_LEVEL_INFO, "websocket: %s (%d)",
	    ws->in.why, ws->in.code);
	ws->deaf = true;
	if (ws->state == WEBSOCKET_OPEN) {
		websocket_set_reason(ws, ws->in.code, ws->in.why,
		    strlen(ws->in.why));
		/* What comes now has no beginning that one could find. */
		websocket_end(ws);
		websocket_put_close(ws, ws->code, ws->reason, ws->reason_len);
	} else if (ws->state == WEBSOCKET_CLOSING)
		websocket_end(ws);
}

/* A message has come. */
static void
websocket_message(struct websocket *ws)
{
	struct websocket_message	*m = websocket_in_take(&ws->in);

	sb_add(&ws->worker->stats->websocket_received, 1);
	if (ws->deaf) {
		free(m);
		return;
	}
	STAILQ_INSERT_TAIL(&ws->inbox, m, link);
	ws->inbox_messages++;
	ws->inbox_bytes += m->len;
}

/* The end that has come: now, or when the app has answered what came before. */
static void
websocket_hold(struct websocket *ws, enum websocket_in_event event)
{
	ws->held = event;
	if (!ws->handling && STAILQ_EMPTY(&ws->inbox))
		websocket_release(ws);
	else if (ws->state == WEBSOCKET_OPEN)
		websocket_due_set(&ws->heard, WEBSOCKET_LEAVING);
}

/* What was held, if anything was, has its turn. */
void
websocket_release(struct websocket *ws)
{
	enum websocket_in_event	 event = ws->held;

	ws->held = WEBSOCKET_IN_MORE;
	if (event == WEBSOCKET_IN_CLOSE)
		websocket_closed(ws);
	else if (event == WEBSOCKET_IN_BAD)
		websocket_offended(ws);
}

/* Something has come. */
void
websocket_event(struct websocket *ws, enum websocket_in_event event)
{
	switch (event) {
	case WEBSOCKET_IN_MESSAGE:
		websocket_message(ws);
		break;
	case WEBSOCKET_IN_PING:
		if (ws->state == WEBSOCKET_OPEN)
			websocket_pong(ws);
		break;
	case WEBSOCKET_IN_CLOSE:
	case WEBSOCKET_IN_BAD:
		websocket_hold(ws, event);
		break;
	case WEBSOCKET_IN_PONG:		/* anything that comes is a pong */
	case WEBSOCKET_IN_MORE:
		break;
	}
}

/* The next message. */
struct websocket_message *
websocket_take(struct websocket *ws)
{
	struct websocket_message	*m = STAILQ_FIRST(&ws->inbox);
	const bool			 was_full = !websocket_wants_input(ws);

	ws->handling = m != NULL;
	if (m == NULL) {
		websocket_release(ws);
		return NULL;
	}
	STAILQ_REMOVE_HEAD(&ws->inbox, link);
	ws->inbox_messages--;
	ws->inbox_bytes -= m->len;
	if (was_full && websocket_wants_input(ws))
		websocket_go_on(ws);
	else
		websocket_ring(ws);
	return m;
}

/* Is it worth being compressed, and was it? */
static bool
websocket_shorten(struct websocket *ws, const void *data, size_t len,
    struct strbuf *out)
{
	return ws->deflate_bits != 0 &&
	    len >= ws->worker->cfg->websockets_deflate_min &&
	    websocket_deflate(data, len, ws->deflate_bits, out) &&
	    out->len < len;
}

/* Sends a message. */
enum websocket_sent
websocket_send(struct websocket *ws, bool text, const void *data, size_t len)
{
	const int	 opcode = text ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME;
	struct strbuf	 shorter = STRBUF_INIT;

	websocket_post_first(ws, false);
	if (ws->state != WEBSOCKET_OPEN)
		return WEBSOCKET_CLOSED;
	if (ws->out.bytes > ws->worker->cfg->websockets_send_queue &&
	    ws->worker->websockets.post.last != ws)
		return WEBSOCKET_FULL;
	if (websocket_shorten(ws, data, len, &shorter))
		websocket_put(ws, opcode, true, shorter.buf, shorter.len);
	else
		websocket_put(ws, opcode, false, data, len);
	strbuf_done(&shorter);
	sb_add(&ws->worker->stats->websocket_sent, 1);
	if (ws->broken) {
		websocket_tell(ws);
		return WEBSOCKET_CLOSED;
	}
	return WEBSOCKET_SENT;
}

/* The bytes that the client's system has, as far as ours knows. */
static uint64_t
websocket_taken(const struct websocket *ws)
{
	int	 queued = 0;

	if (ioctl(ws->conn->fd, SIOCOUTQ, &queued) == -1 || queued < 0 ||
	    (uint64_t)queued > ws->sent)
		queued = 0;
	return ws->sent - (uint64_t)queued;
}

/* Asks the client whether it is there, behind what it has to take before. */
static void
websocket_ask(struct websocket *ws)
{
	ws->asked_at = ws->sent + ws->out.bytes;
	ws->taken = websocket_taken(ws);
	websocket_due_set(&ws->heard, WEBSOCKET_PINGED);
	websocket_put(ws, WSLAY_PING, false, "", 0);
}

/* No pong has come: can there be one, or is the ping still on its way? */
static void
websocket_unheard(struct websocket *ws)
{
	const uint64_t	 taken = websocket_taken(ws);

	if (websocket_wants_input(ws) &&
	    (ws->taken >= ws->asked_at || taken <= ws->taken)) {
		websocket_lost(ws, "no pong has come");
		return;
	}
	ws->taken = taken;
	websocket_due_set(&ws->heard, WEBSOCKET_PINGED);
}

/* Its time is over. */
void
websocket_expire(struct websocket *ws, enum websocket_clock clock)
{
	switch (clock) {
	case WEBSOCKET_IDLE:
		/* Who is not read cannot be heard. */
		if (!websocket_wants_input(ws)) {
			websocket_due_set(&ws->heard, WEBSOCKET_IDLE);
			return;
		}
		websocket_ask(ws);
		break;
	case WEBSOCKET_PINGED:
		websocket_unheard(ws);
		break;
	case WEBSOCKET_LEAVING:
		if (ws->held != WEBSOCKET_IN_MORE)
			websocket_release(ws);
		else
			websocket_end(ws);
		break;
	default:
		websocket_lost(ws, "the client takes nothing");
	}
	websocket_go_on(ws);
}

/* Says goodbye to all. */
void
websockets_drain(struct worker *w, enum drain drain)
{
	struct websocket	*ws;

	w->websockets.leaving = drain == DRAIN_OTHERS ? WEBSOCKET_RESTART :
	    WEBSOCKET_GOING_AWAY;
	TAILQ_FOREACH(ws, &w->websockets.all, link)
		websocket_close(ws, w->websockets.leaving, "", 0);
}

/* None yet. */
void
websockets_init(struct worker *w)
{
	TAILQ_INIT(&w->websockets.all);
	w->websockets.leaving = WEBSOCKET_GOING_AWAY;
	websocket_clocks_init(w);
	websocket_post_init(w);
}

/* None any more. */
void
websockets_done(struct worker *w)
{
	websocket_clocks_done(w);
	websocket_post_done(w);
	free(w->websockets.buf);
	w->websockets.buf = NULL;
	websocket_deflate_done();
}
