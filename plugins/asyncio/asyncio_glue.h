/* The part of the asyncio engine that is written in Python. */
#ifndef WM_PLUGINS_ASYNCIO_ASYNCIO_GLUE_H
#define WM_PLUGINS_ASYNCIO_ASYNCIO_GLUE_H

#include <Python.h>

/* The module with asyncio_glue.py in it, new; NULL with an exception. Once. */
PyObject *asyncio_glue_new(void);

#endif
