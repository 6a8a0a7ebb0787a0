/* uwsgi's functions about the calling request's log line and variables. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_request.h"

#include "plugins/python/py_async.h"
#include "worker/core.h"
#include "worker/request_vars.h"

/* Notes a variable; -1 with ValueError. */
static int
py_request_note(struct core *core, enum request_var_kind kind,
    PyObject *args, const char *format)
{
	const char	*name, *value;
	Py_ssize_t	 name_len, len;

	if (!PyArg_ParseTuple(args, format, &name, &name_len, &value, &len))
		return -1;
	if (request_var_set(&core->req, kind, name, (size_t)name_len, value,
	    (size_t)len))
		return 0;
	PyErr_Format(PyExc_ValueError, "unable to add request var: a request "
	    "has room for %d bytes", REQUEST_VARS_MAX);
	return -1;
}

/* set_logvar(name, value): for log-format. New: None. */
static PyObject *
py_request_set_logvar(PyObject *self, PyObject *args)
{
	struct core	*core = py_async_request("set_logvar");

	(void)self;
	if (core == NULL || py_request_note(core, REQUEST_VAR_LOG, args,
	    "s#s#:set_logvar") == -1)
		return NULL;
	Py_RETURN_NONE;
}

/* get_logvar(name). New: bytes, or None. */
static PyObject *
py_request_get_logvar(PyObject *self, PyObject *args)
{
	const struct request_var	*var;
	struct core			*core;
	const char			*name;
	Py_ssize_t			 len;

	(void)self;
	if (!PyArg_ParseTuple(args, "s#:get_logvar", &name, &len))
		return NULL;
	core = py_async_request("get_logvar");
	if (core == NULL)
		return NULL;
	var = request_var_get(&core->req, REQUEST_VAR_LOG, name, (size_t)len);
	if (var == NULL)
		Py_RETURN_NONE;
	return PyBytes_FromStringAndSize(var->value, (Py_ssize_t)var->len);
}

/* add_var(name, value): one more variable of the request. New: True. */
static PyObject *
py_request_add_var(PyObject *self, PyObject *args)
{
	struct core	*core = py_async_request("add_var");

	(void)self;
	if (core == NULL || py_request_note(core, REQUEST_VAR_CGI, args,
	    "s#s#:add_var") == -1)
		return NULL;
	Py_RETURN_TRUE;
}

/* log_this_request(): in spite of disable-logging. New: None. */
static PyObject *
py_request_log_this(PyObject *self, PyObject *unused)
{
	struct core	*core = py_async_request("log_this_request");

	(void)self, (void)unused;
	if (core == NULL)
		return NULL;
	core->req.log_this = true;
	Py_RETURN_NONE;
}

const PyMethodDef	 py_request_methods[] = {
	{ "set_logvar", py_request_set_logvar, METH_VARARGS,
	    "set_logvar(name, value): for %(name) of log-format" },
	{ "get_logvar", py_request_get_logvar, METH_VARARGS,
	    "get_logvar(name): what was set, or None" },
	{ "add_var", py_request_add_var, METH_VARARGS,
	    "add_var(name, value): for %(var.name) of log-format" },
	{ "log_this_request", py_request_log_this, METH_NOARGS,
	    "log_this_request(): though disable-logging says no" },
	{ NULL, NULL, 0, NULL }
};
