/* What is the same in the environ of all requests. */
#ifndef WM_PLUGINS_PYTHON_PY_TEMPLATE_H
#define WM_PLUGINS_PYTHON_PY_TEMPLATE_H

#include <Python.h>

#include <stdint.h>

struct worker;

/* With the lock. */

/*
 * A dict with all items that are the server's, and stand-ins for those that
 * every request has. New; NULL with a Python exception. *size becomes the
 * bytes of its keys.
 */
PyObject *py_template_new(struct worker *w, uint32_t *size);
/*
 * An equal one whose copies take many more items before they grow, where that
 * needs another size. New; NULL with a Python exception.
 */
PyObject *py_template_widen(PyObject *template);
/* Sets an item; NULL is an error that has its exception. 0 or -1. */
int	 py_template_set(PyObject *env, PyObject *key, PyObject *steal_value);

#endif
