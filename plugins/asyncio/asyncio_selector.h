/* The selector type that asyncio waits with: the worker's own event base. */
#ifndef WM_PLUGINS_ASYNCIO_ASYNCIO_SELECTOR_H
#define WM_PLUGINS_ASYNCIO_ASYNCIO_SELECTOR_H

#include <Python.h>

#include <stdbool.h>

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

/*
 * For asyncio_guest.c. A guest's selector calls wake() from the callbacks of
 * the base, without the lock, when a descriptor is ready; and while it is only
 * looking, select() gives what is ready and does not turn the base.
 */
void	 asyncio_selector_set_guest(PyObject *selector, void (*wake)(void));
void	 asyncio_selector_set_looking(PyObject *selector, bool looking);
/* Is it in select(), with the base turning? */
bool	 asyncio_selector_is_turning(PyObject *selector);

#endif
