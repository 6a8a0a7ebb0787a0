/* The watchers' types, and what their methods are made of. */
#ifndef WM_PLUGINS_GEVENT_GEVENT_TYPES_H
#define WM_PLUGINS_GEVENT_GEVENT_TYPES_H

#include <Python.h>

struct gevent_watcher;

/* gevent.core.EVENTS, which stands for what has happened. Borrowed. */
PyObject *gevent_types_events(void);

/* gevent_watcher.c's, for the methods. New: None; NULL with an exception. */
PyObject *gevent_watcher_start(struct gevent_watcher *w, PyObject *callback,
	    PyObject *args);
PyObject *gevent_watcher_m_feed(PyObject *self, PyObject *args);
PyObject *gevent_watcher_m_stop(PyObject *self, PyObject *unused);
/* When its memory goes: it is neither active nor fed. */
void	 gevent_watcher_free(struct gevent_watcher *w);

#endif
