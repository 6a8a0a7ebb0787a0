/* A request that waits for something that the loop does. */
#ifndef WM_PLUGINS_ASYNCIO_ASYNCIO_WAITER_H
#define WM_PLUGINS_ASYNCIO_ASYNCIO_WAITER_H

#include <Python.h>

/*
 * Waiter(): park() parks the calling request until wake() is called on the
 * loop thread, before or meanwhile; wake takes and ignores one argument, so
 * that it can be a future's callback. An exception that is thrown into the
 * request ends park(), and then a late wake() does nothing. Used once.
 */

/* The type, new; NULL with an exception. Once. */
PyObject *asyncio_waiter_type(void);

#endif
