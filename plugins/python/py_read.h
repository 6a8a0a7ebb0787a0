/* uwsgi.parsefile and extract: files that are read as a whole. */
#ifndef WM_PLUGINS_PYTHON_PY_READ_H
#define WM_PLUGINS_PYTHON_PY_READ_H

#include <Python.h>

extern const PyMethodDef	 py_read_methods[];

#endif
