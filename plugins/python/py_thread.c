/* A thread that is a core, as Python sees it. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_thread.h"

#include "plugins/python/py_exception.h"
#include "plugins/python/py_gil.h"
#include "worker/core.h"
#include "worker/suspend.h"
#include "worker/worker.h"

static PyObject	*py_threading;		/* the module, or NULL */

/* The module takes the thread that imports it for the main one. */
int
py_thread_init(struct worker *w)
{
	if (w->suspend->attach == NULL)
		return 0;
	py_threading = PyImport_ImportModule("threading");
	return py_threading == NULL ? -1 : 0;
}

/* Gives the calling thread its name in logs. With the lock. */
static int
py_thread_name(const struct core *core)
{
	PyObject	*thread, *name;
	int		 result = -1;

	thread = PyObject_CallMethod(py_threading, "current_thread", NULL);
	name = PyUnicode_FromFormat("wsgimaster-core-%d", core->id);
	if (thread != NULL && name != NULL)
		result = PyObject_SetAttrString(thread, "name", name);
	Py_XDECREF(thread);
	Py_XDECREF(name);
	return result;
}

/* Before the first request. */
void
py_thread_start(struct core *core)
{
	bool	 taken = py_gil_enter();

	if (py_thread_name(core) == -1)
		py_exception_log(NULL, "a thread's name");
	py_gil_leave(taken);
}

/* At the end, if it has ever run Python. */
void
py_thread_stop(void)
{
	py_gil_thread_end();
}

/*
 * The object that current_thread() made for a thread that is not Python's
 * cannot stand for a child's main thread before Python 3.12: the child's
 * threading._shutdown(), and so multiprocessing, would fail. Without it the
 * module makes a proper one, when it looks around: its own hook may have been
 * called before this one.
 */
void
py_thread_forked(void)
{
	PyObject	*active, *type, *ident, *thread = NULL, *done = NULL;

	if (py_threading == NULL)
		return;
	active = PyObject_GetAttrString(py_threading, "_active");
	type = PyObject_GetAttrString(py_threading, "_DummyThread");
	ident = PyLong_FromUnsignedLong(PyThread_get_thread_ident());
	if (active != NULL && type != NULL && ident != NULL)
		thread = PyObject_GetItem(active, ident);
	if (thread != NULL && PyObject_IsInstance(thread, type) == 1 &&
	    PyObject_DelItem(active, ident) == 0)
		done = PyObject_CallMethod(py_threading, "_after_fork", NULL);
	Py_XDECREF(done);
	Py_XDECREF(active);
	Py_XDECREF(type);
	Py_XDECREF(ident);
	Py_XDECREF(thread);
	PyErr_Clear();
}
