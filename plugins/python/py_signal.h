/* uwsgi.register_signal, signal, add_timer and what belongs to them. */
#ifndef WM_PLUGINS_PYTHON_PY_SIGNAL_H
#define WM_PLUGINS_PYTHON_PY_SIGNAL_H

#include <Python.h>

#include <stdbool.h>
#include <stdint.h>

struct core;
struct worker;

#define PY_SIGNALS	256

/*
 * A process has its handlers by number: those of the import, and what it has
 * registered itself. The master (master/user_signals.h) is told of each, and
 * sends the number when the handler is to run:
 *
 *	a worker	as a job (worker/job.h)
 *	a worker that	in that call (py_signal_wait.c): before its loop turns,
 *	blocks in	or without an engine that could park
 *	signal_wait()
 *	a mule or	on its main thread, whenever that waits in a function of
 *	spooler		the server's; the control thread only notes the number
 */
extern const PyMethodDef py_signal_methods[];
extern const PyMethodDef py_signal_wait_methods[];

/* runtime->signal. */
void	 py_signal_take(struct worker *w, int number);
/* Not on a job's core: runs the handler now. With the lock. */
void	 py_signal_run_here(struct worker *w, int number);
/*
 * In a mule or spooler, main thread, with the lock: runs the handlers of what
 * has come (the seat's doorbell is rung for each); how many that were.
 */
int	 py_signal_work(struct worker *w);

/* The number an argument is; -1 with ValueError. */
int	 py_signal_number(long number);

/*
 * py_signal_remote.c: raises it on node (str or bytes: "host:port" or a unix
 * socket's path). Parks the calling request, or blocks the thread, until it was
 * taken, for rpc-timeout at most. With the lock. New: None; NULL with
 * ValueError, the node refuses it, OSError, it could not be told, or whatever
 * has ended the wait.
 */
PyObject *py_signal_remote(int number, PyObject *node);

/* py_signal_wait.c: it has run, on the loop's thread or with the loop lent. */
void	 py_signal_arrived(struct worker *w, int number);
/* It runs on this core (NULL: none), for signal_received(). */
void	 py_signal_note(const struct core *core, int number);
/* Does the process wait for signals where it is, so that no job can run? */
bool	 py_signal_keep(int number);

#endif
