/* Which request a task belongs to: any code that runs in its context. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_task.h"

#include "plugins/python/py_core.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_running.h"
#include "plugins/python/py_strings.h"
#include "worker/core.h"
#include "worker/suspend.h"
#include "worker/worker.h"

/* What the variable holds. */
struct py_task {
	PyObject_HEAD
	struct core	*core;
	uint64_t	 id;		/* the request's */
};

static PyTypeObject	*py_task_type;
static PyObject		*py_task_var;	/* ours for the whole run */

/* Frees one. */
static void
py_task_dealloc(PyObject *self)
{
	PyTypeObject	*type = Py_TYPE(self);

	PyObject_Free(self);
	Py_DECREF(type);
}

static PyType_Slot	 py_task_slots[] = {
	{ Py_tp_dealloc, py_task_dealloc },
	{ 0, NULL }
};

static PyType_Spec	 py_task_spec = {
	.name = "wsgimaster.Request",
	.basicsize = sizeof(struct py_task),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
	.slots = py_task_slots,
};

/* Makes the type and the variable. */
int
py_task_init(void)
{
	py_task_type = (PyTypeObject *)PyType_FromSpec(&py_task_spec);
	py_task_var = PyContextVar_New("wsgimaster.request", NULL);
	return py_task_type == NULL || py_task_var == NULL ? -1 : 0;
}

/* A request begins: its context knows it. */
int
py_task_begin(struct request *req)
{
	struct py_core	*own = py_core_of(req->core);
	struct py_task	*task = (struct py_task *)own->task;
	PyObject	*token;

	if (!req->worker->suspend->can_park ||
	    req->worker->suspend->attach != NULL)
		return 0;		/* whoever runs is on its stack */
	if (task == NULL || !py_is_unshared(own->task)) {
		task = PyObject_New(struct py_task, py_task_type);
		if (task == NULL)
			return -1;
		Py_XSETREF(own->task, (PyObject *)task);
	}
	task->core = req->core;
	task->id = req->id;
	token = PyContextVar_Set(py_task_var, own->task);
	Py_XDECREF(token);
	return token == NULL ? -1 : 0;
}

/* What the caller's context says. New, or NULL. */
static struct py_task *
py_task_find(void)
{
	PyObject	*task = NULL;

	if (py_task_var == NULL || !py_gil_is_loop_thread())
		return NULL;
	if (PyContextVar_Get(py_task_var, NULL, &task) == -1)
		PyErr_Clear();
	return (struct py_task *)task;
}

/* Does its request last? */
static bool
py_task_lasts(const struct py_task *task)
{
	const struct request	*req = &task->core->req;

	return req->conn != NULL && req->id == task->id && req->end_us == 0;
}

/* The core. */
struct core *
py_task_core(void)
{
	struct py_task	*task = py_task_find();
	struct core	*core = NULL;

	if (task != NULL && py_task_lasts(task))
		core = task->core;
	Py_XDECREF(task);
	return core;
}

/* Is it over? */
bool
py_task_is_late(void)
{
	struct py_task	*task = py_task_find();
	bool		 late = task != NULL && !py_task_lasts(task);

	Py_XDECREF(task);
	return late;
}

/* Must the caller not block? */
bool
py_task_refuse(const char *name)
{
	if (!py_gil_is_loop_thread() || !py_running_is_seen())
		return false;
	PyErr_Format(PyExc_RuntimeError, "%s() cannot wait in a coroutine or "
	    "a callback of the event loop: use await", name);
	return true;
}
