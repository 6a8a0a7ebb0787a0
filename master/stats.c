/* The stats socket: who connects, and how many at the same time. */
#include "master/stats.h"

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "master/master.h"
#include "master/socket.h"
#include "master/stats_client.h"

#define STATS_CLIENTS	64	/* at the same time */

struct stats {
	struct event		*ev;
	struct event		*retry;
	struct stats_clients	 clients;
	bool			 paused;
};

/* There is room for one more, or somebody is idle who can be dropped. */
static void
stats_changed(void *arg)
{
	struct stats	*stats = arg;

	if (!stats->paused)
		event_add(stats->ev, NULL);
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
	if (stats->clients.count >= STATS_CLIENTS &&
	    !stats_clients_make_room(&stats->clients)) {
		event_del(stats->ev);
		return;
	}
	client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (client != -1) {
		stats_client_new(&stats->clients, client);
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
	TAILQ_INIT(&stats->clients.list);
	stats->clients.master = m;
	stats->clients.guarded = !m->stats_socket->is_unix;
	stats->clients.changed = stats_changed;
	stats->clients.arg = stats;
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
	if (on)
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
	stats_clients_done(&stats->clients);
	event_free(stats->ev);
	event_free(stats->retry);
	free(stats);
}
