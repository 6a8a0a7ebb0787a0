/* uwsgi.connect, recv, send and what belongs to them. */
#ifndef WM_PLUGINS_PYTHON_PY_SOCKET_H
#define WM_PLUGINS_PYTHON_PY_SOCKET_H

#include <Python.h>

extern const PyMethodDef	 py_socket_methods[];

/*
 * Connects to "host:port" or a path (str or bytes), within so many seconds (0
 * and less: no limit), as a request or blocking the thread. With the lock. A
 * non-blocking descriptor; -1 if there is none, -2 with a Python exception.
 */
int	 py_socket_dial(PyObject *text, double seconds);

#endif
