/* A request that waits for something that the loop does. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/asyncio/asyncio_waiter.h"

#include <stdbool.h>

#include "plugins/python/py_core.h"
#include "plugins/python/py_wait.h"
#include "worker/core.h"
#include "worker/wait.h"

struct waiter {
	PyObject_HEAD
	struct core	*core;		/* that is parked here, or NULL */
	bool		 is_due;
};

/* park(). New. */
static PyObject *
waiter_park(PyObject *self, PyObject *unused)
{
	struct waiter		*waiter = (struct waiter *)self;
	struct core		*core = py_core_current();
	enum wait_reason	 reason = WAIT_READY;

	(void)unused;
	if (core == NULL) {
		PyErr_SetString(PyExc_RuntimeError, "not in a request");
		return NULL;
	}
	if (!py_core_may_wait(core))
		return NULL;
	waiter->core = core;
	while (!waiter->is_due && reason == WAIT_READY && !PyErr_Occurred())
		reason = wait_set(core, NULL, 0, -1);
	waiter->core = NULL;
	if (PyErr_Occurred())
		return NULL;
	if (reason == WAIT_READY)
		Py_RETURN_NONE;
	return py_wait_raise(reason);
}

/* wake(ignored). New. */
static PyObject *
waiter_wake(PyObject *self, PyObject *unused)
{
	struct waiter	*waiter = (struct waiter *)self;

	(void)unused;
	if (!waiter->is_due && waiter->core != NULL)
		core_wake(waiter->core, WAIT_READY);
	waiter->is_due = true;
	Py_RETURN_NONE;
}

/* The end. */
static void
waiter_dealloc(PyObject *self)
{
	PyTypeObject	*type = Py_TYPE(self);

	type->tp_free(self);
	Py_DECREF(type);
}

static PyMethodDef	 waiter_methods[] = {
	{ "park", waiter_park, METH_NOARGS, "park(): waits for wake()" },
	{ "wake", waiter_wake, METH_O, "wake(ignored)" },
	{ NULL, NULL, 0, NULL }
};

static PyType_Slot	 waiter_slots[] = {
	{ Py_tp_doc, "A request that waits for something the loop does." },
	{ Py_tp_dealloc, waiter_dealloc },
	{ Py_tp_methods, waiter_methods },
	{ 0, NULL }
};

static PyType_Spec	 waiter_spec = {
	.name = "wsgimaster.Waiter",
	.basicsize = sizeof(struct waiter),
	.flags = Py_TPFLAGS_DEFAULT,
	.slots = waiter_slots,
};

/* Makes the type. New. */
PyObject *
asyncio_waiter_type(void)
{
	return PyType_FromSpec(&waiter_spec);
}
