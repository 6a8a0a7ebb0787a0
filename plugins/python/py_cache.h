/* The cache_* functions of the module. */
#ifndef WM_PLUGINS_PYTHON_PY_CACHE_H
#define WM_PLUGINS_PYTHON_PY_CACHE_H

#include <Python.h>

extern const PyMethodDef	 py_cache_methods[];

#endif
