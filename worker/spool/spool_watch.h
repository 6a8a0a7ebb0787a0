/* Hears of files that come into a folder: inotify. */
#ifndef WM_WORKER_SPOOL_SPOOL_WATCH_H
#define WM_WORKER_SPOOL_SPOOL_WATCH_H

#include <stdbool.h>

struct spool_folder;

/*
 * The folder, and the numbered ones below as they are seen. It is a help only:
 * there may be no inotify left, and a network's folder tells nothing.
 */
struct spool_watch {
	int	 fd;		/* readable: something came; -1: none */
};

void	 spool_watch_start(struct spool_watch *watch);
/* Before each look: those that are new are watched, too. */
void	 spool_watch_add(struct spool_watch *watch,
	    const struct spool_folder *folder);
/* Takes what there is: was it anything? */
bool	 spool_watch_read(struct spool_watch *watch);
void	 spool_watch_stop(struct spool_watch *watch);

#endif
