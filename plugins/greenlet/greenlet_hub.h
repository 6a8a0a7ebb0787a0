/* Which stack is the hub, when it is not the one of the worker's start. */
#ifndef WM_PLUGINS_GREENLET_GREENLET_HUB_H
#define WM_PLUGINS_GREENLET_GREENLET_HUB_H

#include <Python.h>

/*
 * The greenlet that turns the loop, for a loop engine that has one of its own;
 * before the suspend engine's init. Borrowed; with the lock.
 */
void	 greenlet_hub_set(PyObject *hub);

#endif
