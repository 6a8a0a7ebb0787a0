/* What the app prints: sys.stdout and sys.stderr as parts of a log. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_stdio.h"

/* One of sys's streams, borrowed; NULL if there is none. */
static PyObject *
py_stdio_stream(const char *name)
{
	PyObject	*stream = PySys_GetObject(name);	/* borrowed */

	return stream == Py_None ? NULL : stream;
}

/*
 * Line by line. Not write-through, which PYTHONUNBUFFERED asks for: then each
 * argument of a print() is a write of its own, and workers' lines mix.
 */
static int
py_stdio_init_stream(const char *name)
{
	PyObject	*stream = py_stdio_stream(name);
	PyObject	*method, *args, *keywords, *done = NULL;

	if (stream == NULL)
		return 0;
	method = PyObject_GetAttrString(stream, "reconfigure");
	args = PyTuple_New(0);
	keywords = Py_BuildValue("{sOsO}", "line_buffering", Py_True,
	    "write_through", Py_False);
	if (method != NULL && args != NULL && keywords != NULL)
		done = PyObject_Call(method, args, keywords);
	Py_XDECREF(method);
	Py_XDECREF(args);
	Py_XDECREF(keywords);
	Py_XDECREF(done);
	return done == NULL ? -1 : 0;
}

/* Both streams. */
int
py_stdio_init(void)
{
	if (py_stdio_init_stream("stdout") == -1)
		return -1;
	return py_stdio_init_stream("stderr");
}

/* Flushes one; the app may have put anything in its place. */
static void
py_stdio_flush_stream(const char *name)
{
	PyObject	*stream = py_stdio_stream(name);
	PyObject	*done;

	if (stream == NULL)
		return;
	done = PyObject_CallMethod(stream, "flush", NULL);
	if (done == NULL)
		PyErr_Clear();
	Py_XDECREF(done);
}

/* Both streams. */
void
py_stdio_flush(void)
{
	py_stdio_flush_stream("stdout");
	py_stdio_flush_stream("stderr");
}
