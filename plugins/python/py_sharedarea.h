/* sharedarea_read() and its kin: raw memory that all processes share. */
#ifndef WM_PLUGINS_PYTHON_PY_SHAREDAREA_H
#define WM_PLUGINS_PYTHON_PY_SHAREDAREA_H

#include <Python.h>

#include <stdbool.h>

struct config;

extern const PyMethodDef py_sharedarea_methods[];

/* Is there an area? Else the module has none of this. */
bool	 py_sharedarea_is_wanted(const struct config *cfg);

/*
 * A copy of some bytes of an area, len 0: to its end. New; NULL with a Python
 * exception that names the function. It may wait for the area's lock.
 */
PyObject *py_sharedarea_bytes(const char *name, int id, long long pos,
	    long long len);

#endif
