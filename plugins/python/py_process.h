/* uwsgi's functions and attributes about the server and its processes. */
#ifndef WM_PLUGINS_PYTHON_PY_PROCESS_H
#define WM_PLUGINS_PYTHON_PY_PROCESS_H

#include <Python.h>

struct worker;

extern const PyMethodDef	 py_process_methods[];

/* Sets sockets, loop, started_on, ... -1 with a Python exception. */
int	 py_process_attributes(struct worker *w, PyObject *module);

#endif
