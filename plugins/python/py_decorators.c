/*
 * The module uwsgidecorators, whose Python source is part of the program: so
 * that it is there wherever the server runs, and nowhere else.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_decorators.h"

/* Made out of uwsgidecorators.py: one literal a line. */
static const char	 py_decorators_source[] =
#include "plugins/python/uwsgidecorators.inc"
    ;

static struct PyModuleDef	 py_decorators_def = {
	PyModuleDef_HEAD_INIT,
	.m_name = "uwsgidecorators",
	.m_size = -1,
};

/* Runs the source in a new module. */
static PyObject *
py_decorators_init(void)
{
	PyObject	*module, *code, *done = NULL, *names;

	module = PyModule_Create(&py_decorators_def);
	if (module == NULL)
		return NULL;
	names = PyModule_GetDict(module);
	code = Py_CompileString(py_decorators_source, "uwsgidecorators.py",
	    Py_file_input);
	if (code != NULL && PyDict_SetItemString(names, "__builtins__",
	    PyEval_GetBuiltins()) == 0)
		done = PyEval_EvalCode(code, names, names);
	if (done == NULL)
		Py_CLEAR(module);
	Py_XDECREF(code);
	Py_XDECREF(done);
	return module;
}

/* Before the interpreter is there. */
int
py_decorators_register(void)
{
	return PyImport_AppendInittab("uwsgidecorators", py_decorators_init);
}
