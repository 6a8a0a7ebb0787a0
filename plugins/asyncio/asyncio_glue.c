/* The part of the asyncio engine that is written in Python. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/asyncio/asyncio_glue.h"

#include "plugins/asyncio/asyncio_engine.h"
#include "plugins/asyncio/asyncio_selector.h"
#include "plugins/asyncio/asyncio_waiter.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_hub.h"
#include "worker/core.h"
#include "worker/worker.h"

#define GLUE_NAME	"_wsgimaster_asyncio"

/* asyncio_glue.py, a line a string. */
static const char	 glue_source[] =
#include "plugins/asyncio/asyncio_glue.inc"
;

/* on_loop_thread(). New. */
static PyObject *
glue_on_loop_thread(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	return PyBool_FromLong(py_gil_is_loop_thread());
}

/* in_request(): does a request call? New. */
static PyObject *
glue_in_request(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	return PyBool_FromLong(py_core_current() != NULL);
}

/* may_wait(): could it be parked now? New. */
static PyObject *
glue_may_wait(PyObject *self, PyObject *unused)
{
	const struct core	*core = py_core_current();

	(void)self, (void)unused;
	return PyBool_FromLong(core != NULL && core->state == CORE_RUNNING);
}

/* signal_fd(): where the hub hears of signals; -1 when it does not. New. */
static PyObject *
glue_signal_fd(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	return PyLong_FromLong(py_hub_signal_fd());
}

/* is_guest(): does the loop not turn the base itself? New. */
static PyObject *
glue_is_guest(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	return PyBool_FromLong(!asyncio_engine_is_used());
}

/* is_forked(): is this a child that the app has forked? New. */
static PyObject *
glue_is_forked(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	return PyBool_FromLong(py_worker()->forked);
}

static PyMethodDef	 glue_methods[] = {
	{ "signal_fd", glue_signal_fd, METH_NOARGS, NULL },
	{ "is_guest", glue_is_guest, METH_NOARGS, NULL },
	{ "is_forked", glue_is_forked, METH_NOARGS, NULL },
	{ "on_loop_thread", glue_on_loop_thread, METH_NOARGS, NULL },
	{ "in_request", glue_in_request, METH_NOARGS, NULL },
	{ "may_wait", glue_may_wait, METH_NOARGS, NULL },
	{ NULL, NULL, 0, NULL }
};

static struct PyModuleDef	 glue_def = {
	PyModuleDef_HEAD_INIT,
	.m_name = GLUE_NAME,
	.m_doc = "The server's asyncio engine.",
	.m_size = -1,
	.m_methods = glue_methods,
};

/* Adds a type that is new. */
static int
glue_add(PyObject *module, const char *name, PyObject *steal_type)
{
	int	 result;

	if (steal_type == NULL)
		return -1;
	result = PyObject_SetAttrString(module, name, steal_type);
	Py_DECREF(steal_type);
	return result;
}

/* Runs the source in the module. */
static int
glue_run(PyObject *module)
{
	PyObject	*code, *names, *done = NULL;

	names = PyModule_GetDict(module);
	code = Py_CompileString(glue_source, "<" GLUE_NAME ">",
	    Py_file_input);
	if (code != NULL && PyDict_SetItemString(names, "__builtins__",
	    PyEval_GetBuiltins()) == 0)
		done = PyEval_EvalCode(code, names, names);
	Py_XDECREF(code);
	Py_XDECREF(done);
	return done == NULL ? -1 : 0;
}

/* Makes the module. New. */
static PyObject *
glue_new(void)
{
	PyObject	*module = PyModule_Create(&glue_def);

	if (module != NULL &&
	    (glue_add(module, "Selector", asyncio_selector_type()) == -1 ||
	    glue_add(module, "Waiter", asyncio_waiter_type()) == -1 ||
	    glue_run(module) == -1))
		Py_CLEAR(module);
	return module;
}

/*
 * The module, made when first asked for. Borrowed. While its source runs other
 * threads may, and must not find half of it: then each makes one, and the
 * first that is done is it.
 */
PyObject *
asyncio_glue_get(void)
{
	static PyObject	*module;	/* ours for the whole run */
	PyObject	*made;

	if (module != NULL)
		return module;
	made = glue_new();
	if (made == NULL || module != NULL) {
		Py_XDECREF(made);
		return made == NULL ? NULL : module;
	}
	if (PyDict_SetItemString(PyImport_GetModuleDict(), GLUE_NAME,
	    made) == -1) {
		Py_DECREF(made);
		return NULL;
	}
	module = made;
	return module;
}
