/* The stats socket: connect, and get the server's state as JSON. */
#include "master/stats.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "master/master.h"
#include "master/socket.h"
#include "master/stats_json.h"

#define STATS_CLIENTS	16	/* at the same time */
#define STATS_TIMEOUT_S	5	/* without a byte taken */

struct stats_client {
	TAILQ_ENTRY(stats_client)	 link;
	struct stats			*stats;
	struct bufferevent		*bev;
};

TAILQ_HEAD(stats_clients, stats_client);

struct stats {
	struct master		*master;
	struct event		*ev;
	struct event		*retry;
	struct stats_clients	 clients;
	unsigned		 count;
	bool			 paused;
};

/* Closes a client's connection; there is room for one more then. */
static void
stats_client_free(struct stats_client *c)
{
	struct stats	*stats = c->stats;

	TAILQ_REMOVE(&stats->clients, c, link);
	stats->count--;
	bufferevent_free(c->bev);
	free(c);
	if (!stats->paused)
		event_add(stats->ev, NULL);
}

/* What a client says does not matter. */
static void
stats_read_cb(struct bufferevent *bev, void *arg)
{
	struct evbuffer	*input = bufferevent_get_input(bev);

	(void)arg;
	evbuffer_drain(input, evbuffer_get_length(input));
}

/*
 * All is written. The client closes when it has read the end; closing first,
 * with bytes of the client's unread, could take the answer away from it.
 */
static void
stats_write_cb(struct bufferevent *bev, void *arg)
{
	(void)arg;
	shutdown(bufferevent_getfd(bev), SHUT_WR);
}

/* The client has left, or takes too long. */
static void
stats_event_cb(struct bufferevent *bev, short what, void *arg)
{
	(void)bev, (void)what;
	stats_client_free(arg);
}

/* Answers a client. */
static void
stats_client_new(struct stats *stats, int fd)
{
	static const struct timeval	 limit = { STATS_TIMEOUT_S, 0 };
	struct stats_client		*c = xcalloc(1, sizeof(*c));
	char				*text;

	c->stats = stats;
	c->bev = bufferevent_socket_new(stats->master->base, fd,
	    BEV_OPT_CLOSE_ON_FREE);
	if (c->bev == NULL) {
		close(fd);
		free(c);
		return;
	}
	TAILQ_INSERT_TAIL(&stats->clients, c, link);
	stats->count++;
	bufferevent_setcb(c->bev, stats_read_cb, stats_write_cb,
	    stats_event_cb, c);
	bufferevent_set_timeouts(c->bev, &limit, &limit);
	text = stats_json(stats->master);
	if (text != NULL) {
		bufferevent_write(c->bev, text, strlen(text));
		bufferevent_write(c->bev, "\n", 1);
	}
	free(text);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

/* The pause is over. */
static void
stats_retry_cb(evutil_socket_t fd, short what, void *arg)
{
	struct stats	*stats = arg;

	(void)fd, (void)what;
	if (!stats->paused)
		event_add(stats->ev, NULL);
}

/* Somebody connects; when that fails, not again before a second is over. */
static void
stats_accept_cb(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval	 pause = { 1, 0 };
	struct stats			*stats = arg;
	int				 client;

	(void)what;
	client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (client != -1) {
		stats_client_new(stats, client);
		if (stats->count >= STATS_CLIENTS)
			event_del(stats->ev);
		return;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ||
	    errno == ECONNABORTED)
		return;
	log_warn("stats: accepting pauses: %s", strerror(errno));
	event_del(stats->ev);
	event_add(stats->retry, &pause);
}

/* Starts answering, if there is a socket to do that on. */
struct stats *
stats_new(struct master *m)
{
	struct stats	*stats;

	if (m->stats_socket == NULL)
		return NULL;
	stats = xcalloc(1, sizeof(*stats));
	stats->master = m;
	TAILQ_INIT(&stats->clients);
	stats->ev = event_new(m->base, m->stats_socket->fd,
	    EV_READ | EV_PERSIST, stats_accept_cb, stats);
	stats->retry = evtimer_new(m->base, stats_retry_cb, stats);
	if (stats->ev == NULL || stats->retry == NULL ||
	    event_add(stats->ev, NULL) == -1)
		fatalx("cannot watch the stats socket");
	return stats;
}

/* Is the socket this master's, or another one's? */
void
stats_accept(struct stats *stats, bool on)
{
	if (stats == NULL)
		return;
	stats->paused = !on;
	if (on && stats->count < STATS_CLIENTS)
		event_add(stats->ev, NULL);
	else
		event_del(stats->ev);
}

/* Stops answering. */
void
stats_free(struct stats *stats)
{
	if (stats == NULL)
		return;
	while (!TAILQ_EMPTY(&stats->clients))
		stats_client_free(TAILQ_FIRST(&stats->clients));
	event_free(stats->ev);
	event_free(stats->retry);
	free(stats);
}
