/* Timeouts of connections: one list and one timer per state. */
#include "worker/conn_timeout.h"

#include <event2/event.h>

#include "base/clock.h"
#include "config/config.h"
#include "shm/scoreboard.h"
#include "worker/answer.h"
#include "worker/conn.h"
#include "worker/conn_buf.h"
#include "worker/conn_input.h"
#include "worker/conn_io.h"
#include "worker/conn_open.h"
#include "worker/http2/http2.h"
#include "worker/worker.h"

/* Longest wait for the end of a client that was answered and said goodbye. */
#define CONN_LINGER_US	2000000
/* So long a handshake may last at least, though the worker leaves. */
#define CONN_OPEN_LEAST_US	3000000

/*
 * Nobody has spoken for too long. But a request may have come since the base
 * was polled: it is answered.
 */
static void
conn_timeout_close(struct conn *c)
{
	if (!conn_has_input(c)) {
		conn_close(c);
		return;
	}
	conn_timeout_leave(c);
	conn_timeout_enter(c);
	conn_input_read(c);
}

/* What a state's end of time means. */
static void
conn_timeout_expire(struct conn *c)
{
	switch (c->state) {
	case CONN_HEAD:
		if (c->in == NULL || c->in->len == c->in->pos)
			conn_timeout_close(c);
		else
			conn_reject(c, 408, "the request head took too long");
		break;
	case CONN_OPENING:
		conn_open_expire(c);
		break;
	case CONN_BODY:
		conn_reject(c, 408, "the request body took too long");
		break;
	case CONN_QUEUED:
		sb_add(&c->worker->stats->shed, 1);
		conn_reject(c, 503, "no core was free in time");
		break;
	case CONN_IDLE:
		conn_timeout_close(c);
		break;
	case CONN_SENDING:
		answer_timed_out(c);
		break;
	default:
		conn_close(c);
	}
}

/* Arms a state's timer for its oldest connection. */
static void
conn_timeout_arm(struct conn_timeouts *t, uint64_t now)
{
	struct conn	*c = TAILQ_FIRST(&t->list);
	struct timeval	 tv = { 0, 0 };
	uint64_t	 due, us;

	if (c == NULL || t->limit_us == 0)
		return;
	due = c->since_us + t->limit_us;
	/* The coarse clock may be 4 ms late: never wake up too early. */
	us = (due > now ? due - now : 0) + 5000;
	tv.tv_sec = (time_t)(us / 1000000);
	tv.tv_usec = (suseconds_t)(us % 1000000);
	event_add(&t->timer, &tv);
	t->armed = true;
}

/* The oldest connection of a state may be due. */
static void
conn_timeout_cb(evutil_socket_t fd, short events, void *arg)
{
	struct conn_timeouts	*t = arg;
	struct worker		*w = t->worker;
	struct conn		*c;
	uint64_t		 now = clock_coarse_us();

	(void)fd, (void)events;
	t->armed = false;
	while ((c = TAILQ_FIRST(&t->list)) != NULL &&
	    c->since_us + t->limit_us <= now)
		conn_timeout_expire(c);
	conn_timeout_arm(t, now);
	cores_work_off(w);
}

/* The connection is the youngest of its state. */
void
conn_timeout_enter(struct conn *c)
{
	struct conn_timeouts	*t = &c->worker->conns[c->state];

	TAILQ_INSERT_TAIL(&t->list, c, link);
	if (t->limit_us == 0)
		return;
	c->since_us = clock_coarse_us();
	if (!t->armed)
		conn_timeout_arm(t, c->since_us);
}

/* The connection leaves its state's list. */
void
conn_timeout_leave(struct conn *c)
{
	TAILQ_REMOVE(&c->worker->conns[c->state].list, c, link);
}

/* Makes the lists, with the limits of the configuration. */
void
conn_timeouts_init(struct worker *w)
{
	const struct config	*cfg = w->cfg;
	const uint64_t		 limits[CONN_STATES] = {
		[CONN_OPENING] = (uint64_t)(cfg->header_timeout * 1e6),
		[CONN_HEAD] = (uint64_t)(cfg->header_timeout * 1e6),
		[CONN_IDLE] = (uint64_t)(cfg->keepalive_timeout * 1e6),
		[CONN_BODY] = (uint64_t)(cfg->body_timeout * 1e6),
		[CONN_QUEUED] = (uint64_t)(cfg->queue_timeout * 1e6),
		[CONN_SENDING] = (uint64_t)(cfg->write_timeout * 1e6),
		[CONN_LINGER] = CONN_LINGER_US,
	};
	int			 i;

	for (i = 0; i < CONN_STATES; i++) {
		TAILQ_INIT(&w->conns[i].list);
		w->conns[i].worker = w;
		w->conns[i].limit_us = limits[i];
		event_assign(&w->conns[i].timer, w->base, -1, 0,
		    conn_timeout_cb, &w->conns[i]);
	}
}

/* A state has another limit from now on. */
static void
conn_timeouts_limit(struct conn_timeouts *t, uint64_t us)
{
	t->limit_us = us > 0 ? us : 1;		/* 0 would be no limit */
	event_del(&t->timer);		/* it is armed for the old limit */
	t->armed = false;
	conn_timeout_arm(t, clock_coarse_us());
}

/* Idle connections are closed soon, and those that do not get to a request. */
void
conn_timeouts_drain(struct worker *w)
{
	struct conn_timeouts	*t = &w->conns[CONN_IDLE];
	struct conn_timeouts	*opening = &w->conns[CONN_OPENING];
	struct conn		*c, *next;
	uint64_t		 now = clock_coarse_us();
	uint64_t		 idle = (uint64_t)(w->cfg->drain_idle * 1e6);

	http2s_drain(w);
	for (c = TAILQ_FIRST(&w->conns[CONN_HEAD].list); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (c->in != NULL && c->in->len > 0)
			continue;
		conn_buf_put(w, c->in);		/* nothing came yet */
		c->in = NULL;
		conn_set_state(c, CONN_IDLE);
	}
	TAILQ_FOREACH(c, &t->list, link)
		c->since_us = now;
	conn_timeouts_limit(t, idle);
	if (idle < CONN_OPEN_LEAST_US)
		idle = CONN_OPEN_LEAST_US;
	if (opening->limit_us > idle)
		conn_timeouts_limit(opening, idle);
}

/* Disarms the timers. */
void
conn_timeouts_done(struct worker *w)
{
	int	 i;

	for (i = 0; i < CONN_STATES; i++) {
		event_del(&w->conns[i].timer);
		w->conns[i].armed = false;
	}
}
