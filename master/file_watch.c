/* Tells when a file or folder changes. */
#include "master/file_watch.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/xmalloc.h"

#define FILE_WATCH_EVENTS	(IN_MODIFY | IN_ATTRIB | IN_CREATE |	\
				    IN_DELETE | IN_MOVED_FROM |		\
				    IN_MOVED_TO | IN_DELETE_SELF |	\
				    IN_MOVE_SELF)
#define FILE_WATCH_READS	16	/* of events in one go */

struct file_watch {
	char		*path;
	void		(*changed)(void *arg);
	void		*arg;
	int		 fd;		/* inotify's, -1: none */
	int		 wd;		/* -1: nothing is watched */
	struct event	 ev;
	bool		 there;
	struct stat	 st;		/* if it is there */
};

/* Notes what there is; true if that is another state than before. */
static bool
file_watch_note(struct file_watch *fw, bool *another)
{
	struct stat	 st;
	bool		 there = stat(fw->path, &st) == 0, changed;

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

/* Puts the watch on what has the name now. */
static void
file_watch_put(struct file_watch *fw)
{
	if (fw->fd == -1)
		return;
	if (fw->wd != -1)
		(void)inotify_rm_watch(fw->fd, fw->wd);
	fw->wd = inotify_add_watch(fw->fd, fw->path, FILE_WATCH_EVENTS);
}

/* Something has happened to it. */
static void
file_watch_cb(evutil_socket_t fd, short what, void *arg)
{
	_Alignas(struct inotify_event) char	 buf[4096];
	struct file_watch			*fw = arg;
	const struct inotify_event		*ev;
	ssize_t					 n, at;
	bool					 told = false, another;
	int					 i;

	(void)what;
	for (i = 0; i < FILE_WATCH_READS &&
	    (n = read(fd, buf, sizeof(buf))) > 0; i++) {
		for (at = 0; at < n; at += (ssize_t)(sizeof(*ev) + ev->len)) {
			ev = (const struct inotify_event *)(buf + at);
			told |= (ev->mask & FILE_WATCH_EVENTS) != 0 &&
			    ev->wd == fw->wd;
			if (ev->mask & IN_IGNORED && ev->wd == fw->wd)
				fw->wd = -1;
		}
	}
	(void)file_watch_note(fw, &another);
	if (another || fw->wd == -1)
		file_watch_put(fw);
	if (told || another)
		fw->changed(fw->arg);
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

/* Begins. */
struct file_watch *
file_watch_new(struct event_base *base, const char *path,
    void (*changed)(void *arg), void *arg)
{
	struct file_watch	*fw = xcalloc(1, sizeof(*fw));
	bool			 another;

	fw->path = xstrdup(path);
	fw->changed = changed;
	fw->arg = arg;
	fw->wd = -1;
	fw->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	(void)file_watch_note(fw, &another);
	file_watch_put(fw);
	if (fw->fd != -1) {
		event_assign(&fw->ev, base, fw->fd, EV_READ | EV_PERSIST,
		    file_watch_cb, fw);
		event_add(&fw->ev, NULL);
	}
	return fw;
}

/* Ends. */
void
file_watch_free(struct file_watch *fw)
{
	if (fw == NULL)
		return;
	if (fw->fd != -1)
		event_del(&fw->ev);
	fd_close(&fw->fd);
	free(fw->path);
	free(fw);
}
