/* The worker's end of the socket to the master, which two threads read. */
#ifndef WM_WORKER_CONTROL_H
#define WM_WORKER_CONTROL_H

#include <stdbool.h>
#include <sys/types.h>

#include "shm/messages.h"

struct worker;

/*
 * The loop reads what the master says. While it is held up the watchdog does,
 * so that the master can ask what it is that holds it up; what is for the loop
 * is kept here meanwhile, in its order:
 *
 *	watchdog: control_look	takes what is there; MSG_STACKS is its own
 *	loop: control_next	what was kept, then what comes from the socket
 *
 * Both go on reading under one lock, so a message that comes later is not read
 * before one that was kept. CONTROL_KEPT are kept at most; more stay in the
 * socket.
 */
#define CONTROL_KEPT	64

/* Loop: the next message; 0 at the end, -1 with errno (EAGAIN: none). */
ssize_t	 control_next(struct worker *w, struct message *msg, int *fd);
/* Loop: are there messages that were kept? Then the socket does not tell. */
bool	 control_has_kept(void);
/*
 * Watchdog: takes all that is there. True if it was asked for stacks, which
 * *msg and *fd are; false when there is nothing more.
 */
bool	 control_look(struct worker *w, struct message *msg, int *fd);
/* In a child that the app has forked: nothing was said. */
void	 control_forked(void);

#endif
