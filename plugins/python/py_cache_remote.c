/* Caches in Redis, by redis-py: what is written in remote_cache.py. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_cache_remote.h"

#include <string.h>

/* Made out of remote_cache.py: one literal a line. */
static const char	 remote_source[] =
#include "plugins/python/remote_cache.inc"
    ;

static PyObject	*remote_names;	/* its dict, once it was wanted; kept */

/* An address, as redis-py has them? */
int
py_cache_is_remote(const char *name)
{
	return name != NULL && strstr(name, "://") != NULL;
}

/* Runs the source. Its dict, borrowed; NULL with an exception. */
static PyObject *
remote_load(void)
{
	PyObject	*names, *code, *done = NULL, *name = NULL;

	if (remote_names != NULL)
		return remote_names;
	names = PyDict_New();
	code = Py_CompileString(remote_source, "remote_cache.py",
	    Py_file_input);
	name = PyUnicode_FromString("_wsgimaster_remote_cache");
	if (names != NULL && code != NULL && name != NULL &&
	    PyDict_SetItemString(names, "__builtins__",
	    PyEval_GetBuiltins()) == 0 &&
	    PyDict_SetItemString(names, "__name__", name) == 0)
		done = PyEval_EvalCode(code, names, names);
	Py_XDECREF(name);
	Py_XDECREF(code);
	Py_XDECREF(done);
	/* Another thread may have been here in the meantime. */
	if (done != NULL && remote_names == NULL) {
		remote_names = names;
		names = NULL;
	}
	Py_XDECREF(names);
	return done != NULL ? remote_names : NULL;
}

/* Calls one of its functions. */
PyObject *
py_cache_remote_call(const char *function, PyObject *address,
    PyObject *const *args, Py_ssize_t count)
{
	PyObject	*names = remote_load(), *run, *tuple, *result;
	Py_ssize_t	 i;

	if (names == NULL)
		return NULL;
	run = PyDict_GetItemString(names, function);
	tuple = PyTuple_New(count + 1);
	if (run == NULL || tuple == NULL) {
		Py_XDECREF(tuple);
		return PyErr_Format(PyExc_NotImplementedError,
		    "%s: not with a remote cache", function);
	}
	Py_INCREF(address);
	PyTuple_SET_ITEM(tuple, 0, address);
	for (i = 0; i < count; i++) {
		Py_INCREF(args[i]);
		PyTuple_SET_ITEM(tuple, i + 1, args[i]);
	}
	result = PyObject_CallObject(run, tuple);
	Py_DECREF(tuple);
	return result;
}
