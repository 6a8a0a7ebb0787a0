/*
 * The type of a core's greenlet, which keeps requests out of the loop.
 *
 * The app resumes its request with me.switch() from a callback or a coroutine
 * step, without any code of ours in between; greenlet's own hook for that,
 * settrace, is called for every switch of every greenlet and belongs to
 * debuggers. But a request is resumed through its core's greenlet, so it is
 * enough that this one's methods are ours. Other greenlets see the loop when
 * a coroutine switches into them, as SQLAlchemy's asyncio layer wants it.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <greenlet.h>

#include "plugins/greenlet/greenlet_type.h"

#include "plugins/python/py_running.h"

static PyObject	*greenlet_base_throw;	/* ours for the whole run */

/* switch(*args, **kwargs). New. */
static PyObject *
greenlet_type_switch(PyObject *self, PyObject *args, PyObject *kwargs)
{
	struct py_running	 saved;
	PyObject		*result;

	py_running_hide(&saved);
	result = PyGreenlet_Switch((PyGreenlet *)self, args, kwargs);
	py_running_restore(&saved);
	return result;
}

/* throw(...). New. */
static PyObject *
greenlet_type_throw(PyObject *self, PyObject *args)
{
	struct py_running	 saved;
	PyObject		*all, *mine, *result = NULL;

	mine = PyTuple_Pack(1, self);
	if (mine == NULL)
		return NULL;
	all = PySequence_Concat(mine, args);
	Py_DECREF(mine);
	if (all == NULL)
		return NULL;
	py_running_hide(&saved);
	result = PyObject_CallObject(greenlet_base_throw, all);
	py_running_restore(&saved);
	Py_DECREF(all);
	return result;
}

static PyMethodDef	 greenlet_type_methods[] = {
	{ "switch", (PyCFunction)(void (*)(void))greenlet_type_switch,
	    METH_VARARGS | METH_KEYWORDS, "see greenlet.greenlet.switch" },
	{ "throw", greenlet_type_throw, METH_VARARGS,
	    "see greenlet.greenlet.throw" },
	{ NULL, NULL, 0, NULL }
};

static PyType_Slot	 greenlet_type_slots[] = {
	{ Py_tp_doc, "The greenlet that a request runs in." },
	{ Py_tp_methods, greenlet_type_methods },
	{ 0, NULL }
};

static PyType_Spec	 greenlet_type_spec = {
	.name = "wsgimaster.RequestGreenlet",
	.flags = Py_TPFLAGS_DEFAULT,
	.slots = greenlet_type_slots,
};

/* Makes it. New. */
PyObject *
greenlet_type_new(void)
{
	PyObject	*bases, *type;

	PyGreenlet_Import();
	if (_PyGreenlet_API == NULL)
		return NULL;
	if (!py_running_is_hidden()) {
		Py_INCREF(&PyGreenlet_Type);
		return (PyObject *)&PyGreenlet_Type;
	}
	greenlet_base_throw = PyObject_GetAttrString(
	    (PyObject *)&PyGreenlet_Type, "throw");
	if (greenlet_base_throw == NULL)
		return NULL;
	bases = PyTuple_Pack(1, &PyGreenlet_Type);
	if (bases == NULL)
		return NULL;
	type = PyType_FromSpecWithBases(&greenlet_type_spec, bases);
	Py_DECREF(bases);
	return type;
}
