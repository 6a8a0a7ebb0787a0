/* Stacks that Python writes by itself, without its lock. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_dump.h"

#include <signal.h>
#include <unistd.h>

#include "shm/messages.h"

/* Registers the signal. */
int
py_dump_init(void)
{
	PyObject	*module, *function = NULL, *args = NULL;
	PyObject	*keywords = NULL, *done = NULL;

	module = PyImport_ImportModule("faulthandler");
	if (module != NULL)
		function = PyObject_GetAttrString(module, "register");
	if (function != NULL)
		args = Py_BuildValue("(i)", SIGNAL_DUMP);
	if (args != NULL)
		keywords = Py_BuildValue("{s:i,s:O,s:O}", "file",
		    STDERR_FILENO, "all_threads", Py_True, "chain", Py_False);
	if (keywords != NULL)
		done = PyObject_Call(function, args, keywords);
	Py_XDECREF(module);
	Py_XDECREF(function);
	Py_XDECREF(args);
	Py_XDECREF(keywords);
	Py_XDECREF(done);
	return done == NULL ? -1 : 0;
}
