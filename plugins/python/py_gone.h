/* wsgimaster.ClientGone, which a request gets when its client has left. */
#ifndef WM_PLUGINS_PYTHON_PY_GONE_H
#define WM_PLUGINS_PYTHON_PY_GONE_H

#include <Python.h>

#include <stdbool.h>

struct request;

/*
 * Its bases are ConnectionResetError and BrokenPipeError (so also OSError):
 * whoever catches what a socket would raise catches it. All with the lock.
 */

/* Once: makes it, and gives it to the module; -1 with a Python exception. */
int	 py_gone_init(PyObject *module);
/* The exception's type, borrowed. */
PyObject *py_gone_type(void);
/* Raises it. */
void	 py_gone_raise(void);
/* Is the exception that is set this one, because the client has left? */
bool	 py_gone_is_set(const struct request *req);

#endif
