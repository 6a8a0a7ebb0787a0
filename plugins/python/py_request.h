/* uwsgi's functions about the calling request's log line and variables. */
#ifndef WM_PLUGINS_PYTHON_PY_REQUEST_H
#define WM_PLUGINS_PYTHON_PY_REQUEST_H

#include <Python.h>

extern const PyMethodDef	 py_request_methods[];

#endif
