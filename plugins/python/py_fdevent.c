/*
 * x-wsgiorg.fdevent: the environ's keys, and the timeout object. The object
 * stays the same for the whole request, so that copies of the environ see it.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_fdevent.h"

#include "plugins/python/py_module.h"
#include "plugins/python/py_strings.h"

struct py_fdevent {
	PyObject_HEAD
	bool	 timed_out;
	int	 kept;		/* references that are py_kept.c's */
};

static PyTypeObject	*py_fdevent_type;

/* bool(timeout). */
static int
py_fdevent_bool(PyObject *self)
{
	return ((struct py_fdevent *)self)->timed_out;
}

/* uWSGI has True and None in this place. New. */
static PyObject *
py_fdevent_repr(PyObject *self)
{
	return PyUnicode_FromString(((struct py_fdevent *)self)->timed_out ?
	    "True" : "None");
}

/* Equal to True; or to None and False. New. */
static PyObject *
py_fdevent_compare(PyObject *self, PyObject *other, int op)
{
	bool	 mine = ((struct py_fdevent *)self)->timed_out, equal;

	if ((op != Py_EQ && op != Py_NE) || (other != Py_None &&
	    !PyBool_Check(other) && Py_TYPE(other) != py_fdevent_type))
		Py_RETURN_NOTIMPLEMENTED;
	equal = mine == (PyObject_IsTrue(other) == 1);
	return PyBool_FromLong(equal == (op == Py_EQ));
}

/* Frees it. */
static void
py_fdevent_dealloc(PyObject *self)
{
	PyTypeObject	*type = Py_TYPE(self);

	PyObject_Free(self);
	Py_DECREF(type);
}

static PyType_Slot	 py_fdevent_slots[] = {
	{ Py_tp_dealloc, py_fdevent_dealloc },
	{ Py_nb_bool, py_fdevent_bool },
	{ Py_tp_repr, py_fdevent_repr },
	{ Py_tp_richcompare, py_fdevent_compare },
	{ 0, NULL }
};

static PyType_Spec	 py_fdevent_spec = {
	.name = "wsgimaster.TimedOut",
	.basicsize = sizeof(struct py_fdevent),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
	.slots = py_fdevent_slots,
};

/* Makes the type. */
int
py_fdevent_init(void)
{
	py_fdevent_type = (PyTypeObject *)PyType_FromSpec(&py_fdevent_spec);
	return py_fdevent_type == NULL ? -1 : 0;
}

/* Adds what is the same for all requests. */
int
py_fdevent_add(PyObject *env)
{
	PyObject	*readable = py_module_get("wait_fd_read");
	PyObject	*writable = py_module_get("wait_fd_write");

	if (readable == NULL || writable == NULL)
		return -1;
	return PyDict_SetItem(env, py_str->fdevent_readable, readable) == -1 ||
	    PyDict_SetItem(env, py_str->fdevent_writable, writable) == -1 ?
	    -1 : 0;
}

/* A timeout object. New. */
PyObject *
py_fdevent_new(void)
{
	struct py_fdevent	*timeout;

	timeout = PyObject_New(struct py_fdevent, py_fdevent_type);
	if (timeout != NULL) {
		timeout->timed_out = false;
		timeout->kept = 0;
	}
	return (PyObject *)timeout;
}

/* Did the last wait time out? */
void
py_fdevent_set(PyObject *timeout, bool timed_out)
{
	((struct py_fdevent *)timeout)->timed_out = timed_out;
}

/* A reference more, or less, that no app has. */
void
py_fdevent_keep(PyObject *timeout, int more)
{
	((struct py_fdevent *)timeout)->kept += more;
}

/* Has no app a reference? The caller has one. */
bool
py_fdevent_is_unshared(PyObject *timeout)
{
	return Py_REFCNT(timeout) == 1 + ((struct py_fdevent *)timeout)->kept;
}
