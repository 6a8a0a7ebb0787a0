/* wsgi.errors: what an app complains of becomes log records. */
#ifndef WM_PLUGINS_PYTHON_PY_ERRORS_H
#define WM_PLUGINS_PYTHON_PY_ERRORS_H

#include <Python.h>

struct core;

/* All with the lock. */

/* Once; -1 with a Python exception. */
int	 py_errors_init(void);
/*
 * One object for all requests: what is written goes, line by line, to the log
 * of the request that writes it. New; NULL with a Python exception.
 */
PyObject *py_errors_new(void);
/* Logs the line that core's request has begun and not ended. */
void	 py_errors_flush(const struct core *core);

#endif
