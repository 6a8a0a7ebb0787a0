/* uwsgi.alarm. */
#ifndef WM_PLUGINS_PYTHON_PY_ALARM_H
#define WM_PLUGINS_PYTHON_PY_ALARM_H

#include <Python.h>

extern const PyMethodDef	 py_alarm_methods[];

#endif
