/* The module wsgimaster, which is also called uwsgi. */
#ifndef WM_PLUGINS_PYTHON_PY_MODULE_H
#define WM_PLUGINS_PYTHON_PY_MODULE_H

#include <Python.h>

struct worker;

/* Before Python is initialised: makes it known. 0, or -1. */
int	 py_module_register(void);
/*
 * With the lock, from here on. Imports it under both names, so that it is
 * one object, and sets its attributes. -1 with a Python exception.
 */
int	 py_module_import(struct worker *w);
/* An attribute, borrowed; NULL with AttributeError. */
PyObject *py_module_get(const char *name);
/* An attribute that the app may have set, borrowed; NULL: has not, or None. */
PyObject *py_module_find(const char *name);
/* The dict that the app has assigned to "applications", borrowed, or NULL. */
PyObject *py_module_applications(void);
/* Calls what the app has assigned to this attribute, if it has; -1: raised. */
int	 py_module_call_hook(const char *name);

#endif
