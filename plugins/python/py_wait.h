/* wsgimaster.sleep and wsgimaster.wait: waiting at once. */
#ifndef WM_PLUGINS_PYTHON_PY_WAIT_H
#define WM_PLUGINS_PYTHON_PY_WAIT_H

#include <Python.h>

#include <poll.h>
#include <stdbool.h>

#include "worker/wait.h"

/*
 * Methods of the module; with the lock, new references. Called by a request
 * they park its core; anywhere else they block the thread, with the lock given
 * up.
 */
PyObject *py_wait_sleep(PyObject *self, PyObject *seconds);
PyObject *py_wait_fd(PyObject *self, PyObject *args, PyObject *keywords);

/*
 * The same for C: which of events (WAIT_READ, WAIT_WRITE) are there, 0 after
 * the timeout (below 0: none), -1 with a Python exception.
 */
int	 py_wait_for(int fd, short events, double timeout);
/*
 * Blocks the thread in poll(2) without the lock, running signal handlers in
 * between. Seconds below 0: for ever. poll's result, -1: a Python exception.
 */
int	 py_wait_block(struct pollfd *pfd, nfds_t n, double seconds);
/*
 * An optional argument, borrowed (NULL and None: not given), in the unit that
 * it has; what is not given or negative means for ever, and is below 0. False
 * with a Python exception.
 */
bool	 py_wait_timeout(PyObject *arg, double *timeout);
/*
 * Raises why a wait has failed, unless an exception is set: ClientGone,
 * Harakiri, or an OSError with errno. Gives NULL.
 */
PyObject *py_wait_raise(enum wait_reason reason);

#endif
