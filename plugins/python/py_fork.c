/* Python around the spawner's forks. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_fork.h"

#include <stdbool.h>

#include "plugins/python/py_exception.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_stdio.h"

static bool	 py_fork_done;	/* not the first fork */

/*
 * Collects garbage and then hides what is left from the collector, which
 * would otherwise write to, and so copy, every shared page in each worker.
 */
static void
py_fork_freeze(void)
{
	PyObject	*gc, *collected = NULL, *frozen = NULL;

	gc = PyImport_ImportModule("gc");
	if (gc != NULL)
		collected = PyObject_CallMethod(gc, "collect", NULL);
	if (collected != NULL)
		frozen = PyObject_CallMethod(gc, "freeze", NULL);
	if (frozen == NULL)
		py_exception_log(NULL, "gc.freeze()");
	Py_XDECREF(gc);
	Py_XDECREF(collected);
	Py_XDECREF(frozen);
}

/* Makes the interpreter ready to be copied. */
void
py_fork_before(void)
{
	py_gil_enter();
	if (!py_fork_done)
		py_fork_freeze();
	py_fork_done = true;
	/* What is buffered must not be written again by each worker. */
	py_stdio_flush();
	PyOS_BeforeFork();
}

/* In the spawner. */
void
py_fork_parent(void)
{
	PyOS_AfterFork_Parent();
	py_gil_leave(true);
}

/* In the worker. */
void
py_fork_child(void)
{
	PyOS_AfterFork_Child();
	py_gil_leave(true);
}
