/* The part of the gevent engine that is written in Python. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/gevent/gevent_glue.h"

#include "plugins/gevent/gevent_loop.h"
#include "plugins/python/py_gil.h"

#define GLUE_NAME	"_wsgimaster_gevent"

/* gevent_glue.py, a line a string. */
static const char	 glue_source[] =
#include "plugins/gevent/gevent_glue.inc"
;

/* on_loop_thread(). New. */
static PyObject *
gevent_glue_on_loop_thread(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	return PyBool_FromLong(py_gil_is_loop_thread());
}

/* note_fork(): in every child. New. */
static PyObject *
gevent_glue_note_fork(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	gevent_loop_note_fork();
	Py_RETURN_NONE;
}

static PyMethodDef	 glue_methods[] = {
	{ "on_loop_thread", gevent_glue_on_loop_thread, METH_NOARGS, NULL },
	{ "note_fork", gevent_glue_note_fork, METH_NOARGS, NULL },
	{ NULL, NULL, 0, NULL }
};

/* repr(): as gevent's own. New. */
static PyObject *
gevent_glue_events_repr(PyObject *self)
{
	(void)self;
	return PyUnicode_FromString("gevent.core.EVENTS");
}

static PyType_Slot	 glue_events_slots[] = {
	{ Py_tp_repr, gevent_glue_events_repr },
	{ 0, NULL }
};

static PyType_Spec	 glue_events_spec = {
	.name = GLUE_NAME ".EVENTSType",
	.flags = Py_TPFLAGS_DEFAULT,
	.slots = glue_events_slots,
};

static struct PyModuleDef	 glue_def = {
	PyModuleDef_HEAD_INIT,
	.m_name = GLUE_NAME,
	.m_doc = "The server's gevent engine.",
	.m_size = -1,
	.m_methods = glue_methods,
};

/* Adds EVENTS. */
static int
gevent_glue_add_events(PyObject *module)
{
	PyObject	*type, *events = NULL;
	int		 result = -1;

	type = PyType_FromSpec(&glue_events_spec);
	if (type != NULL)
		events = PyObject_CallNoArgs(type);
	if (events != NULL)
		result = PyObject_SetAttrString(module, "EVENTS", events);
	Py_XDECREF(type);
	Py_XDECREF(events);
	return result;
}

/* Runs the source in the module. */
static int
gevent_glue_run(PyObject *module)
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

/* Makes the module. */
PyObject *
gevent_glue_new(void)
{
	PyObject	*module;

	module = PyModule_Create(&glue_def);
	if (module == NULL)
		return NULL;
	if (gevent_glue_add_events(module) == -1 ||
	    gevent_loop_add_type(module) == -1 ||
	    gevent_callback_add_type(module) == -1 ||
	    gevent_types_add(module) == -1 ||
	    PyDict_SetItemString(PyImport_GetModuleDict(), GLUE_NAME,
	    module) == -1 || gevent_glue_run(module) == -1)
		Py_CLEAR(module);
	return module;
}
