/* Which request a task belongs to: any code that runs in its context. */
#ifndef WM_PLUGINS_PYTHON_PY_TASK_H
#define WM_PLUGINS_PYTHON_PY_TASK_H

#include <Python.h>

#include <stdbool.h>
#include <stdint.h>

struct core;
struct request;

/*
 * A request runs in a contextvars context of its own, and what it starts
 * (tasks, callbacks of asyncio's, gevent's greenlets) has a copy of that. A
 * variable in it names the request, by its core and its serial number: when
 * that core has another request, or none, nothing is found.
 *
 * Whoever is found so is not on the core's stack and must not wait in its
 * name. All with the lock.
 */

/* Once; -1 with a Python exception. */
int	 py_task_init(void);
/*
 * A request begins: enters a context of its own, in which the app has set
 * nothing. It is the core's last one if nobody can tell: no reference to it,
 * no copy, no variable set. -1 with a Python exception.
 */
int	 py_task_begin(struct request *req);
/* Leaves it; -1 with a Python exception, if the app has left another one. */
int	 py_task_end(struct request *req);
/* The core of the caller's request while it lasts; NULL: none, or a thread. */
struct core *py_task_core(void);
/*
 * The core (its id) whose request a context names, or that of something that
 * has a reference to its context, like a task; -1 if it names none, or one
 * that is over. Any thread.
 */
int	 py_task_core_in(PyObject *context);
int	 py_task_core_of(PyObject *object);
/* An object that names a core's request, for whoever wants to. New. */
PyObject *py_task_new(struct core *core);
/*
 * Which request such an object names: the core, its id, and the request's
 * serial; false with a TypeError: it names none. Any thread; the cores may be
 * gone already, and with them what core points to.
 */
bool	 py_task_named(PyObject *object, struct core **core, int *id,
	    uint64_t *serial);
/* Was there one, which is over? */
bool	 py_task_is_late(void);
/*
 * Is the caller a coroutine or callback of the server's event loop, which a
 * call that blocks would hold up? Then true, with a RuntimeError.
 */
bool	 py_task_refuse(const char *name);

#endif
