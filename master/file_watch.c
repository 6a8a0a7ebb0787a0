/* Tells when a file or folder changes. */
#include "master/file_watch.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/xmalloc.h"
#include "master/sight.h"

#define FILE_WATCH_EVENTS	(IN_MODIFY | IN_ATTRIB | IN_CREATE |	\
				    IN_DELETE | IN_MOVED_FROM |		\
				    IN_MOVED_TO | IN_DELETE_SELF |	\
				    IN_MOVE_SELF)
#define FILE_WATCH_READS	16	/* of events in one go */

struct file_watch {
	TAILQ_ENTRY(file_watch)	 link;
	struct file_watches	*all;
	char			*path;
	void			(*changed)(void *arg);
	void			*arg;
	int			 wd;		/* -1: nothing is watched */
	bool			 told;
	bool			 there;
	struct stat		 st;		/* if it is there */
};

struct file_watches {
	const struct config		*cfg;
	int				 fd;	/* inotify's, -1: none */
	struct event			 ev;
	TAILQ_HEAD(, file_watch)	 list;
};

/* Notes what there is; true if that is another state than before. */
static bool
file_watch_note(struct file_watch *fw, bool *another)
{
	struct stat	 st;
	bool		 there, changed;

	there = sight_as(fw->all->cfg) && stat(fw->path, &st) == 0;
	sight_own();
	*another = there != fw->there || (there &&
	    (st.st_ino != fw->st.st_ino || st.st_dev != fw->st.st_dev));
	changed = *another || (there &&
	    (st.st_size != fw->st.st_size ||
	    st.st_mtim.tv_sec != fw->st.st_mtim.tv_sec ||
	    st.st_mtim.tv_nsec != fw->st.st_mtim.tv_nsec));
	fw->there = there;
	if (there)
		fw->st = st;
	return changed;
}

/* Takes the watch off; two of one file have the same. */
static void
file_watch_off(struct file_watches *all, int wd)
{
	struct file_watch	*fw;

	TAILQ_FOREACH(fw, &all->list, link) {
		if (fw->wd == wd)
			return;
	}
	if (wd != -1)
		(void)inotify_rm_watch(all->fd, wd);
}

/* Puts the watch on what has the name now. */
static void
file_watch_put(struct file_watch *fw)
{
	int	 old = fw->wd;

	if (fw->all->fd == -1)
		return;
	fw->wd = sight_as(fw->all->cfg) ? inotify_add_watch(fw->all->fd,
	    fw->path, FILE_WATCH_EVENTS) : -1;
	sight_own();
	file_watch_off(fw->all, old);
}

/* Something has happened to what is watched by wd. */
static void
file_watches_tell(struct file_watches *all, const struct inotify_event *ev)
{
	struct file_watch	*fw;

	TAILQ_FOREACH(fw, &all->list, link) {
		if (ev->wd != fw->wd && (ev->mask & IN_Q_OVERFLOW) == 0)
			continue;
		fw->told |= (ev->mask & (FILE_WATCH_EVENTS |
		    IN_Q_OVERFLOW)) != 0;
		if (ev->mask & IN_IGNORED)
			fw->wd = -1;
	}
}

/* Whom that means, when all of it has been read. */
static void
file_watches_told(struct file_watches *all)
{
	struct file_watch	*fw;
	bool			 told, another;

	TAILQ_FOREACH(fw, &all->list, link) {
		if (!fw->told && fw->wd != -1)
			continue;
		told = fw->told;
		fw->told = false;
		(void)file_watch_note(fw, &another);
		if (another || fw->wd == -1)
			file_watch_put(fw);
		if (told || another)
			fw->changed(fw->arg);
	}
}

/* Something has happened. */
static void
file_watches_cb(evutil_socket_t fd, short what, void *arg)
{
	_Alignas(struct inotify_event) char	 buf[4096];
	struct file_watches			*all = arg;
	const struct inotify_event		*ev;
	ssize_t					 n, at;
	int					 i;

	(void)what;
	for (i = 0; i < FILE_WATCH_READS &&
	    (n = read(fd, buf, sizeof(buf))) > 0; i++) {
		for (at = 0; at < n; at += (ssize_t)(sizeof(*ev) + ev->len)) {
			ev = (const struct inotify_event *)(buf + at);
			file_watches_tell(all, ev);
		}
	}
	file_watches_told(all);
}

/* Looks: at all if nobody tells, and whether another file has the name. */
void
file_watch_look(struct file_watch *fw)
{
	bool	 another, changed = file_watch_note(fw, &another);

	if (another)
		file_watch_put(fw);
	if (another || (changed && fw->wd == -1))
		fw->changed(fw->arg);
}

/* Nothing is watched yet. */
struct file_watches *
file_watches_new(struct event_base *base, const struct config *cfg)
{
	struct file_watches	*all = xcalloc(1, sizeof(*all));

	all->cfg = cfg;
	TAILQ_INIT(&all->list);
	all->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (all->fd != -1) {
		event_assign(&all->ev, base, all->fd, EV_READ | EV_PERSIST,
		    file_watches_cb, all);
		event_add(&all->ev, NULL);
	}
	return all;
}

/* Nothing is any more. */
void
file_watches_free(struct file_watches *all)
{
	if (all == NULL)
		return;
	if (all->fd != -1)
		event_del(&all->ev);
	fd_close(&all->fd);
	free(all);
}

/* Begins. */
struct file_watch *
file_watch_new(struct file_watches *all, const char *path,
    void (*changed)(void *arg), void *arg)
{
	struct file_watch	*fw = xcalloc(1, sizeof(*fw));
	bool			 another;

	fw->all = all;
	fw->path = xstrdup(path);
	fw->changed = changed;
	fw->arg = arg;
	fw->wd = -1;
	TAILQ_INSERT_TAIL(&all->list, fw, link);
	(void)file_watch_note(fw, &another);
	file_watch_put(fw);
	return fw;
}

/* Ends. */
void
file_watch_free(struct file_watch *fw)
{
	if (fw == NULL)
		return;
	TAILQ_REMOVE(&fw->all->list, fw, link);
	file_watch_off(fw->all, fw->wd);
	free(fw->path);
	free(fw);
}
