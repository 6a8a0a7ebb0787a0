/* uwsgi.opt: the options that were given. */
#ifndef WM_PLUGINS_PYTHON_PY_OPT_H
#define WM_PLUGINS_PYTHON_PY_OPT_H

#include <Python.h>

struct config;

/*
 * A dict of the options that were given: name to True, bytes, or a list of
 * bytes. New, with the lock; NULL with a Python exception.
 */
PyObject *py_opt_new(const struct config *cfg);

#endif
