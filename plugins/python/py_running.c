/* The running asyncio loop, which a request must not be inside of. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_running.h"

#include "plugins/python/py_exception.h"

/* Ours for the whole run; get is NULL while nothing is hidden. */
static PyObject	*running_get;		/* asyncio._get_running_loop */
static PyObject	*running_set;		/* asyncio._set_running_loop */
static PyObject	*running_swap_task;	/* Python >= 3.12, or NULL */
static PyObject	*running_tasks;		/* before: {loop: current task} */
static PyObject	*running_get_hooks;	/* sys.get_asyncgen_hooks */
static PyObject	*running_set_hooks;
static PyObject	*running_hooks;		/* the server's loop's, a tuple */

/* Finds asyncio's own functions for it. */
static int
py_running_functions(void)
{
	PyObject	*events, *tasks;
	int		 result = -1;

	events = PyImport_ImportModule("asyncio.events");
	tasks = PyImport_ImportModule("asyncio.tasks");
	if (events == NULL || tasks == NULL)
		goto out;
	running_swap_task = PyObject_GetAttrString(tasks,
	    "_swap_current_task");
	if (running_swap_task == NULL) {
		PyErr_Clear();
		running_tasks = PyObject_GetAttrString(tasks,
		    "_current_tasks");
		if (running_tasks == NULL)
			goto out;
	}
	running_set = PyObject_GetAttrString(events, "_set_running_loop");
	if (running_set == NULL)
		goto out;
	running_get_hooks = PySys_GetObject("get_asyncgen_hooks");
	running_set_hooks = PySys_GetObject("set_asyncgen_hooks");
	Py_XINCREF(running_get_hooks);
	Py_XINCREF(running_set_hooks);
	running_get = PyObject_GetAttrString(events, "_get_running_loop");
	if (running_get != NULL)
		result = 0;
out:
	Py_XDECREF(events);
	Py_XDECREF(tasks);
	return result;
}

/* Begins to hide. */
int
py_running_init(PyObject *loop)
{
	PyObject	*first, *final = NULL;

	first = PyObject_GetAttrString(loop, "_asyncgen_firstiter_hook");
	if (first != NULL)
		final = PyObject_GetAttrString(loop,
		    "_asyncgen_finalizer_hook");
	if (final != NULL)
		running_hooks = PyTuple_Pack(2, first, final);
	Py_XDECREF(first);
	Py_XDECREF(final);
	if (running_hooks == NULL)
		return -1;
	return py_running_functions();
}

/* Loops of requests' own make room for each other, and for nothing else. */
int
py_running_init_parking(void)
{
	running_hooks = PyTuple_Pack(2, Py_None, Py_None);
	return running_hooks == NULL ? -1 : py_running_functions();
}

/* Is anything hidden? */
bool
py_running_is_hidden(void)
{
	return running_get != NULL;
}

/* The result of a call that does not fail, or a log record. */
static void
py_running_done(PyObject *steal_result)
{
	if (steal_result == NULL)
		py_exception_log(NULL, "asyncio's running loop");
	Py_XDECREF(steal_result);
}

/* The current task of a loop, which has none then; new or NULL. */
static PyObject *
py_running_take_task(PyObject *loop)
{
	PyObject	*task;

	if (running_swap_task != NULL) {
		task = PyObject_CallFunctionObjArgs(running_swap_task, loop,
		    Py_None, NULL);
		if (task == NULL)
			py_exception_log(NULL, "asyncio's current task");
		else if (task == Py_None)
			Py_CLEAR(task);
		return task;
	}
	if (PyDict_GET_SIZE(running_tasks) == 0)
		return NULL;
	task = PyDict_GetItemWithError(running_tasks, loop);
	if (task == NULL)
		return NULL;
	Py_INCREF(task);
	if (PyDict_DelItem(running_tasks, loop) == -1)
		PyErr_Clear();
	return task;
}

/* Puts it back. */
static void
py_running_give_task(PyObject *loop, PyObject *steal_task)
{
	if (running_swap_task != NULL)
		py_running_done(PyObject_CallFunctionObjArgs(
		    running_swap_task, loop, steal_task, NULL));
	else if (PyDict_SetItem(running_tasks, loop, steal_task) == -1)
		py_exception_log(NULL, "asyncio's current task");
	Py_DECREF(steal_task);
}

/* The running loop, new; NULL when there is none. */
static PyObject *
py_running_loop(void)
{
	PyObject	*loop;

	loop = PyObject_CallNoArgs(running_get);
	if (loop == NULL)
		py_exception_log(NULL, "asyncio's running loop");
	else if (loop == Py_None)
		Py_CLEAR(loop);
	return loop;
}

/* Is one in view? */
bool
py_running_is_seen(void)
{
	PyObject	*loop = running_get == NULL ? NULL : py_running_loop();

	Py_XDECREF(loop);
	return loop != NULL;
}

/* Takes the running loop out of view; with the hooks, if they are its own. */
static void
py_running_take(struct py_running *saved, bool is_own)
{
	PyObject	*type, *value, *tb;

	saved->loop = saved->task = saved->hooks = NULL;
	if (running_get == NULL)
		return;
	PyErr_Fetch(&type, &value, &tb);
	saved->loop = py_running_loop();
	if (saved->loop != NULL && is_own) {
		saved->hooks = PyObject_CallNoArgs(running_get_hooks);
		if (saved->hooks == NULL)
			PyErr_Clear();
		py_running_done(PyObject_CallObject(running_set_hooks,
		    running_hooks));
	} else if (saved->loop != NULL) {
		saved->task = py_running_take_task(saved->loop);
	}
	if (saved->loop != NULL)
		py_running_done(PyObject_CallOneArg(running_set, Py_None));
	PyErr_Restore(type, value, tb);
}

/* Brings it back into view. */
static void
py_running_give(struct py_running *saved)
{
	PyObject	*type, *value, *tb;

	if (saved->loop == NULL)
		return;
	PyErr_Fetch(&type, &value, &tb);
	py_running_done(PyObject_CallOneArg(running_set, saved->loop));
	if (saved->task != NULL)
		py_running_give_task(saved->loop, saved->task);
	if (saved->hooks != NULL)
		py_running_done(PyObject_CallObject(running_set_hooks,
		    saved->hooks));
	Py_CLEAR(saved->hooks);
	Py_CLEAR(saved->loop);
	PyErr_Restore(type, value, tb);
}

/* Hides what is in view. */
void
py_running_hide(struct py_running *saved)
{
	py_running_take(saved, false);
}

/* Brings it back. */
void
py_running_restore(struct py_running *saved)
{
	py_running_give(saved);
}

/*
 * The current task of a core's own loop stays: nobody else looks at it. The
 * hooks for asynchronous generators are the thread's, so they change hands.
 */
void
py_running_park(struct py_running *saved)
{
	py_running_take(saved, true);
}

/* The core goes on. */
void
py_running_unpark(struct py_running *saved)
{
	py_running_give(saved);
}
