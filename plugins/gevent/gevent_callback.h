/* What gevent wants called at the loop's next turn. */
#ifndef WM_PLUGINS_GEVENT_GEVENT_CALLBACK_H
#define WM_PLUGINS_GEVENT_GEVENT_CALLBACK_H

#include <Python.h>

/* One call; the loop's queue holds references. Functions: gevent_loop.h. */
struct gevent_callback {
	PyObject_HEAD
	PyObject		*function;	/* NULL: called, or stopped */
	PyObject		*args;		/* NULL: that is over */
	struct gevent_callback	*next;
};

#endif
