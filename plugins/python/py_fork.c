/* Python around forks: the spawner's, and those of the app. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_fork.h"

#include <stdbool.h>
#include <unistd.h>

#include "plugins/python/py_core.h"
#include "plugins/python/py_exception.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_hub.h"
#include "plugins/python/py_stdio.h"
#include "plugins/python/py_thread.h"
#include "worker/worker.h"

static bool	 py_fork_done;	/* not the first fork */
static bool	 py_fork_ours;	/* the spawner forks now */
/* This thread forks, and the loop stands still. */
static _Thread_local bool	 py_fork_attached;

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
	py_fork_ours = true;
	PyOS_BeforeFork();
}

/* In the spawner. */
void
py_fork_parent(void)
{
	PyOS_AfterFork_Parent();
	py_fork_ours = false;
	py_gil_leave(true);
}

/* In the worker. */
void
py_fork_child(void)
{
	PyOS_AfterFork_Child();
	py_fork_ours = false;
	py_gil_leave(true);
}

/*
 * Python's hook before a fork of the app's, by whatever thread: what is the
 * loop's must be whole in the child. New.
 */
static PyObject *
py_fork_hook_before(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	py_fork_attached = !py_fork_ours && py_core_take_loop();
	Py_RETURN_NONE;
}

/* Python's hook after it, in the parent. New. */
static PyObject *
py_fork_hook_parent(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	if (py_fork_attached)
		py_core_give_loop();
	py_fork_attached = false;
	Py_RETURN_NONE;
}

/* Python's hook, in every child that goes on with this program. New. */
static PyObject *
py_fork_hook_child(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	py_fork_attached = false;
	if (py_fork_ours || py_worker() == NULL)
		Py_RETURN_NONE;
	worker_forked(py_worker(), py_gil_is_loop_thread());
	py_hub_forked();
	py_thread_forked();
	Py_RETURN_NONE;
}

static PyMethodDef	 py_fork_hooks[] = {
	{ "wsgimaster_fork_before", py_fork_hook_before, METH_NOARGS, NULL },
	{ "wsgimaster_fork_parent", py_fork_hook_parent, METH_NOARGS, NULL },
	{ "wsgimaster_fork_child", py_fork_hook_child, METH_NOARGS, NULL },
};

/*
 * Has Python call the hooks: in a child before those that the app registers,
 * before the fork behind them.
 */
int
py_fork_init(void)
{
	PyObject	*os, *hooks[3], *method = NULL, *done = NULL;
	PyObject	*args, *keywords = NULL;
	size_t		 i;

	os = PyImport_ImportModule("os");
	for (i = 0; i < 3; i++)
		hooks[i] = PyCFunction_New(&py_fork_hooks[i], NULL);
	args = PyTuple_New(0);
	if (os != NULL)
		method = PyObject_GetAttrString(os, "register_at_fork");
	if (hooks[0] != NULL && hooks[1] != NULL && hooks[2] != NULL)
		keywords = Py_BuildValue("{sOsOsO}", "before", hooks[0],
		    "after_in_parent", hooks[1], "after_in_child", hooks[2]);
	if (method != NULL && args != NULL && keywords != NULL)
		done = PyObject_Call(method, args, keywords);
	Py_XDECREF(os);
	for (i = 0; i < 3; i++)
		Py_XDECREF(hooks[i]);
	Py_XDECREF(method);
	Py_XDECREF(args);
	Py_XDECREF(keywords);
	Py_XDECREF(done);
	return done == NULL ? -1 : 0;
}

/* A child of the app's does not go on as a server. */
void
py_fork_leave(void)
{
	int	 status = 0;

	if (!py_worker()->forked)
		return;
	if (PyErr_Occurred() && PyErr_ExceptionMatches(PyExc_SystemExit))
		status = py_exception_exit_status();
	else if (PyErr_Occurred()) {
		py_exception_log(NULL, "exception in a child of the app's");
		status = 1;
	}
	py_stdio_flush();
	_exit(status);
}
