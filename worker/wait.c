/*
 * Waiting: the only functions in a worker that block, and the only place where
 * the event loop and the suspend engine meet.
 */
#include "worker/wait.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/xmalloc.h"
#include "shm/scoreboard.h"
#include "worker/client_gone.h"
#include "worker/core.h"
#include "worker/harakiri.h"
#include "worker/loan.h"
#include "worker/response_out.h"
#include "worker/runtime.h"
#include "worker/suspend.h"
#include "worker/watch.h"
#include "worker/worker.h"

#define WAIT_MAX	1024
#define WAIT_FD_LARGE	65536

/*
 * A descriptor that the base watches for a core. Never on the core's stack:
 * greenlet copies the stack of a parked core away and runs others in its
 * place, so whatever a callback touches meanwhile must be on the heap.
 */
struct wait_watch {
	struct watch		 watch;		/* first: see wait_gone_cb */
	struct core		*core;
	short			 ready;
};

/* A descriptor is ready: note it, the core is due. */
static void
wait_ready_cb(evutil_socket_t fd, short events, void *arg)
{
	struct wait_watch	*watch = arg;
	struct worker		*w = watch->core->worker;

	(void)fd;
	if (events & EV_READ)
		watch->ready |= WAIT_READ;
	if (events & EV_WRITE)
		watch->ready |= WAIT_WRITE;
	core_wake(watch->core, WAIT_READY);
	cores_work_off(w);
}

/* The descriptor was closed meanwhile: the core is due, with an error. */
static void
wait_gone_cb(struct watch *watch)
{
	core_wake(((struct wait_watch *)watch)->core, WAIT_ERROR);
}

/* The next turn of the base has come. */
static void
wait_turn_cb(evutil_socket_t fd, short events, void *arg)
{
	struct core	*core = arg;

	(void)fd, (void)events;
	core_wake(core, WAIT_TIMEOUT);
	cores_work_off(core->worker);
}

/* Called once per core. */
void
wait_init(struct core *core)
{
	event_assign(&core->turn, core->worker->base, -1, 0, wait_turn_cb,
	    core);
}

/* Frees what a core's waits took. */
void
wait_done(struct core *core)
{
	free(core->watches);
	core->watches = NULL;
	core->nwatches = 0;
}

/* Seconds as poll(2)'s milliseconds, rounded up; -1 is for ever. */
static int
wait_poll_ms(double seconds)
{
	if (seconds < 0)
		return -1;
	if (seconds > 2e6)
		seconds = 2e6;
	return (int)ceil(seconds * 1000);
}

/* Turns poll(2)'s answer into the items' ready bits. */
static void
wait_poll_result(const struct pollfd *pfd, struct wait_item *items, size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++) {
		if (pfd[i].revents & (POLLIN | POLLHUP | POLLERR))
			items[i].ready |= items[i].events & WAIT_READ;
		if (pfd[i].revents & (POLLOUT | POLLHUP | POLLERR))
			items[i].ready |= items[i].events & WAIT_WRITE;
	}
}

/* A signal has come: false when its handler, of the app's, has raised. */
static bool
wait_poll_signal(struct worker *w, int held)
{
	int	 result = 0;

	if (held) {
		w->runtime->block_end(held);
		result = w->runtime->check_signals();
		w->runtime->block_begin();
	}
	return result == 0;
}

/* Blocks in poll(2), without the lock; -1 with errno, ECANCELED: see above. */
static int
wait_poll_block(struct worker *w, struct pollfd *pfd, size_t n, double timeout)
{
	uint64_t	 start = clock_mono_us();
	double		 left = timeout;
	int		 got, held = 0, saved;

	if (timeout != 0 && w->runtime != NULL)
		held = w->runtime->block_begin();
	for (;;) {
		got = poll(pfd, (nfds_t)n, wait_poll_ms(left));
		saved = errno;
		if (got != -1 || saved != EINTR)
			break;
		if (!wait_poll_signal(w, held)) {
			saved = ECANCELED;
			break;
		}
		left = clock_left(timeout, start);
	}
	if (timeout != 0 && w->runtime != NULL)
		w->runtime->block_end(held);
	errno = saved;
	return got;
}

/* Looks with poll(2), for so long; the worker does nothing else. */
static enum wait_reason
wait_poll(struct core *core, struct wait_item *items, size_t n, double timeout)
{
	struct pollfd	 pfd[WAIT_MAX + 1];
	struct conn	*c = core->req.conn;
	double		 limit = timeout;
	int		 got, gone = -1;
	size_t		 i;

	for (i = 0; i < n; i++) {
		pfd[i].fd = items[i].fd;
		pfd[i].events = (short)
		    ((items[i].events & WAIT_READ ? POLLIN : 0) |
		    (items[i].events & WAIT_WRITE ? POLLOUT : 0));
	}
	pfd[n].revents = 0;
	if (timeout != 0) {
		gone = c == NULL || c->fd == -1 ? -1 : client_gone_events(c);
		limit = harakiri_poll_limit(core, timeout);
	}
	if (gone != -1) {
		pfd[n].fd = c->fd;
		pfd[n].events = (short)gone;
	}
	got = wait_poll_block(core->worker, pfd, n + (gone == -1 ? 0 : 1),
	    limit);
	if (got == -1)
		return errno == ECANCELED ? WAIT_CANCELLED : WAIT_ERROR;
	for (i = 0; i < n; i++) {
		if (pfd[i].revents & POLLNVAL) {
			errno = EBADF;
			return WAIT_ERROR;
		}
	}
	if (pfd[n].revents != 0)
		c->gone = c->gone_told = true;
	if (pfd[n].revents != 0)
		return WAIT_GONE;
	wait_poll_result(pfd, items, n);
	if (got > 0)
		return WAIT_READY;
	return timeout != 0 && harakiri_poll_due(core) ? WAIT_HARAKIRI :
	    WAIT_TIMEOUT;
}

/* Asks the base to watch; a regular file is always ready (1), error -1. */
static int
wait_watch_add(struct core *core, struct wait_watch *watch,
    const struct wait_item *item)
{
	short	 events = EV_PERSIST;

	if (item->events & WAIT_READ)
		events |= EV_READ;
	if (item->events & WAIT_WRITE)
		events |= EV_WRITE;
	watch->core = core;
	watch->ready = 0;
	watch->watch.gone = wait_gone_cb;
	/* libevent makes room for any number before the kernel is asked. */
	if (item->fd >= WAIT_FD_LARGE && fcntl(item->fd, F_GETFD) == -1)
		return -1;
	if (watch_add(core->worker, &watch->watch, item->fd, events,
	    wait_ready_cb, watch) == 0)
		return 0;
	if (errno == EPERM) {
		watch->ready = item->events;
		return 1;
	}
	return -1;
}

/* Parks the core until somebody wakes it, or throws into it. */
static enum wait_reason
wait_park(struct core *core, enum sb_core_state shown, int fd)
{
	struct worker	*w = core->worker;

	core->switches++;
	sb_set(&core->sb->switches, core->switches);
	sb_core_set(core->sb, shown, fd);
	core_set_state(core, CORE_WAITING);
	w->suspend->park(core);
	if (core->state == CORE_WAITING) {	/* thrown into */
		core->woken = WAIT_CANCELLED;
		core_set_state(core, CORE_WOKEN);
	} else if (core->state == CORE_WOKEN) {	/* the same, while due */
		core->woken = WAIT_CANCELLED;
		TAILQ_REMOVE(&w->woken, core, link);
	}
	if (core->state == CORE_WOKEN)
		core_set_state(core, CORE_RUNNING);
	sb_core_set(core->sb, SB_CORE_RUNNING, -1);
	if (core->woken == WAIT_GONE)
		(void)client_gone_tell(core->req.conn);
	return core->woken;
}

/* Room for n watches of a core, none of them in use. */
static struct wait_watch *
wait_watches(struct core *core, size_t n)
{
	if (n > core->nwatches) {
		free(core->watches);
		core->watches = xcalloc(n, sizeof(*core->watches));
		core->nwatches = n;
	}
	return core->watches;
}

/* The wait shall end in so many seconds, at the next turn, or not so. */
static void
wait_limit(struct core *core, double timeout)
{
	static const struct timeval	 next = { 0, 0 };

	if (timeout == 0) {
		core->worker->turning++;
		event_add(&core->turn, &next);
	} else if (timeout > 0)
		core_timer_add(core, timeout);
}

/* Watches all the items, parks, and watches no more. */
static enum wait_reason
wait_events(struct core *core, struct wait_item *items, size_t n,
    double timeout, enum sb_core_state shown)
{
	struct wait_watch	*watches = wait_watches(core, n);
	enum wait_reason	 reason = WAIT_READY;
	bool			(*is_so)(struct core *) = core->asks;
	size_t			 i, added;
	int			 saved, result = 0;

	core->asks = NULL;
	if (is_so != NULL && is_so(core))
		return WAIT_READY;
	for (added = 0; added < n && result != -1; added++)
		result |= wait_watch_add(core, &watches[added],
		    &items[added]);
	saved = errno;
	if (result == -1)
		reason = WAIT_ERROR;
	if (result == 0) {
		wait_limit(core, timeout);
		core->until = is_so;
		reason = wait_park(core, shown, n == 0 ? -1 : items[0].fd);
		core->until = NULL;
		if (timeout == 0) {
			core->worker->turning--;
			event_del(&core->turn);
		}
		core_timer_del(core);
		if (reason == WAIT_ERROR)
			saved = EBADF;
	}
	for (i = 0; i < added; i++) {
		items[i].ready = watches[i].ready;
		watch_del(core->worker, &watches[i].watch);
	}
	errno = saved;
	return reason;
}

/* Has the client left, and was the request not told? */
static bool
wait_is_left(const struct core *core)
{
	return core->job == NULL && client_gone_tell(core->req.conn);
}

/* The same with the loop standing still meanwhile, if the core is a thread. */
static enum wait_reason
wait_attached(struct core *core, struct wait_item *items, size_t n,
    double timeout, enum sb_core_state shown)
{
	struct worker		*w = core->worker;
	enum wait_reason	 reason = WAIT_CANCELLED;
	int			 held;

	if (w->suspend->attach == NULL)
		return wait_events(core, items, n, timeout, shown);
	core->harakiri.asks = true;
	if (loan_take(w, &held)) {
		/* It may have left while the loop was asked for. */
		if (core->harakiri.is_due)
			reason = WAIT_HARAKIRI;
		else if (wait_is_left(core))
			reason = WAIT_GONE;
		else
			reason = wait_events(core, items, n, timeout, shown);
		loan_give(w, held);
	} else
		errno = ECANCELED;
	core->harakiri.asks = false;
	if (core->harakiri.is_due)	/* while the lock was waited for, too */
		reason = WAIT_HARAKIRI;
	core->harakiri.is_due = false;
	return reason;
}

/* What the response holds goes out, and may wait for the client by itself. */
static enum wait_reason
wait_push(struct core *core)
{
	bool			(*asks)(struct core *) = core->asks;
	enum wait_reason	 reason;

	if (core->job != NULL)
		return WAIT_READY;
	core->asks = NULL;	/* not that wait's */
	reason = response_push(&core->req);
	core->asks = asks;
	return reason;
}

/* Waits in the way that the suspend engine allows; before it does: push. */
static enum wait_reason
wait_any(struct core *core, struct wait_item *items, size_t n, double timeout,
    enum sb_core_state shown)
{
	enum wait_reason	 reason;
	size_t			 i;

	if (n > WAIT_MAX) {
		errno = EINVAL;
		return WAIT_ERROR;
	}
	for (i = 0; i < n; i++) {
		items[i].ready = 0;
		if (items[i].fd < 0 ||
		    (items[i].events & (WAIT_READ | WAIT_WRITE)) == 0) {
			errno = items[i].fd < 0 ? EBADF : EINVAL;
			return WAIT_ERROR;
		}
	}
	if (core->worker->forked || (timeout == 0 && n > 0))
		return wait_poll(core, items, n, timeout);
	reason = wait_push(core);
	if (reason != WAIT_READY)
		return reason;
	if (wait_is_left(core))
		return WAIT_GONE;
	if (core->worker->suspend->can_park)
		return wait_attached(core, items, n, timeout, shown);
	sb_core_set(core->sb, shown, n == 0 ? -1 : items[0].fd);
	reason = wait_poll(core, items, n, timeout);
	sb_core_set(core->sb, SB_CORE_RUNNING, -1);
	return reason;
}

/* How a wait for these events is shown. */
static enum sb_core_state
wait_shown(short events)
{
	return events & WAIT_READ ? SB_CORE_WAIT_READ : SB_CORE_WAIT_WRITE;
}

/* Waits for one descriptor. */
enum wait_reason
wait_fd(struct core *core, int fd, short events, double timeout)
{
	struct wait_item	 item = { .fd = fd, .events = events };

	return wait_any(core, &item, 1, timeout, wait_shown(events));
}

/* Waits for the core's own client. */
enum wait_reason
wait_client(struct core *core, short events, double timeout)
{
	struct wait_item	 item = { .fd = core->req.conn->fd,
	    .events = events };

	return wait_any(core, &item, 1, timeout,
	    events & WAIT_READ ? SB_CORE_BODY : SB_CORE_SENDING);
}

/* Wakes those for whom it is so now. */
void
wait_look(struct worker *w)
{
	struct core	*core;
	int		 i;

	for (i = 0; i <= w->ncores; i++) {
		core = &w->cores[i];
		if (core->state == CORE_WAITING && !core->hears &&
		    core->until != NULL && core->until(core))
			core_wake(core, WAIT_READY);
	}
}

/* Waits for something that no descriptor tells of. */
enum wait_reason
wait_until(struct core *core, bool (*is_so)(struct core *), double timeout,
    enum sb_core_state shown)
{
	enum wait_reason	 reason;

	core->asks = is_so;
	reason = wait_any(core, NULL, 0, timeout, shown);
	core->asks = NULL;
	return reason;
}

/* Sleeps; WAIT_READY when the time is over. */
enum wait_reason
wait_ms(struct core *core, double ms)
{
	enum wait_reason	 reason;

	reason = wait_any(core, NULL, 0, ms < 0 ? 0 : ms / 1000,
	    SB_CORE_SLEEP);
	return reason == WAIT_TIMEOUT ? WAIT_READY : reason;
}

/* Waits for any of several descriptors; how it is shown is the caller's. */
enum wait_reason
wait_set_as(struct core *core, struct wait_item *items, size_t n,
    double timeout, enum sb_core_state shown)
{
	return wait_any(core, items, n, timeout, shown);
}

/* Waits for any of several descriptors. */
enum wait_reason
wait_set(struct core *core, struct wait_item *items, size_t n, double timeout)
{
	if (n == 0 && timeout == 0)
		return WAIT_TIMEOUT;
	return wait_any(core, items, n, timeout,
	    n == 0 ? SB_CORE_SLEEP : wait_shown(items[0].events));
}

/* Lets the others run once. */
enum wait_reason
wait_turn(struct core *core)
{
	if (!core->worker->suspend->can_park)
		return WAIT_READY;
	return wait_ms(core, 0);
}
