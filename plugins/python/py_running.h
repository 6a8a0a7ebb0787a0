/* The running asyncio loop, which a request must not be inside of. */
#ifndef WM_PLUGINS_PYTHON_PY_RUNNING_H
#define WM_PLUGINS_PYTHON_PY_RUNNING_H

#include <Python.h>

#include <stdbool.h>

/*
 * Under the asyncio engine the server's loop runs on the thread's hub, and
 * asyncio keeps "the running loop" (and that loop's current task) per thread.
 * A request has a stack of its own, so it is not inside that loop: Django's
 * ORM and asyncio.run() would refuse to work. Therefore:
 *
 *  - the loop hides itself while its selector turns the base, where cores are
 *    started and resumed (once a turn: asyncio's functions make system calls);
 *  - whoever switches into a core's greenlet by its switch() or throw() with a
 *    loop in view, like a callback, hides it before and gets it back behind
 *    the switch, on its own stack, so that it does not matter who switches
 *    back, and how;
 *  - a core that is parked while it runs a loop of its own (asyncio.run) does
 *    the same around the switch to the hub.
 *
 *	struct py_running saved;
 *
 *	py_running_hide(&saved);
 *	... switch into a core ...
 *	py_running_restore(&saved);
 *
 * Before py_running_init, and with asyncio-expose-loop, nothing is hidden. All
 * of it with the lock, and an exception that is set stays set.
 */
struct py_running {
	PyObject	*loop;		/* a reference, or NULL: none */
	PyObject	*task;		/* the same */
	PyObject	*hooks;		/* park: asynchronous generators' */
};

/* -1 with a Python exception. The loop is the server's, borrowed. */
int	 py_running_init(PyObject *loop);
bool	 py_running_is_hidden(void);
/* Without a loop of the server's: only park and unpark do something. */
int	 py_running_init_parking(void);

/* Is a loop in view, so that the caller is inside of it? */
bool	 py_running_is_seen(void);

void	 py_running_hide(struct py_running *saved);
void	 py_running_restore(struct py_running *saved);
/* Around a park(): a core's own loop makes room for the server's things. */
void	 py_running_park(struct py_running *saved);
void	 py_running_unpark(struct py_running *saved);

#endif
