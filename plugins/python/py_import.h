/* From the name of an app to the callable. */
#ifndef WM_PLUGINS_PYTHON_PY_IMPORT_H
#define WM_PLUGINS_PYTHON_PY_IMPORT_H

#include <Python.h>

#include <stdbool.h>

/*
 * Imports what (a module's name, or a file's path if is_file) and gives its
 * callable: a name, a dotted name, or "factory()" which is called. New, with
 * the lock; NULL and *cause (the caller frees it) when it cannot be had; the
 * whole traceback is then in the log.
 */
PyObject *py_import_callable(const char *what, bool is_file,
	    const char *callable, char **cause);
/*
 * Imports alone: the module, new; NULL with *cause, as above. The same one
 * when it is asked for again.
 */
PyObject *py_import_module(const char *what, bool is_file, char **cause);
/* Is this a file's path rather than a module's name? */
bool	 py_import_is_file(const char *name, size_t len);
/* The module of a file, run once. New, with the lock; NULL: an exception. */
PyObject *py_import_file(const char *path);

#endif
