/* x-wsgiorg.fdevent: the environ's keys, and the timeout object. */
#ifndef WM_PLUGINS_PYTHON_PY_FDEVENT_H
#define WM_PLUGINS_PYTHON_PY_FDEVENT_H

#include <Python.h>

#include <stdbool.h>

/* All with the lock. Once; -1 with a Python exception. */
int	 py_fdevent_init(void);
/* Adds readable and writable to the template of environs. 0, or -1. */
int	 py_fdevent_add(PyObject *env);
/* environ's timeout: its truth says whether the last wait timed out. New. */
PyObject *py_fdevent_new(void);
void	 py_fdevent_set(PyObject *timeout, bool timed_out);
/* A kept head's dict has one reference more (1), or less (-1). */
void	 py_fdevent_keep(PyObject *timeout, int more);
/* Has nobody else any but the caller, who has one? */
bool	 py_fdevent_is_unshared(PyObject *timeout);

#endif
