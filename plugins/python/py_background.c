/* What mules and spoolers have in common on the Python side. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_background.h"

#include <signal.h>

#include "plugins/python/py_exception.h"
#include "plugins/python/py_fork.h"
#include "plugins/python/py_module.h"
#include "worker/background.h"

/* The handler of SIGTERM, which means it only when the master wants it. New. */
static PyObject *
py_background_term(PyObject *self, PyObject *args)
{
	PyObject	*zero;

	(void)self, (void)args;
	if (!background_is_leaving())
		Py_RETURN_NONE;
	zero = PyLong_FromLong(0);
	if (zero != NULL)
		PyErr_SetObject(PyExc_SystemExit, zero);
	Py_XDECREF(zero);
	return NULL;
}

static PyMethodDef	 py_background_term_def = {
	"wsgimaster_leave", py_background_term, METH_VARARGS, NULL
};

/* Does the app handle SIGTERM itself? -1: a Python exception. */
static int
py_background_is_handled(PyObject *module)
{
	PyObject	*now = PyObject_CallMethod(module, "getsignal", "i",
	    SIGTERM);
	int		 result = -1;

	if (now != NULL)
		result = PyCallable_Check(now) && !PyLong_Check(now);
	Py_XDECREF(now);
	return result;
}

/* Installs it, unless the app has one. */
int
py_background_init(void)
{
	PyObject	*module = PyImport_ImportModule("signal");
	PyObject	*handler = NULL, *done = NULL;
	int		 handled = -1;

	if (module != NULL)
		handled = py_background_is_handled(module);
	if (handled == 0)
		handler = PyCFunction_New(&py_background_term_def, NULL);
	if (handler != NULL)
		done = PyObject_CallMethod(module, "signal", "iO", SIGTERM,
		    handler);
	Py_XDECREF(module);
	Py_XDECREF(handler);
	Py_XDECREF(done);
	return handled == 1 || done != NULL ? 0 : -1;
}

/* What an exception makes of the process. */
int
py_background_failed(const char *what)
{
	if (PyErr_ExceptionMatches(PyExc_SystemExit))
		return py_exception_exit_status();
	py_exception_log(NULL, what);
	return 1;
}

/* The app's post_fork_hook. */
int
py_background_hook(struct worker *w, void (*begin)(struct worker *w))
{
	int	 result;

	begin(w);
	background_free(true);
	result = py_module_call_hook("post_fork_hook");
	background_free(false);
	py_fork_leave();
	return result == 0 ? PY_BACKGROUND_GOES_ON :
	    py_background_failed("post_fork_hook");
}

/* Something of the app's. */
int
py_background_call(PyObject *function, const char *what)
{
	PyObject	*done;

	background_free(true);
	done = PyObject_CallObject(function, NULL);
	background_free(false);
	if (done == NULL)
		return py_background_failed(what);
	Py_DECREF(done);
	return 0;
}
