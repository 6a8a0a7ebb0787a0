/* The part of the gevent engine that is written in Python. */
#ifndef WM_PLUGINS_GEVENT_GEVENT_GLUE_H
#define WM_PLUGINS_GEVENT_GEVENT_GLUE_H

#include <Python.h>

/* The module with gevent_glue.py in it, new; NULL with an exception. Once. */
PyObject *gevent_glue_new(void);

#endif
