/* Descriptors of the app's that the base watches, by their number. */
#include "worker/watch.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/xmalloc.h"
#include "worker/worker.h"

/* Puts a watch in front of its number's list, which may have to be made. */
static void
watch_link(struct watches *all, struct watch *watch)
{
	size_t	 n = all->count, fd = (size_t)watch->fd;

	if (fd >= n) {
		while (n <= fd)
			n = n == 0 ? 64 : n * 2;
		all->first = xrealloc(all->first, n * sizeof(*all->first));
		memset(all->first + all->count, 0,
		    (n - all->count) * sizeof(*all->first));
		all->count = n;
	}
	watch->prev = NULL;
	watch->next = all->first[fd];
	if (watch->next != NULL)
		watch->next->prev = watch;
	all->first[fd] = watch;
}

/* Watches no more. */
void
watch_del(struct worker *w, struct watch *watch)
{
	if (!watch->added)
		return;
	watch->added = false;
	event_del(&watch->ev);
	if (watch->prev != NULL)
		watch->prev->next = watch->next;
	else
		w->watches.first[watch->fd] = watch->next;
	if (watch->next != NULL)
		watch->next->prev = watch->prev;
}

/* The first watch of a number, or NULL. */
static struct watch *
watch_first(const struct watches *all, int fd)
{
	return fd < 0 || (size_t)fd >= all->count ? NULL : all->first[fd];
}

/* Tells all but those who watch this very file. */
static void
watch_expel(struct worker *w, int fd, const struct stat *st)
{
	struct watch	*watch, *next;

	for (watch = watch_first(&w->watches, fd); watch != NULL;
	    watch = next) {
		next = watch->next;
		if (st != NULL && watch->dev == st->st_dev &&
		    watch->ino == st->st_ino)
			continue;
		watch_del(w, watch);
		watch->gone(watch);
	}
}

/*
 * Takes the others of this number off the base or puts them on again: some
 * files cannot be told apart (an eventfd from the next), and libevent shall
 * ask the kernel afresh.
 */
static void
watch_others(struct worker *w, int fd, bool on)
{
	struct watch	*watch;

	for (watch = watch_first(&w->watches, fd); watch != NULL;
	    watch = watch->next) {
		if (on)
			event_add(&watch->ev, NULL);
		else
			event_del(&watch->ev);
	}
}

/* Watches. */
int
watch_add(struct worker *w, struct watch *watch, int fd, short events,
    event_callback_fn cb, void *arg)
{
	struct stat	 st;
	int		 result, saved;

	watch->added = false;
	if (fstat(fd, &st) == -1)
		return -1;
	watch_expel(w, fd, &st);
	watch->fd = fd;
	watch->dev = st.st_dev;
	watch->ino = st.st_ino;
	event_assign(&watch->ev, w->base, fd, events, cb, arg);
	watch_others(w, fd, false);
	result = event_add(&watch->ev, NULL);
	saved = errno;
	watch_others(w, fd, true);
	errno = saved;
	if (result == -1)
		return -1;
	watch->added = true;
	watch_link(&w->watches, watch);
	return 0;
}

/* Tells all who watch this number. */
void
watch_forget(struct worker *w, int fd)
{
	watch_expel(w, fd, NULL);
}

/* Looks at every watched number: is it still the same file? */
void
watch_check(struct worker *w)
{
	struct stat	 st;
	size_t		 fd;

	for (fd = 0; fd < w->watches.count; fd++) {
		if (w->watches.first[fd] == NULL)
			continue;
		watch_expel(w, (int)fd,
		    fstat((int)fd, &st) == -1 ? NULL : &st);
	}
}

/* Frees the table. */
void
watch_done(struct worker *w)
{
	free(w->watches.first);
	w->watches.first = NULL;
	w->watches.count = 0;
}
