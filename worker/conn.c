/* A client's connection: its states, from accept to close. */
#include "worker/conn.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "shm/listener.h"
#include "shm/scoreboard.h"
#include "worker/access_log.h"
#include "worker/answer.h"
#include "worker/client_gone.h"
#include "worker/conn_buf.h"
#include "worker/conn_collect.h"
#include "worker/conn_input.h"
#include "worker/conn_io.h"
#include "worker/conn_open.h"
#include "worker/conn_peer.h"
#include "worker/conn_timeout.h"
#include "worker/http2/http2.h"
#include "worker/protocol.h"
#include "worker/proxy/proxies.h"
#include "worker/response.h"
#include "worker/tls/tls_vars.h"
#include "worker/watch.h"
#include "worker/websocket/websocket.h"
#include "worker/worker.h"

/*
 * So many connections' memory is kept when they are closed; none when the
 * sanitizer is to tell who uses it afterwards.
 */
#ifdef __SANITIZE_ADDRESS__
#define CONN_KEEP	0u
#else
#define CONN_KEEP	256u
#endif

static const char *const conn_state_names[] = {
	[CONN_OPENING] = "opening",
	[CONN_HEAD] = "head",
	[CONN_IDLE] = "idle",
	[CONN_BODY] = "body",
	[CONN_READY] = "ready",
	[CONN_QUEUED] = "queued",
	[CONN_RUNNING] = "running",
	[CONN_SENDING] = "sending",
	[CONN_SHARED] = "shared",
	[CONN_LINGER] = "linger",
	[CONN_CLOSED] = "closed",
};

/* Tells how many wait for a core, and since when the first of them does. */
static void
conn_note_queue(struct worker *w)
{
	const struct conn	*first;

	first = TAILQ_FIRST(&w->conns[CONN_QUEUED].list);
	sb_set(&w->stats->queued, (uint32_t)w->queued);
	sb_set(&w->stats->queue_since_us, first == NULL ? 0 :
	    first->since_us);
}

/* Leaves the old state's list and count, enters the new one's. */
void
conn_set_state(struct conn *c, enum conn_state state)
{
	struct worker	*w = c->worker;
	bool		 queue = c->state == CONN_QUEUED;

	if (c->state == CONN_CLOSED)
		fatalx("a closed connection cannot become %s",
		    conn_state_names[state]);
	if (log_enabled(LOG_LEVEL_DEBUG))
		log_debug("connection %d: %s -> %s", c->fd,
		    conn_state_names[c->state], conn_state_names[state]);
	conn_timeout_leave(c);
	if (c->state == CONN_READY)
		w->nready--;
	else if (queue)
		w->queued--;
	c->state = state;
	if (c->state == CONN_READY)
		w->nready++;
	else if (c->state == CONN_QUEUED)
		w->queued++;
	conn_timeout_enter(c);
	if (queue || c->state == CONN_QUEUED)
		conn_note_queue(w);
}

/* The socket is ready for what is watched, or the client has left. */
static void
conn_ready_cb(evutil_socket_t fd, short events, void *arg)
{
	struct conn	*c = arg;
	struct worker	*w = c->worker;

	(void)fd, (void)events;
	conn_input_read(c);
	cores_gather(w);
}

/* Watches for this; the event was made for what it is watched for last. */
void
conn_watch_for(struct conn *c, enum conn_watch what)
{
	if (c->transport != NULL && c->transport->watch != NULL) {
		c->transport->watch(c, what != CONN_WATCH_NOT);
		return;
	}
	if (what == CONN_WATCH_READ && c->recv_writes)
		what = CONN_WATCH_WRITE;
	if (c->watching != CONN_WATCH_NOT && c->watching != what)
		event_del(&c->ev);
	if (what != CONN_WATCH_NOT && c->watched != what) {
		c->watched = what;	/* many are closed before */
		event_assign(&c->ev, c->worker->base, c->fd, EV_PERSIST |
		    (what == CONN_WATCH_READ ? EV_READ : EV_WRITE),
		    conn_ready_cb, c);
	}
	if (what != CONN_WATCH_NOT && c->watching != what &&
	    event_add(&c->ev, NULL) == -1)
		log_error("cannot watch a connection: %s", strerror(errno));
	c->watching = what;
	if (what == CONN_WATCH_READ && c->transport != NULL &&
	    c->transport->pending(c) > 0)
		event_active(&c->ev, EV_READ, 0);
}

/* Watches for input, or does not. */
void
conn_watch(struct conn *c, bool on)
{
	if (c->transport != NULL ||
	    c->watching != (on ? CONN_WATCH_READ : CONN_WATCH_NOT))
		conn_watch_for(c, on ? CONN_WATCH_READ : CONN_WATCH_NOT);
}

/* A kept connection's memory, or new one; all zero. */
static struct conn *
conn_new(struct worker *w)
{
	struct conn	*c = w->free_conns;

	if (c == NULL)
		return xcalloc(1, sizeof(*c));
	w->free_conns = TAILQ_NEXT(c, link);
	w->nfree_conns--;
	memset(c, 0, sizeof(*c));
	return c;
}

/* Keeps a connection's memory for the next, or frees it. */
static void
conn_free(struct conn *c)
{
	struct worker	*w = c->worker;

	if (w->nfree_conns + 1 > CONN_KEEP) {
		free(c);
		return;
	}
	TAILQ_NEXT(c, link) = w->free_conns;
	w->free_conns = c;
	w->nfree_conns++;
}

/* A new connection; reads at once. */
void
conn_accepted(struct worker *w, const struct listener *listener, int fd,
    const struct sockaddr_storage *peer)
{
	struct conn	*c;

	/* Who watches this number watches a file that is closed. */
	watch_forget(w, fd);
	c = conn_new(w);
	c->worker = w;
	c->listener = listener;
	c->protocol = protocol_of(listener);
	c->raw_out = true;
	c->fd = fd;
	conn_set_peer(c, peer);
	if (w->proxies != NULL)
		proxies_meet(c, peer);
	c->state = conn_open_needed(c) ? CONN_OPENING : CONN_HEAD;
	conn_timeout_enter(c);
	sb_set(&w->stats->connections, ++w->nconns);
	conn_input_read(c);
}

/* One for a stream. */
struct conn *
conn_stream_new(const struct conn *parent)
{
	struct conn	*c = conn_new(parent->worker);

	c->worker = parent->worker;
	c->listener = parent->listener;
	c->protocol = parent->protocol;
	c->fd = -1;
	c->secure = parent->secure;
	c->tls = parent->tls == NULL ? NULL : tls_vars_hold(parent->tls);
	conn_copy_peer(c, parent);
	c->state = CONN_HEAD;
	conn_timeout_enter(c);
	return c;
}

/* Closes a connection whose client has left before it was its turn. */
static bool
conn_has_left(struct conn *c)
{
	if (!client_gone_look(c))
		return false;
	access_log_reject(c, 499, "the client has left before its turn");
	conn_close(c);
	return true;
}

/* Ready if an idle core is left for it and nobody waits longer; or queued. */
void
conn_dispatch(struct conn *c)
{
	struct worker	*w = c->worker;

	if (w->queued == 0 && w->nready < (uint32_t)(w->ncores - w->busy))
		conn_set_state(c, CONN_READY);
	else if (!conn_has_left(c))
		conn_set_state(c, CONN_QUEUED);
}

/* The one that is due first, unless its client has left. */
struct conn *
conn_take_due(struct worker *w)
{
	struct conn	*c = TAILQ_FIRST(&w->conns[CONN_READY].list);

	if (c == NULL)
		c = TAILQ_FIRST(&w->conns[CONN_QUEUED].list);
	if (c == NULL || conn_has_left(c))
		return NULL;
	conn_set_state(c, CONN_RUNNING);
	return c;
}

/* Small responses to pipelined requests shall not wait for each other. */
void
conn_set_nodelay(struct conn *c)
{
	int	 one = 1;

	if (c->nodelay || c->fd == -1 || c->listener->is_unix)
		return;
	c->nodelay = true;
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/*
 * Says that nothing more comes and discards input for a while: closing a
 * socket with unread input would destroy the answer on its way.
 */
void
conn_linger(struct conn *c)
{
	conn_buf_put(c->worker, c->in);
	c->in = NULL;
	conn_shutdown(c);
	conn_set_state(c, CONN_LINGER);
	conn_watch(c, true);
}

/*
 * May the client send, or have sent, more than its last request? Not if it
 * said "Connection: close" itself and its body was read.
 */
static bool
conn_may_send(const struct conn *c)
{
	return c->linger || c->in->head.keep_alive || c->in->pos < c->in->len;
}

/* Its request is over. */
void
conn_request_done(struct conn *c)
{
	c->core = NULL;
	c->requests++;
	client_gone_forget(c);
	if (c->fd == -1) {
		conn_close(c);
		return;
	}
	if (c->close && !c->reset && conn_may_send(c)) {
		conn_linger(c);
		return;
	}
	if (c->close) {
		conn_close(c);
		return;
	}
	c->in = conn_buf_next(c->worker, c->in);
	if (c->in != NULL)
		conn_set_nodelay(c);
	conn_input_next(c);
}

/* Answers without a core; then nothing more is read from the client. */
void
conn_reject(struct conn *c, int status, const char *why)
{
	const char	*reason = response_reason(status);
	struct answer	*a;

	sb_add(&c->worker->stats->refused, 1);
	access_log_reject(c, status, why);
	c->close = c->linger = true;
	a = answer_new(c, status);
	answer_add(a, "Content-Type", "text/plain");
	if (status == 503)
		answer_add(a, "Retry-After", "1");
	answer_end_head(a, (int64_t)strlen(reason) + 1);
	answer_text(a, reason, strlen(reason));
	answer_text(a, "\n", 1);
	conn_answer(c, a);
}

/* The client shall not take what it got for a whole response. */
static void
conn_set_reset(struct conn *c)
{
	static const struct linger	 reset = { .l_onoff = 1 };
	const struct protocol_frames	*frames = c->protocol->frames;
	char				 text[PROTOCOL_FRAME];

	/* A unix socket knows no reset. */
	if (frames != NULL && c->listener->is_unix)
		(void)conn_send(c, text, frames->cut(c, text), 0);
	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
}

/* Closes and frees. */
void
conn_close(struct conn *c)
{
	struct worker	*w = c->worker;

	if (c->shared != NULL)
		http2_closed(c);
	answer_drop(c);
	conn_set_state(c, CONN_CLOSED);
	conn_watch(c, false);
	conn_timeout_leave(c);
	conn_buf_put(w, c->in);
	if (c->collected != NULL) {
		body_done(c->collected);
		free(c->collected);
	}
	if (c->reset && c->fd != -1)
		conn_set_reset(c);
	if (c->transport != NULL)
		c->transport->close(c);
	if (c->tls != NULL)
		tls_vars_release(c->tls);
	if (c->fd != -1) {
		watch_forget(w, c->fd);
		close(c->fd);
		sb_set(&w->stats->connections, --w->nconns);
	}
	conn_free(c);
}

/* Makes the lists of connections. */
void
conns_init(struct worker *w)
{
	w->limits.max_line = (uint32_t)w->cfg->limit_request_line;
	w->limits.max_fields = (uint32_t)w->cfg->limit_request_fields;
	w->limits.max_head = (uint32_t)w->cfg->buffer_size;
	w->queue_size = (uint32_t)config_queue_size(w->cfg);
	w->proxies = proxies_new(w->cfg);
	conn_timeouts_init(w);
	http2s_init(w);
	websockets_init(w);
	client_gone_init(w);
}

/* Closes what is left. */
void
conns_done(struct worker *w)
{
	struct conn	*c;
	int		 i;

	for (i = 0; i < CONN_STATES; i++) {
		while (i != CONN_RUNNING && i != CONN_CLOSED &&
		    (c = TAILQ_FIRST(&w->conns[i].list)) != NULL)
			conn_close(c);
	}
	while ((c = w->free_conns) != NULL) {
		w->free_conns = TAILQ_NEXT(c, link);
		free(c);
	}
	w->nfree_conns = 0;
	conn_timeouts_done(w);
	http2s_done(w);
	websockets_done(w);
	conn_bufs_done(w);
	proxies_free(w->proxies);
	w->proxies = NULL;
	client_gone_done(w);
}
