/* Accepting: the listeners are watched only while there is room. */
#include "worker/accept.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "shm/listener.h"
#include "shm/scoreboard.h"
#include "worker/accept_share.h"
#include "worker/conn.h"
#include "worker/conn_shed.h"
#include "worker/core.h"
#include "worker/suspend.h"
#include "worker/worker.h"

/*
 * Accepted in one go, before other events have their turn. Without a suspend
 * engine each of them may run a whole request at once.
 */
#define ACCEPT_BATCH		64
#define ACCEPT_BATCH_BLOCKING	8

/*
 * Descriptors that are not for clients: a 16th of the limit, within these
 * bounds. The app has its own to open.
 */
#define ACCEPT_RESERVE_MIN	8u
#define ACCEPT_RESERVE_MAX	256u
/* Idle connections closed at a time when descriptors run out. */
#define ACCEPT_SHED		8
/* That is said once in so long. */
#define ACCEPT_WARN_US		10000000

/* One watched listener. */
struct acceptor {
	struct worker		*worker;
	const struct listener	*listener;
	bool			 ended;		/* nobody will come any more */
	struct event		 ev;
};

/* Is there no room for one more client? */
static bool
accept_is_full(const struct worker *w)
{
	return w->queued >= w->queue_size;
}

/* Adds the listeners' events, or takes them away: all, or the shared ones. */
static void
accept_events(struct worker *w, bool on, bool all)
{
	struct acceptor	*a;
	size_t		 i;

	for (i = 0; i < w->nacceptors; i++) {
		a = &w->acceptors[i];
		if (a->ended || (!all && a->listener->worker_id != 0))
			continue;
		if (on)
			event_add(&a->ev, NULL);
		else
			event_del(&a->ev);
	}
}

/* Takes the listeners off the base, or puts them on. */
static void
accept_watch(struct worker *w, bool on)
{
	if (w->accepting == on)
		return;
	w->accepting = on;
	sb_set(&w->stats->accepting, on ? 1 : 0);
	event_del(&w->accept_aside);
	accept_events(w, on, true);
}

/* Leaves the shared listeners to others for a moment: accept_share.h. */
static void
accept_step_aside(struct worker *w)
{
	static const struct timeval	 pause = { 0, 1000 };

	accept_events(w, false, false);
	event_add(&w->accept_aside, &pause);
}

/* The moment is over. */
static void
accept_aside_cb(evutil_socket_t fd, short events, void *arg)
{
	struct worker	*w = arg;

	(void)fd, (void)events;
	if (w->accepting)
		accept_events(w, true, false);
}

/* Descriptors or memory have run out: says so now and then. */
static void
accept_warn(struct worker *w, const char *what, int error)
{
	uint64_t	 now = clock_coarse_us();

	if (w->accept_warned_us != 0 &&
	    now - w->accept_warned_us < ACCEPT_WARN_US)
		return;
	w->accept_warned_us = now;
	log_warn("%s: %s (%u connections)", what, strerror(error), w->nconns);
}

/* Out of descriptors or memory: come back in a tenth of a second. */
static void
accept_pause(struct worker *w, int error)
{
	static const struct timeval	 pause = { 0, 100000 };

	accept_warn(w, "accepting pauses", error);
	w->accept_paused = true;
	accept_watch(w, false);
	event_add(&w->accept_retry, &pause);
}

/* Descriptors run out: closes idle connections. */
static bool
accept_make_room(struct worker *w, int error)
{
	if ((error != EMFILE && error != ENFILE) ||
	    conns_shed(w, ACCEPT_SHED) == 0)
		return false;
	accept_warn(w, "idle connections are closed", error);
	return true;
}

/* The pause is over. */
static void
accept_retry_cb(evutil_socket_t fd, short events, void *arg)
{
	struct worker	*w = arg;

	(void)fd, (void)events;
	w->accept_paused = false;
	accept_adjust(w);
}

/* Is this error one client's, and the next accept worth a try? */
static bool
accept_error_is_clients(int error)
{
	return error == EINTR || error == ECONNABORTED || error == EPERM ||
	    error == EPROTO || error == ENETDOWN || error == EHOSTUNREACH ||
	    error == ENETUNREACH;
}

/* No connection came: a listener has no more, or the system cannot. */
static void
accept_failed(struct acceptor *a, int error)
{
	struct worker	*w = a->worker;

	if (error != EAGAIN && error != EINVAL) {
		accept_pause(w, error);
	} else if (w->farewell.state == FAREWELL_TAKES &&
	    w->farewell.refuse && a->listener->is_unix) {
		/* Shut down, it is readable for ever, also when empty. */
		a->ended = true;
		event_del(&a->ev);
	}
}

/* A listener is readable: takes what is there while there is room. */
static void
accept_cb(evutil_socket_t listener, short events, void *arg)
{
	struct acceptor		*a = arg;
	struct worker		*w = a->worker;
	struct sockaddr_storage	 peer;
	socklen_t		 len;
	int			 fd, error, n;

	(void)events;
	n = w->suspend->can_park ? ACCEPT_BATCH : ACCEPT_BATCH_BLOCKING;
	if (w->cfg->processes > 1 && a->listener->worker_id == 0) {
		n = (int)accept_share_room(w, (uint32_t)n);
		if (n == 0)
			accept_step_aside(w);
	}
	for (; n > 0 && w->accepting; n--) {
		if (w->nconns >= w->max_conns &&
		    !accept_make_room(w, EMFILE)) {
			accept_pause(w, EMFILE);
			break;
		}
		len = sizeof(peer);
		peer.ss_family = AF_UNSPEC;
		fd = accept4(listener, (struct sockaddr *)&peer, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		error = errno;
		if (fd == -1 && (accept_error_is_clients(error) ||
		    accept_make_room(w, error)))
			continue;
		if (fd == -1) {
			accept_failed(a, error);
			break;
		}
		sb_add(&w->stats->accepted, 1);
		conn_accepted(w, a->listener, fd, &peer);
		if (!cores_have_room(w))
			cores_work_off(w);
	}
	cores_gather(w);
}

/* How many descriptors are open now, if it is not absurdly many. */
static rlim_t
accept_count_open(void)
{
	rlim_t	 n = 0;
	int	 fd;

	for (fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

/* How many connections there may be: some descriptors are the app's. */
static uint32_t
accept_max_conns(void)
{
	struct rlimit	 limit;
	rlim_t		 reserve;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 ||
	    limit.rlim_cur >= INT32_MAX)
		return INT32_MAX;
	reserve = limit.rlim_cur / 16;
	if (reserve < ACCEPT_RESERVE_MIN)
		reserve = ACCEPT_RESERVE_MIN;
	if (reserve > ACCEPT_RESERVE_MAX)
		reserve = ACCEPT_RESERVE_MAX;
	reserve += accept_count_open();
	return limit.rlim_cur > reserve ? (uint32_t)(limit.rlim_cur -
	    reserve) : 1;
}

/* Makes events for the listeners that are this worker's. */
void
accept_init(struct worker *w)
{
	const struct listener	*l;
	size_t			 i;

	w->acceptors = xcalloc(w->listeners->count, sizeof(*w->acceptors));
	event_assign(&w->accept_retry, w->base, -1, 0, accept_retry_cb, w);
	event_assign(&w->accept_aside, w->base, -1, 0, accept_aside_cb, w);
	farewell_init(w);
	w->max_conns = accept_max_conns();
	for (i = 0; i < w->listeners->count; i++) {
		l = &w->listeners->items[i];
		if (l->worker_id != 0 && l->worker_id != w->id)
			continue;
		w->acceptors[w->nacceptors].worker = w;
		w->acceptors[w->nacceptors].listener = l;
		event_assign(&w->acceptors[w->nacceptors].ev, w->base, l->fd,
		    EV_READ | EV_PERSIST, accept_cb,
		    &w->acceptors[w->nacceptors]);
		w->nacceptors++;
	}
}

/* Watches or un-watches, as queue and draining want it. */
void
accept_adjust(struct worker *w)
{
	bool	 takes = !w->draining ||
		    w->farewell.state == FAREWELL_TAKES;

	if (!takes || w->accept_held || accept_is_full(w))
		accept_watch(w, false);
	else if (!w->accept_paused &&
	    w->queued <= w->queue_size / 2)
		accept_watch(w, true);
}

/* Is nobody queued whom this worker could accept? */
bool
accept_is_empty(const struct worker *w)
{
	struct pollfd	 p = { .events = POLLIN };
	size_t		 i;

	for (i = 0; i < w->nacceptors; i++) {
		if (w->acceptors[i].ended)
			continue;
		p.fd = w->acceptors[i].listener->fd;
		if (poll(&p, 1, 0) == 1 && (p.revents & POLLIN) != 0)
			return false;
	}
	return true;
}

/* Forgets the listeners. */
void
accept_done(struct worker *w)
{
	accept_watch(w, false);
	event_del(&w->accept_retry);
	event_del(&w->accept_aside);
	farewell_done(w);
	free(w->acceptors);
	w->acceptors = NULL;
	w->nacceptors = 0;
}
