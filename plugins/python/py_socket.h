/* uwsgi.connect, recv, send and what belongs to them. */
#ifndef WM_PLUGINS_PYTHON_PY_SOCKET_H
#define WM_PLUGINS_PYTHON_PY_SOCKET_H

#include <Python.h>

extern const PyMethodDef	 py_socket_methods[];

#endif
