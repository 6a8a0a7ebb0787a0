/* uwsgi.wait_fd_read, async_sleep, suspend and what belongs to them. */
#ifndef WM_PLUGINS_PYTHON_PY_ASYNC_H
#define WM_PLUGINS_PYTHON_PY_ASYNC_H

#include <Python.h>

#include <stdbool.h>

struct core;

extern const PyMethodDef	 py_async_methods[];

/*
 * The core whose request calls the function of that name; NULL with a
 * RuntimeError that says so when it is none. With the lock.
 */
struct core *py_async_core(const char *name);
/*
 * The same for what does not wait: also the core of the request to which the
 * calling task belongs.
 */
struct core *py_async_request(const char *name);
/*
 * A number of seconds: absent, None, 0 and less are 0, which callers take for
 * "for ever". False with a Python exception.
 */
bool	 py_async_seconds(PyObject *arg, double *seconds);

#endif
