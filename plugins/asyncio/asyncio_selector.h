/* The selector type that asyncio waits with: the worker's own event base. */
#ifndef WM_PLUGINS_ASYNCIO_ASYNCIO_SELECTOR_H
#define WM_PLUGINS_ASYNCIO_ASYNCIO_SELECTOR_H

#include <Python.h>

/*
 * Selector(): what selectors.BaseSelector asks for. On the loop thread its
 * descriptors are watched by the worker's base, and select() turns that base
 * once without the interpreter's lock: clients are accepted, read, answered
 * and cores run inside of it. On another thread it has a base of its own.
 *
 * select() may return earlier than asked, with nothing, whenever something
 * happened on the base. It must not be called by a request on the worker's
 * base (RuntimeError): a request waits by parking its core.
 *
 * A descriptor that is registered must be unregistered before it is closed,
 * as with every selector.
 */

/* The type, new; NULL with an exception. Once. */
PyObject *asyncio_selector_type(void);
/*
 * Watches a descriptor's registration anew, where what the number stands for
 * is exchanged in between: for the loop's self-pipe after a fork.
 */
int	 asyncio_selector_suspend(PyObject *selector, int fd);
int	 asyncio_selector_resume(PyObject *selector, int fd);

#endif
