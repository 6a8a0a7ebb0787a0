/* The times of websockets: a list for each kind, the first is due first. */
#include <event2/event.h>

#include "base/clock.h"
#include "config/config.h"
#include "worker/core.h"
#include "worker/websocket/websocket.h"
#include "worker/worker.h"

/* The coarse clock may be so late: never too early. */
#define CLOCK_COARSE_US	5000

/* The timer is due with the first of all lists. */
static void
websocket_clock_arm(struct websockets *all, uint64_t now)
{
	const struct websocket_due	*due;
	uint64_t			 next = 0, us;
	struct timeval			 tv;
	int				 i;

	for (i = 0; i < WEBSOCKET_CLOCKS; i++) {
		due = TAILQ_FIRST(&all->dues[i]);
		if (due != NULL && (next == 0 || due->due_us < next))
			next = due->due_us;
	}
	if (next == 0 || (all->next_us != 0 && all->next_us <= next))
		return;
	all->next_us = next;
	us = (next > now ? next - now : 0) + CLOCK_COARSE_US;
	tv.tv_sec = (time_t)(us / 1000000);
	tv.tv_usec = (suseconds_t)(us % 1000000);
	event_add(&all->timer, &tv);
}

/* Somebody's time may be over. */
static void
websocket_clock_cb(evutil_socket_t fd, short events, void *arg)
{
	struct worker		*w = arg;
	struct websockets	*all = &w->websockets;
	struct websocket_due	*due;
	uint64_t		 now = clock_coarse_us();
	int			 i;

	(void)fd, (void)events;
	all->next_us = 0;
	for (i = 0; i < WEBSOCKET_CLOCKS; i++)
		while ((due = TAILQ_FIRST(&all->dues[i])) != NULL &&
		    due->due_us <= now) {
			websocket_due_clear(due);
			websocket_expire(due->ws, (enum websocket_clock)i);
		}
	websocket_clock_arm(all, now);
	cores_work_off(w);
}

/* It waits for this from now on. */
void
websocket_due_set(struct websocket_due *due, enum websocket_clock clock)
{
	struct websockets	*all = &due->ws->worker->websockets;
	uint64_t		 now;

	websocket_due_clear(due);
	if (all->limits_us[clock] == 0)
		return;
	now = clock_coarse_us();
	due->due_us = now + all->limits_us[clock];
	due->clock = (int)clock;
	TAILQ_INSERT_TAIL(&all->dues[clock], due, link);
	if (all->next_us == 0 || all->next_us > due->due_us)
		websocket_clock_arm(all, now);
}

/* It waits for nothing. */
void
websocket_due_clear(struct websocket_due *due)
{
	if (due->clock == -1)
		return;
	TAILQ_REMOVE(&due->ws->worker->websockets.dues[due->clock], due, link);
	due->clock = -1;
}

/* When the first is due. */
uint64_t
websocket_due_next(const struct websocket *ws)
{
	uint64_t	 next = 0;

	if (ws->heard.clock != -1)
		next = ws->heard.due_us;
	if (ws->stuck.clock != -1 && (next == 0 || ws->stuck.due_us < next))
		next = ws->stuck.due_us;
	return next;
}

/* Is it over? */
static void
websocket_due_check(struct websocket_due *due, uint64_t now)
{
	int	 clock = due->clock;

	if (clock == -1 || due->due_us > now)
		return;
	websocket_due_clear(due);
	websocket_expire(due->ws, (enum websocket_clock)clock);
}

/* Those of one websocket. */
void
websocket_due_look(struct websocket *ws)
{
	uint64_t	 now = clock_coarse_us();

	websocket_due_check(&ws->heard, now);
	websocket_due_check(&ws->stuck, now);
}

/* Makes the lists. */
void
websocket_clocks_init(struct worker *w)
{
	struct websockets	*all = &w->websockets;
	int			 i;

	for (i = 0; i < WEBSOCKET_CLOCKS; i++)
		TAILQ_INIT(&all->dues[i]);
	all->limits_us[WEBSOCKET_IDLE] =
	    (uint64_t)(w->cfg->websockets_ping_freq * 1e6);
	all->limits_us[WEBSOCKET_PINGED] =
	    (uint64_t)(w->cfg->websockets_pong_tolerance * 1e6);
	all->limits_us[WEBSOCKET_LEAVING] =
	    (uint64_t)(w->cfg->websockets_close_timeout * 1e6);
	all->limits_us[WEBSOCKET_STUCK] =
	    (uint64_t)(w->cfg->write_timeout * 1e6);
	event_assign(&all->timer, w->base, -1, 0, websocket_clock_cb, w);
}

/* Disarms the timer. */
void
websocket_clocks_done(struct worker *w)
{
	event_del(&w->websockets.timer);
}
