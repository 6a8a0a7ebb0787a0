/* uwsgi.register_rpc, rpc, call and rpc_list. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_rpc.h"

#include <stdbool.h>

#include "base/log.h"
#include "config/config.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_exception.h"
#include "plugins/python/py_gone.h"
#include "plugins/python/py_rpc_client.h"
#include "worker/gateway/uwsgi_array.h"
#include "worker/worker.h"

#define PY_RPC_NAME_MAX	254	/* bytes, as in uWSGI */

/* name (bytes) -> function, in their order; ours for the whole run. */
static PyObject	*py_rpc_functions;

/* A str or bytes as bytes. New; NULL with ValueError. */
static PyObject *
py_rpc_bytes(PyObject *text)
{
	if (PyBytes_Check(text)) {
		Py_INCREF(text);
		return text;
	}
	if (PyUnicode_Check(text))
		return PyUnicode_AsUTF8String(text);
	PyErr_Format(PyExc_ValueError, "unable to call rpc function: its name "
	    "and arguments are str or bytes, not %.100s",
	    Py_TYPE(text)->tp_name);
	return NULL;
}

/*
 * Is the exception that is set one that its request must get, though a
 * function of the app's lies between?
 */
static bool
py_rpc_is_callers(void)
{
	return !PyErr_ExceptionMatches(PyExc_Exception) ||
	    PyErr_ExceptionMatches(py_gone_type());
}

/* Takes what a function has returned; *answer is new if it is one. */
static enum py_rpc_result
py_rpc_take(PyObject *name, PyObject *steal_result, PyObject **answer)
{
	if (PyBytes_Check(steal_result) &&
	    PyBytes_GET_SIZE(steal_result) > 0) {
		*answer = steal_result;
		return PY_RPC_ANSWER;
	}
	if (!PyBytes_Check(steal_result) && steal_result != Py_None)
		log_warn("rpc: %.254s has returned %.100s, which is taken for "
		    "no answer: it must be bytes", PyBytes_AS_STRING(name),
		    Py_TYPE(steal_result)->tp_name);
	Py_DECREF(steal_result);
	return PY_RPC_EMPTY;
}

/* Calls a function. */
enum py_rpc_result
py_rpc_do(PyObject *name, PyObject *args, PyObject **answer)
{
	PyObject	*function, *result;

	*answer = NULL;
	function = py_rpc_functions == NULL ? NULL :
	    PyDict_GetItemWithError(py_rpc_functions, name);
	if (function == NULL)
		return PyErr_Occurred() ? PY_RPC_RAISED : PY_RPC_UNKNOWN;
	Py_INCREF(function);		/* it may be registered anew */
	result = PyObject_CallObject(function, args);
	Py_DECREF(function);
	if (result != NULL)
		return py_rpc_take(name, result, answer);
	if (py_rpc_is_callers())
		return PY_RPC_RAISED;
	py_exception_log(NULL, "exception in an RPC function");
	return PY_RPC_FAILED;
}

/* The arguments behind the first ones as a tuple of bytes. New. */
static PyObject *
py_rpc_args(PyObject *args, Py_ssize_t first)
{
	Py_ssize_t	 i, n = PyTuple_GET_SIZE(args) - first;
	PyObject	*texts, *text;

	if (n > UWSGI_ARRAY_MAX - 1) {
		PyErr_Format(PyExc_ValueError, "unable to call rpc function: "
		    "%zd arguments are more than 254", n);
		return NULL;
	}
	texts = PyTuple_New(n);
	for (i = 0; texts != NULL && i < n; i++) {
		text = py_rpc_bytes(PyTuple_GET_ITEM(args, first + i));
		if (text == NULL)
			Py_CLEAR(texts);
		else
			PyTuple_SET_ITEM(texts, i, text);
	}
	return texts;
}

/* Calls a function of this process. New: bytes or None. */
static PyObject *
py_rpc_call_here(PyObject *name, PyObject *texts)
{
	PyObject	*answer;

	switch (py_rpc_do(name, texts, &answer)) {
	case PY_RPC_ANSWER:
		return answer;
	case PY_RPC_RAISED:
		return NULL;
	case PY_RPC_EMPTY:
	case PY_RPC_UNKNOWN:
	case PY_RPC_FAILED:
		break;
	}
	Py_RETURN_NONE;
}

/* Has a function called, here (node NULL) or elsewhere. New. */
static PyObject *
py_rpc_any(PyObject *node, PyObject *args, Py_ssize_t first)
{
	PyObject	*name, *texts, *answer = NULL;

	if (PyTuple_GET_SIZE(args) <= first) {
		PyErr_SetString(PyExc_ValueError,
		    "unable to call rpc function: no name");
		return NULL;
	}
	name = py_rpc_bytes(PyTuple_GET_ITEM(args, first));
	texts = name == NULL ? NULL : py_rpc_args(args, first + 1);
	if (texts != NULL)
		answer = node == NULL ? py_rpc_call_here(name, texts) :
		    py_rpc_call_node(node, name, texts);
	Py_XDECREF(name);
	Py_XDECREF(texts);
	return answer;
}

/* call(name, *args): of this process. New: bytes or None. */
static PyObject *
py_rpc_call(PyObject *self, PyObject *args)
{
	(void)self;
	return py_rpc_any(NULL, args, 0);
}

/* rpc(node, name, *args): None and "" are this process. New. */
static PyObject *
py_rpc_rpc(PyObject *self, PyObject *args)
{
	PyObject	*node = NULL, *answer;

	(void)self;
	if (PyTuple_GET_SIZE(args) > 0 &&
	    PyTuple_GET_ITEM(args, 0) != Py_None) {
		node = py_rpc_bytes(PyTuple_GET_ITEM(args, 0));
		if (node == NULL)
			return NULL;
		if (PyBytes_GET_SIZE(node) == 0)
			Py_CLEAR(node);
	}
	answer = py_rpc_any(node, args, 1);
	Py_XDECREF(node);
	return answer;
}

/* Is there room for this name? False with ValueError. */
static bool
py_rpc_has_room(PyObject *name)
{
	Py_ssize_t	 len = PyBytes_GET_SIZE(name);
	int		 max = py_worker()->cfg->rpc_max;

	if (len == 0 || len > PY_RPC_NAME_MAX) {
		PyErr_SetString(PyExc_ValueError, "unable to register rpc "
		    "function: a name has 1 to 254 bytes");
		return false;
	}
	if (PyDict_GET_SIZE(py_rpc_functions) < max ||
	    PyDict_Contains(py_rpc_functions, name) == 1)
		return true;
	if (!PyErr_Occurred())
		PyErr_Format(PyExc_ValueError, "unable to register rpc "
		    "function: there are %d already (rpc-max)", max);
	return false;
}

/* register_rpc(name, function[, argc]): instead of one of that name. New. */
static PyObject *
py_rpc_register(PyObject *self, PyObject *args)
{
	PyObject	*text, *function, *name;
	unsigned char	 argc = 0;	/* as in uWSGI nobody looks at it */
	int		 result = -1;

	(void)self;
	if (!PyArg_ParseTuple(args, "OO|B:register_rpc", &text, &function,
	    &argc))
		return NULL;
	if (!PyCallable_Check(function)) {
		PyErr_Format(PyExc_ValueError, "unable to register rpc "
		    "function: %.100s cannot be called",
		    Py_TYPE(function)->tp_name);
		return NULL;
	}
	if (py_rpc_functions == NULL &&
	    (py_rpc_functions = PyDict_New()) == NULL)
		return NULL;
	name = py_rpc_bytes(text);
	if (name != NULL && py_rpc_has_room(name))
		result = PyDict_SetItem(py_rpc_functions, name, function);
	Py_XDECREF(name);
	if (result == -1)
		return NULL;
	Py_RETURN_TRUE;
}

/* rpc_list(): the names. New: a tuple of bytes. */
static PyObject *
py_rpc_list(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	if (py_rpc_functions == NULL)
		return PyTuple_New(0);
	return PySequence_Tuple(py_rpc_functions);
}

const PyMethodDef	 py_rpc_methods[] = {
	{ "register_rpc", py_rpc_register, METH_VARARGS,
	    "register_rpc(name, function[, argc]): others may call it" },
	{ "rpc", py_rpc_rpc, METH_VARARGS,
	    "rpc(node, name, *args): calls a function of another server" },
	{ "call", py_rpc_call, METH_VARARGS,
	    "call(name, *args): calls a function of this process" },
	{ "rpc_list", py_rpc_list, METH_NOARGS,
	    "rpc_list(): the names of what can be called here" },
	{ NULL, NULL, 0, NULL }
};
