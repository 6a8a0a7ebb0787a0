/* queue_push() and its kin: messages for all processes. */
#ifndef WM_PLUGINS_PYTHON_PY_QUEUE_H
#define WM_PLUGINS_PYTHON_PY_QUEUE_H

#include <Python.h>

#include <stdbool.h>

struct config;

extern const PyMethodDef py_queue_methods[];

/* Is there a queue? Else the module has none of this. */
bool	 py_queue_is_wanted(const struct config *cfg);

#endif
