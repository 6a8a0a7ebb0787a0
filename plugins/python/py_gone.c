/* wsgimaster.ClientGone, which a request gets when its client has left. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_gone.h"

#include <errno.h>

#include "worker/conn.h"
#include "worker/request.h"

static PyObject	*py_gone;	/* the type; ours for the whole run */

/* Makes the type. */
int
py_gone_init(PyObject *module)
{
	PyObject	*bases;

	bases = PyTuple_Pack(2, PyExc_ConnectionResetError,
	    PyExc_BrokenPipeError);
	if (bases == NULL)
		return -1;
	py_gone = PyErr_NewExceptionWithDoc("wsgimaster.ClientGone",
	    "The request's client has left.", bases, NULL);
	Py_DECREF(bases);
	if (py_gone == NULL)
		return -1;
	return PyObject_SetAttrString(module, "ClientGone", py_gone);
}

/* The type, borrowed. */
PyObject *
py_gone_type(void)
{
	return py_gone;
}

/* Raises it. */
void
py_gone_raise(void)
{
	PyObject	*error;

	error = PyObject_CallFunction(py_gone, "is", ECONNRESET,
	    "the client has left");
	if (error != NULL)
		PyErr_SetObject(py_gone, error);
	Py_XDECREF(error);
}

/* Has the app been ended by it? */
bool
py_gone_is_set(const struct request *req)
{
	return req->conn->gone && PyErr_ExceptionMatches(py_gone);
}
