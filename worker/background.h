/* A mule's or spooler's process, without what it works with. */
#ifndef WM_WORKER_BACKGROUND_H
#define WM_WORKER_BACKGROUND_H

#include <stdbool.h>
#include <stdint.h>

#include "shm/seats.h"

struct worker;

/*
 * Beside workers, the spawner forks processes that serve no clients. They have
 * the app, no loop, no cores and no slot of the scoreboard; their main thread
 * runs ordinary, blocking code: struct runtime's mule_run or spooler_run.
 *
 *	identity	w->kind, number, seat, control; log role, name
 *	control		a thread of its own, which runs no Python, reads what
 *			the master says (the table in background.c)
 *	begin		MSG_READY
 *	run		until it returns
 *	worker_stop	the app's atexit
 *
 * The control thread's signals are blocked: those of the process arrive on the
 * main thread. It does what concerns the process alone (log files, log level),
 * and passes on what the main thread is to do:
 *
 *	RUNNING -> LEAVING	MSG_DRAIN, or EOF: the master is dead. The
 *				seat's doorbell is rung; if the main thread runs
 *				the app's own code that has no end
 *				(background_free), it gets SIGTERM
 *	(LEAVING, master dead, and its mercy over: SIGKILL)
 *
 * Between background_busy and background_idle the main thread works on one
 * thing (a message, a task): it is let finish, but if that takes longer than
 * its limit (harakiri), the control thread has it write its stacks
 * (SIGNAL_DUMP) and kills the process. The master starts another one.
 */
int	 mule_main(struct worker *w, int id, int slot, int control);
int	 spooler_main(struct worker *w, int id, int slot, int control);

/* Any thread: shall the process leave? Look whenever the doorbell was rung. */
bool	 background_is_leaving(void);
/* The same; is nobody there who takes over what waits (enum drain)? */
bool	 background_is_last(void);
/* Readable as soon as it shall; never read from. */
int	 background_wake_fd(void);
/*
 * Main thread: the app's own code runs from here on (true), which must be told
 * to leave by SIGTERM; or it is in a wait of the server's, or has something to
 * finish (false). SIGTERM comes at once if the process is leaving already.
 */
void	 background_free(bool free);
/*
 * Main thread: begins a piece of work (seconds 0: without limit), and ends it;
 * counted in shm/deeds.h.
 */
void	 background_busy(struct worker *w, double seconds);
void	 background_idle(struct worker *w, bool failed);
/*
 * Any thread: whatever it does now, the process is killed in so many seconds,
 * as above; 0 or less: it is not.
 */
void	 background_limit(double seconds);

#endif
