/* wsgi.input: the request's body as a file. */
#ifndef WM_PLUGINS_PYTHON_PY_INPUT_H
#define WM_PLUGINS_PYTHON_PY_INPUT_H

#include <Python.h>

#include "worker/body.h"

struct core;
struct request;

/* All with the lock. */

/* Once; -1 with a Python exception. */
int	 py_input_init(void);
/* For requests without a body: always at its end. New. */
PyObject *py_input_empty(void);
/*
 * The core's input for this request, borrowed from the core; NULL with a
 * Python exception. The app may keep the object for longer than the request
 * lasts: after py_input_detach it raises ValueError.
 */
PyObject *py_input_take(struct request *req);
void	 py_input_detach(struct request *req);
/* The exception for a body that could not be read; one that is set stays. */
void	 py_input_raise(const struct core *core, enum body_error error);

#endif
