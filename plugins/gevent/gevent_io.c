/* gevent's watchers of descriptors. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <errno.h>
#include <event2/event.h>
#include <limits.h>

#include "plugins/gevent/gevent_loop.h"
#include "worker/worker.h"

/* A descriptor is ready. Without the lock. */
static void
gevent_io_cb(evutil_socket_t fd, short events, void *arg)
{
	struct gevent_io	*io = arg;
	int			 revents = 0;

	(void)fd;
	if (events & EV_READ)
		revents |= GEVENT_EV_READ;
	if (events & EV_WRITE)
		revents |= GEVENT_EV_WRITE;
	gevent_watcher_feed(&io->w, revents & io->events);
}

/*
 * The descriptor cannot be watched, or not any more: told as libev does. The
 * call makes it inactive, since this may be without the lock.
 */
static void
gevent_io_fail(struct gevent_io *io)
{
	gevent_watcher_feed(&io->w, GEVENT_EV_ERROR | GEVENT_EV_READ |
	    GEVENT_EV_WRITE);
}

/* It was closed meanwhile. Perhaps without the lock. */
static void
gevent_io_gone_cb(struct watch *watch)
{
	struct gevent_io	*io = (struct gevent_io *)((char *)watch -
	    offsetof(struct gevent_io, watch));

	gevent_io_fail(io);
}

/* Starts; one that cannot be watched is fed. */
int
gevent_io_start(struct gevent_watcher *w)
{
	struct gevent_io	*io = (struct gevent_io *)w;
	short			 events = EV_PERSIST;

	io->always = false;
	io->watch.gone = gevent_io_gone_cb;
	io->watch.added = false;
	if (io->events & GEVENT_EV_READ)
		events |= EV_READ;
	if (io->events & GEVENT_EV_WRITE)
		events |= EV_WRITE;
	if (events == EV_PERSIST || watch_add(w->loop->worker, &io->watch,
	    io->fd, events, gevent_io_cb, io) == 0)
		return 0;
	if (errno == EPERM) {		/* a file on a disk */
		io->always = true;
		w->loop->always++;
	} else
		gevent_io_fail(io);
	return 0;
}

/* Stops one that is active. */
void
gevent_io_stop(struct gevent_watcher *w)
{
	struct gevent_io	*io = (struct gevent_io *)w;

	if (io->always)
		w->loop->always--;
	io->always = false;
	watch_del(w->loop->worker, &io->watch);
}

/* Feeds those that are always ready. */
void
gevent_io_feed_always(struct gevent_loop *loop)
{
	struct gevent_watcher	*w;
	struct gevent_io	*io;

	if (loop->always == 0)
		return;
	TAILQ_FOREACH(w, &loop->active[GEVENT_IO], active_link) {
		io = (struct gevent_io *)w;
		if (io->always)
			gevent_watcher_feed(w, io->events &
			    (GEVENT_EV_READ | GEVENT_EV_WRITE));
	}
}

/* A descriptor is to be closed: its watchers are called. */
bool
gevent_io_closing(struct gevent_loop *loop, int fd)
{
	struct watches		*all = &loop->worker->watches;
	struct watch		*watch;
	struct gevent_io	*io;
	bool			 found = false;

	if (fd < 0 || (size_t)fd >= all->count)
		return false;
	for (watch = all->first[fd]; watch != NULL; watch = watch->next) {
		if (watch->gone != gevent_io_gone_cb)
			continue;
		io = (struct gevent_io *)((char *)watch -
		    offsetof(struct gevent_io, watch));
		if (io->w.loop != loop || io->w.queue != NULL)
			continue;
		gevent_watcher_feed(&io->w, io->events &
		    (GEVENT_EV_READ | GEVENT_EV_WRITE));
		found = true;
	}
	return found;
}
