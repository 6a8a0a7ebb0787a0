/* Hears of files that come into a folder: inotify. */
#include "worker/spool/spool_watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "worker/spool/spool_folder.h"

/* Not IN_CLOSE_WRITE: who takes a task opens it, too. */
#define SPOOL_WATCHED	(IN_CREATE | IN_MOVED_TO | IN_ONLYDIR)

/* Begins; without it tasks of other programs' are found now and then. */
void
spool_watch_start(struct spool_watch *watch)
{
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd == -1)
		log_warn("no inotify (%s): tasks that others put into the "
		    "folder wait for spooler-frequency", strerror(errno));
}

/* One of the numbered folders. */
static void
spool_watch_one(void *arg, int dir, int priority, const char *name)
{
	const struct spool_watch	*watch = arg;
	char				 path[64];

	(void)priority, (void)name;
	/* It is the one that is open, whatever has its name by now. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", dir);
	(void)inotify_add_watch(watch->fd, path, SPOOL_WATCHED);
}

/* Watches what is there; what is watched already stays so. */
void
spool_watch_add(struct spool_watch *watch, const struct spool_folder *folder)
{
	if (watch->fd == -1)
		return;
	spool_watch_one(watch, folder->fd, 0, NULL);
	spool_folder_each(folder, spool_watch_one, watch);
}

/* A task, or a folder for some? Not what is only being written. */
static bool
spool_watch_is_news(const struct inotify_event *event)
{
	return event->len == 0 || event->name[0] != '.';
}

/* Takes everything. */
bool
spool_watch_read(struct spool_watch *watch)
{
	_Alignas(struct inotify_event) char	 buf[4096];
	const struct inotify_event		*event;
	bool					 any = false;
	ssize_t					 n, at;

	while (watch->fd != -1 &&
	    (n = read(watch->fd, buf, sizeof(buf))) > 0) {
		for (at = 0; at < n; at += (ssize_t)(sizeof(*event) +
		    event->len)) {
			event = (const void *)(buf + at);
			any = any || spool_watch_is_news(event);
		}
	}
	return any;
}

/* Ends. */
void
spool_watch_stop(struct spool_watch *watch)
{
	fd_close(&watch->fd);
}
