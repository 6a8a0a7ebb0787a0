/* What gevent wants called at the loop's next turn. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include "plugins/gevent/gevent_callback.h"

#include "plugins/gevent/gevent_loop.h"

/* Callbacks between two looks at the clock. */
#define CALLBACK_GROUP	50

static PyTypeObject	*callback_type;		/* ours for the whole run */

/* callback(callback, args). New. */
static PyObject *
gevent_callback_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
	static char		*names[] = { "callback", "args", NULL };
	struct gevent_callback	*cb;
	PyObject		*function, *tuple;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO!:callback", names,
	    &function, &PyTuple_Type, &tuple))
		return NULL;
	cb = (struct gevent_callback *)type->tp_alloc(type, 0);
	if (cb == NULL)
		return NULL;
	Py_INCREF(function);
	Py_INCREF(tuple);
	cb->function = function;
	cb->args = tuple;
	return (PyObject *)cb;
}

/* The end. */
static void
gevent_callback_dealloc(PyObject *self)
{
	struct gevent_callback	*cb = (struct gevent_callback *)self;
	PyTypeObject		*type = Py_TYPE(self);

	PyObject_GC_UnTrack(self);
	Py_CLEAR(cb->function);
	Py_CLEAR(cb->args);
	type->tp_free(self);
	Py_DECREF(type);
}

/* For the collector. */
static int
gevent_callback_traverse(PyObject *self, visitproc visit, void *arg)
{
	struct gevent_callback	*cb = (struct gevent_callback *)self;

	Py_VISIT(Py_TYPE(self));
	Py_VISIT(cb->function);
	Py_VISIT(cb->args);
	return 0;
}

/* For the collector. */
static int
gevent_callback_tp_clear(PyObject *self)
{
	struct gevent_callback	*cb = (struct gevent_callback *)self;

	Py_CLEAR(cb->function);
	Py_CLEAR(cb->args);
	return 0;
}

/* stop(): it is not called. New. */
static PyObject *
gevent_callback_stop(PyObject *self, PyObject *unused)
{
	(void)unused;
	gevent_callback_tp_clear(self);
	Py_RETURN_NONE;
}

/* bool(): not called yet, or being called. */
static int
gevent_callback_bool(PyObject *self)
{
	return ((struct gevent_callback *)self)->args != NULL;
}

/* pending: not called yet. New. */
static PyObject *
gevent_callback_pending(PyObject *self, void *unused)
{
	(void)unused;
	return PyBool_FromLong(
	    ((struct gevent_callback *)self)->function != NULL);
}

static PyMethodDef	 callback_methods[] = {
	{ "stop", gevent_callback_stop, METH_NOARGS, "stop(): not any more" },
	{ "close", gevent_callback_stop, METH_NOARGS, "the same" },
	{ NULL, NULL, 0, NULL }
};

static PyMemberDef	 callback_members[] = {
	{ "callback", T_OBJECT, offsetof(struct gevent_callback, function), 0,
	    NULL },
	{ "args", T_OBJECT, offsetof(struct gevent_callback, args), READONLY,
	    NULL },
	{ NULL, 0, 0, 0, NULL }
};

static PyGetSetDef	 callback_getset[] = {
	{ "pending", gevent_callback_pending, NULL, NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL }
};

static PyType_Slot	 callback_slots[] = {
	{ Py_tp_doc, "What run_callback() gives." },
	{ Py_tp_new, gevent_callback_new },
	{ Py_tp_dealloc, gevent_callback_dealloc },
	{ Py_tp_traverse, gevent_callback_traverse },
	{ Py_tp_clear, gevent_callback_tp_clear },
	{ Py_nb_bool, gevent_callback_bool },
	{ Py_tp_methods, callback_methods },
	{ Py_tp_members, callback_members },
	{ Py_tp_getset, callback_getset },
	{ 0, NULL }
};

static PyType_Spec	 callback_spec = {
	.name = "_wsgimaster_gevent.callback",
	.basicsize = sizeof(struct gevent_callback),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
	.slots = callback_slots,
};

/* Makes the type. */
int
gevent_callback_add_type(PyObject *module)
{
	callback_type = (PyTypeObject *)PyType_FromSpec(&callback_spec);
	if (callback_type == NULL)
		return -1;
	return PyModule_AddObjectRef(module, "callback",
	    (PyObject *)callback_type);
}

/* Queues a call. */
PyObject *
gevent_callback_queue(struct gevent_loop *loop, PyObject *const *args,
    Py_ssize_t n)
{
	struct gevent_callback	*cb;
	Py_ssize_t		 i;

	if (n < 1) {
		PyErr_SetString(PyExc_TypeError, "a function is needed");
		return NULL;
	}
	cb = PyObject_GC_New(struct gevent_callback, callback_type);
	if (cb == NULL)
		return NULL;
	cb->next = NULL;
	cb->function = NULL;
	cb->args = PyTuple_New(n - 1);
	if (cb->args == NULL) {
		Py_DECREF(cb);
		return NULL;
	}
	for (i = 1; i < n; i++) {
		Py_INCREF(args[i]);
		PyTuple_SET_ITEM(cb->args, i - 1, args[i]);
	}
	Py_INCREF(args[0]);
	cb->function = args[0];
	PyObject_GC_Track((PyObject *)cb);
	Py_INCREF(cb);			/* the queue's */
	if (loop->last == NULL)
		loop->first = cb;
	else
		loop->last->next = cb;
	loop->last = cb;
	loop->refs++;
	return (PyObject *)cb;
}

/* The first of the queue, whose reference is the caller's now; or NULL. */
static struct gevent_callback *
gevent_callback_pop(struct gevent_loop *loop)
{
	struct gevent_callback	*cb = loop->first;

	if (cb == NULL)
		return NULL;
	loop->first = cb->next;
	if (loop->first == NULL)
		loop->last = NULL;
	cb->next = NULL;
	loop->refs--;
	return cb;
}

/* Calls one. While it runs it is true but not pending. */
static void
gevent_callback_call(struct gevent_loop *loop, struct gevent_callback *cb)
{
	PyObject	*function = cb->function, *args = cb->args, *result;

	if (function == NULL || args == NULL)
		return;
	cb->function = NULL;
	Py_INCREF(args);
	result = PyObject_Call(function, args, NULL);
	if (result == NULL)
		gevent_loop_error(loop, (PyObject *)cb);
	Py_XDECREF(result);
	Py_CLEAR(cb->args);
	Py_DECREF(function);
	Py_DECREF(args);
}

/* How long callbacks may keep everybody else waiting, in seconds. */
static double
gevent_callback_limit(void)
{
	PyObject	*sys, *value = NULL;
	double		 seconds = -1;

	sys = PyImport_ImportModule("sys");
	if (sys != NULL)
		value = PyObject_CallMethod(sys, "getswitchinterval", NULL);
	if (value != NULL)
		seconds = PyFloat_AsDouble(value);
	PyErr_Clear();
	Py_XDECREF(sys);
	Py_XDECREF(value);
	return seconds < 0 ? 0.005 : seconds;
}

/* Calls what is queued, and what that queues, for a while. */
void
gevent_callback_run_all(struct gevent_loop *loop)
{
	struct gevent_callback	*cb;
	double			 begin = 0;
	int			 count = 0;

	loop->in_callbacks = true;
	while (loop->worker != NULL && gevent_loop_check(loop) &&
	    (cb = gevent_callback_pop(loop)) != NULL) {
		gevent_callback_call(loop, cb);
		Py_DECREF(cb);
		if (++count % CALLBACK_GROUP != 0)
			continue;
		gevent_loop_update(loop);
		if (count == CALLBACK_GROUP)
			begin = loop->now;
		if (loop->now - begin >= gevent_callback_limit())
			break;
	}
	loop->in_callbacks = false;
}

/* Forgets what is queued. */
void
gevent_callback_drop_all(struct gevent_loop *loop)
{
	struct gevent_callback	*cb;

	while ((cb = gevent_callback_pop(loop)) != NULL)
		Py_DECREF(cb);
}
