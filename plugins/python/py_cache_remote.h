/* Caches in Redis, by redis-py: what is written in remote_cache.py. */
#ifndef WM_PLUGINS_PYTHON_PY_CACHE_REMOTE_H
#define WM_PLUGINS_PYTHON_PY_CACHE_REMOTE_H

#include <Python.h>

/* Is the name of a cache one of a remote one ("redis://...")? */
int	 py_cache_is_remote(const char *name);
/*
 * Calls its function of that name (cache_get, ...) with the address and the
 * arguments. New, or NULL with an exception.
 */
PyObject *py_cache_remote_call(const char *function, PyObject *address,
	    PyObject *const *args, Py_ssize_t count);

#endif
