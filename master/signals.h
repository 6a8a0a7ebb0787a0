/* The master's signals: read from a descriptor, none interrupts anything. */
#ifndef WM_MASTER_SIGNALS_H
#define WM_MASTER_SIGNALS_H

struct event_base;
struct signals;

/*
 * From signals_block on the master's signals are blocked; signals_new makes
 * the base call cb for each that comes. Several of one kind may become one.
 */
typedef void	(*signals_cb)(int number, void *arg);

void		 signals_block(void);
struct signals	*signals_new(struct event_base *base, signals_cb cb,
		    void *arg);
void		 signals_free(struct signals *sigs);

/*
 * In a child, right after the fork: unblocks. A signal that is meant for the
 * master and reaches its children as well (a terminal's ^C, systemd's stop of
 * the whole group) does nothing there: the master tells them what to do. They
 * have an empty handler for it, so that it is not ignored in what an app
 * executes. An app may set handlers of its own.
 */
void		 signals_child(void);

#endif
