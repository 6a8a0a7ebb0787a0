/* The type of a core's greenlet, which keeps requests out of the loop. */
#ifndef WM_PLUGINS_GREENLET_GREENLET_TYPE_H
#define WM_PLUGINS_GREENLET_GREENLET_TYPE_H

#include <Python.h>

/*
 * What a core's greenlet is made of, new: greenlet.greenlet itself, or, when
 * py_running.h hides asyncio's running loop, a subclass whose switch() and
 * throw() do so. NULL with an exception.
 */
PyObject *greenlet_type_new(void);

#endif
