/* A gateway's variables as items of an environ. */
#ifndef WM_PLUGINS_PYTHON_PY_VARS_H
#define WM_PLUGINS_PYTHON_PY_VARS_H

#include <Python.h>

#include <stdint.h>

struct py_app;
struct request;

/* All with the lock; -1 with a Python exception. */
int	 py_vars_init(void);
void	 py_vars_done(void);
/*
 * Puts all variables of the request into env, a fresh copy of the template:
 * HTTP_* as header fields (one that came twice is joined), others as they are.
 * Then what the server knows better: SCRIPT_NAME and PATH_INFO by the app's
 * prefix, wsgi.url_scheme, and the length of a body that was collected. *size
 * becomes the bytes of names and values, and two of length for each.
 */
int	 py_vars_add(PyObject *env, const struct request *req,
	    const struct py_app *app, uint32_t *size);

#endif
