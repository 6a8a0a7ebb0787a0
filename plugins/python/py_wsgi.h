/* A request answered by a WSGI app. */
#ifndef WM_PLUGINS_PYTHON_PY_WSGI_H
#define WM_PLUGINS_PYTHON_PY_WSGI_H

#include <Python.h>

struct request;

/* struct handler's run: takes the lock where it is not held yet. */
int	 py_wsgi_run(struct request *req);
/*
 * With the lock, at the worker's start: what is called behind each request's
 * response from now on (borrowed; NULL: nothing).
 */
void	 py_wsgi_take_hook(PyObject *hook);

#endif
