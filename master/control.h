/* The control socket: who may speak on it, and how many at once. */
#ifndef WM_MASTER_CONTROL_H
#define WM_MASTER_CONTROL_H

#include <stdbool.h>

struct control;
struct master;

/*
 * Answers wsgimaster ctl (shm/control.h) on m->control_socket from the
 * master's loop, so also when no worker does anything. Nothing in it blocks: a
 * client that is slow is given a few seconds, long answers are made piece by
 * piece as the client takes them (control_client.h), and what has to wait (for
 * a reload, for workers) is told later. NULL without a socket.
 */
struct control	*control_new(struct master *m);
/*
 * In an upgrade the socket is another master's for a while: who connects then
 * waits, or is answered by that. Connections that are there go on.
 */
void		 control_accept(struct control *control, bool on);
/* Forgets all clients; those that wait for the server's end stay connected. */
void		 control_free(struct control *control);

#endif
