/* Which request a task belongs to: any code that runs in its context. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_task.h"

#include "plugins/python/py_core.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_running.h"
#include "plugins/python/py_strings.h"
#include "shm/scoreboard.h"
#include "worker/core.h"
#include "worker/suspend.h"
#include "worker/worker.h"

/* What the variable holds. */
struct py_task {
	PyObject_HEAD
	struct core	*core;
	int		 id;		/* the core's */
	uint64_t	 serial;	/* the request's */
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

/* Must a request's context name it? Else whoever runs is on its stack. */
static bool
py_task_is_named(const struct request *req)
{
	return req->worker->suspend->can_park &&
	    req->worker->suspend->attach == NULL;
}

/* What a context holds: how many objects, and the last one, borrowed. */
struct py_task_held {
	int		 count;
	PyObject	*object;
};

/* A visitproc. */
static int
py_task_visit(PyObject *object, void *arg)
{
	struct py_task_held	*held = arg;

	held->count++;
	held->object = object;
	return 0;
}

/*
 * The variables of a context, borrowed; NULL if it holds anything else. They
 * are one object, which is not changed but replaced by another one.
 */
static PyObject *
py_task_variables(PyObject *context)
{
	struct py_task_held	 held = { 0, NULL };

	if (Py_TYPE(context)->tp_traverse == NULL)
		return NULL;
	Py_TYPE(context)->tp_traverse(context, py_task_visit, &held);
	return held.count == 1 ? held.object : NULL;
}

/* Has anybody a weak reference to it? */
static bool
py_task_is_watched(PyObject *context)
{
	Py_ssize_t	 offset = Py_TYPE(context)->tp_weaklistoffset;

	return offset < 0 || (offset > 0 &&
	    *(PyObject **)(void *)((char *)context + offset) != NULL);
}

/*
 * Is a core's context as it was made? Nobody may have it, or a copy, which
 * would share the variables; the app may have set none; and only these
 * variables and the core know what names the request.
 */
static bool
py_task_is_clean(const struct py_core *own)
{
	return own->variables != NULL && py_is_unshared(own->context) &&
	    py_task_variables(own->context) == own->variables &&
	    !py_task_is_watched(own->context) &&
	    (own->task == NULL || (Py_REFCNT(own->variables) == 2 &&
	    Py_REFCNT(own->task) == 2));
}

/* Names the request that the context is entered for. */
static int
py_task_name(struct py_core *own)
{
	PyObject	*token;

	Py_XSETREF(own->task, (PyObject *)PyObject_New(struct py_task,
	    py_task_type));
	if (own->task == NULL)
		return -1;
	token = PyContextVar_Set(py_task_var, own->task);
	Py_XDECREF(token);
	return token == NULL ? -1 : 0;
}

/* Enters a new context. */
static int
py_task_enter_new(struct request *req, struct py_core *own)
{
	own->context = PyContext_New();
	if (own->context == NULL)
		return -1;
	if (PyContext_Enter(own->context) == -1) {
		Py_CLEAR(own->context);
		return -1;
	}
	if (py_task_is_named(req) && py_task_name(own) == -1) {
		PyErr_Clear();
		Py_CLEAR(own->task);
	} else {
		own->variables = py_task_variables(own->context);
		Py_XINCREF(own->variables);
	}
	return 0;
}

/* A request begins. */
int
py_task_begin(struct request *req)
{
	struct py_core	*own = py_core_of(req->core);
	struct py_task	*task;

	if (own->context == NULL) {
		if (py_task_enter_new(req, own) == -1)
			return -1;
	} else if (PyContext_Enter(own->context) == -1)
		return -1;
	task = (struct py_task *)own->task;
	if (task != NULL) {
		task->core = req->core;
		task->id = req->core->id;
		task->serial = req->serial;
	}
	return 0;
}

/* It ends. */
int
py_task_end(struct request *req)
{
	struct py_core	*own = py_core_of(req->core);
	int		 result;

	if (own->context == NULL)	/* the worker leaves */
		return 0;
	result = PyContext_Exit(own->context);
	if (result == -1 || !py_task_is_clean(own)) {
		Py_CLEAR(own->task);
		Py_CLEAR(own->variables);
		Py_CLEAR(own->context);
	}
	return result;
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

	return req->conn != NULL && req->serial == task->serial &&
	    req->end_us == 0;
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

/* Whose request a context names. */
int
py_task_core_in(PyObject *context)
{
	struct sb_core_view	 view;
	struct py_task		*task;
	int			 id = -1;

	if (py_task_var == NULL || !PyContext_CheckExact(context))
		return -1;
	task = (struct py_task *)PyObject_GetItem(context, py_task_var);
	if (task == NULL) {
		PyErr_Clear();
		return -1;
	}
	sb_core_read(task->core->sb, &view);
	if (view.state != SB_CORE_IDLE &&
	    task->core->req.serial == task->serial)
		id = task->core->id;
	Py_DECREF(task);
	return id;
}

/* A visitproc: the first context. */
static int
py_task_visit_context(PyObject *object, void *arg)
{
	PyObject	**context = arg;

	if (*context == NULL && PyContext_CheckExact(object))
		*context = object;
	return 0;
}

/* The same of something that has a context. */
int
py_task_core_of(PyObject *object)
{
	PyObject	*context = NULL;

	if (Py_TYPE(object)->tp_traverse == NULL)
		return -1;
	Py_TYPE(object)->tp_traverse(object, py_task_visit_context, &context);
	return context == NULL ? -1 : py_task_core_in(context);
}

/* An object that names a request. */
PyObject *
py_task_new(struct core *core)
{
	struct py_task	*task = PyObject_New(struct py_task, py_task_type);

	if (task != NULL) {
		task->core = core;
		task->id = core->id;
		task->serial = core->req.serial;
	}
	return (PyObject *)task;
}

/* Which one it names. */
bool
py_task_named(PyObject *object, struct core **core, int *id, uint64_t *serial)
{
	const struct py_task	*task = (const struct py_task *)object;

	if (!Py_IS_TYPE(object, py_task_type)) {
		PyErr_Format(PyExc_TypeError, "what request_context() gives is "
		    "wanted, not %.100s", Py_TYPE(object)->tp_name);
		return false;
	}
	*core = task->core;
	*id = task->id;
	*serial = task->serial;
	return true;
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
