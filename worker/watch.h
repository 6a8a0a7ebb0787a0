/*
 * Descriptors of the app's that the base watches, by their number.
 *
 * libevent counts the events of each number and asks the kernel only for the
 * first of them. An app may close a descriptor while somebody waits for it:
 * the kernel forgets it, libevent does not, and whoever gets that number next
 * would never hear of it. So every watch on a descriptor that is not the
 * worker's own goes through this table, which knows which file was meant:
 *
 *	watch_add	who watches another file of this number is told
 *	watch_forget	the number is new (accept), or about to be closed
 *	watch_check	once a second: what was closed silently
 *
 * A watch whose file is gone is taken off the base and then told by gone().
 * Loop thread only.
 */
#ifndef WM_WORKER_WATCH_H
#define WM_WORKER_WATCH_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct worker;

/* The caller's memory, which must not move between watch_add and watch_del. */
struct watch {
	struct event	 ev;
	void		(*gone)(struct watch *watch);
	bool		 added;		/* false again when it is gone */

	/* watch.c's own. */
	int		 fd;
	dev_t		 dev;
	ino_t		 ino;
	struct watch	*next;
	struct watch	*prev;
};

/* By number; in struct worker, all zero at first. */
struct watches {
	struct watch	**first;
	size_t		 count;
};

/*
 * Watches; fd, events and callback as for event_assign. 0, or -1 with errno:
 * EBADF when it is closed, EPERM when it is a file that is always ready.
 */
int	 watch_add(struct worker *w, struct watch *watch, int fd,
	    short events, event_callback_fn cb, void *arg);
/* Watches no more; harmless for one that is not watched or gone. */
void	 watch_del(struct worker *w, struct watch *watch);

/* Tells all who watch this number that their file is gone. */
void	 watch_forget(struct worker *w, int fd);
/* Looks for files that were closed without a word. */
void	 watch_check(struct worker *w);
/* Nothing is watched any more: frees the table. */
void	 watch_done(struct worker *w);

#endif
