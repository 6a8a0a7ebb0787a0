/* uwsgi.mule_msg and what belongs to it. */
#ifndef WM_PLUGINS_PYTHON_PY_MULE_H
#define WM_PLUGINS_PYTHON_PY_MULE_H

#include <Python.h>

#include <poll.h>
#include <stdbool.h>

#include "config/mule_rule.h"

struct worker;

extern const PyMethodDef	 py_mule_methods[];

/* The queues that a mule looks into, in this order. */
struct py_mule_boxes {
	struct pollfd	 fds[FARMS_MAX + 4];
	int		 boxes[FARMS_MAX + 2];	/* of the first n of fds */
	size_t		 n;
};

/* With the lock; which of them: its own and everybody's, its farms'. */
void	 py_mule_boxes_init(struct py_mule_boxes *b, struct worker *w,
	    bool own, bool farms);
/*
 * Takes the next message (a new bytes object of up to size bytes; the end of a
 * longer one is lost, which is logged); NULL with an exception, or without one:
 * there is none. A queue that was ended is not looked at any more.
 */
PyObject *py_mule_take(struct py_mule_boxes *b, struct worker *w, size_t size);
/* The functions given to install_mule_msg_hook: a list, borrowed, or NULL. */
PyObject *py_mule_hooks(void);

/* struct runtime's mule_run. */
int	 py_mule_run(struct worker *w, void (*begin)(struct worker *w),
	    char **cause);

#endif
