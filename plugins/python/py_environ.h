/* The environ of a request, by PEP 3333. */
#ifndef WM_PLUGINS_PYTHON_PY_ENVIRON_H
#define WM_PLUGINS_PYTHON_PY_ENVIRON_H

#include <Python.h>

struct py_app;
struct request;
struct worker;

/* In the worker, with the lock; -1 with a Python exception. */
int	 py_environ_init(struct worker *w);
void	 py_environ_done(void);
/*
 * A new dict, NULL with a Python exception. input is wsgi.input; NULL for a
 * request without a body. Fills req's nvars and vars_size for the log.
 */
PyObject *py_environ_new(struct request *req, const struct py_app *app,
	    PyObject *input);
/* The request's id as a str. New; NULL with a Python exception. */
PyObject *py_environ_id(const struct request *req);

#endif
