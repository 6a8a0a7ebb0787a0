/* The part of the asyncio engine that is written in Python. */
#ifndef WM_PLUGINS_ASYNCIO_ASYNCIO_GLUE_H
#define WM_PLUGINS_ASYNCIO_ASYNCIO_GLUE_H

#include <Python.h>

/* The module with asyncio_glue.py in it, borrowed; NULL: an exception. */
PyObject *asyncio_glue_get(void);

#endif
