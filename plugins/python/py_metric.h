/* metric_get() and its kin: the app's metrics, and uWSGI's own. */
#ifndef WM_PLUGINS_PYTHON_PY_METRIC_H
#define WM_PLUGINS_PYTHON_PY_METRIC_H

#include <Python.h>

extern const PyMethodDef py_metric_methods[];

#endif
