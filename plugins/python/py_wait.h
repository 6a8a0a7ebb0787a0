/* wsgimaster.sleep and wsgimaster.wait: waiting at once. */
#ifndef WM_PLUGINS_PYTHON_PY_WAIT_H
#define WM_PLUGINS_PYTHON_PY_WAIT_H

#include <Python.h>

/*
 * Methods of the module; with the lock, new references. Called by a request
 * they park its core; anywhere else they block the thread, with the lock given
 * up.
 */
PyObject *py_wait_sleep(PyObject *self, PyObject *seconds);
PyObject *py_wait_fd(PyObject *self, PyObject *args, PyObject *keywords);

#endif
