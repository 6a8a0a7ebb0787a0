/* The control socket: who may speak on it, and how many at once. */
#ifndef WM_MASTER_CONTROL_H
#define WM_MASTER_CONTROL_H

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
/* Forgets all clients; those that wait for the server's end stay connected. */
void		 control_free(struct control *control);

#endif
