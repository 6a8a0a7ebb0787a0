/* Python exceptions become text and log records here, and nowhere else. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_exception.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "plugins/python/py_strings.h"
#include "worker/request.h"

/* traceback.format_exception, ours for the whole run. */
static PyObject	*py_exception_format;

/* Imports what is needed while nothing is wrong yet. With the lock. */
int
py_exception_init(void)
{
	PyObject	*module;

	module = PyImport_ImportModule("traceback");
	if (module == NULL)
		return -1;
	py_exception_format = PyObject_GetAttrString(module,
	    "format_exception");
	Py_DECREF(module);
	return py_exception_format == NULL ? -1 : 0;
}

/* UTF-8 bytes of the formatted exception, new; NULL with an exception. */
static PyObject *
py_exception_bytes(PyObject *type, PyObject *value, PyObject *tb)
{
	PyObject	*lines = NULL, *text = NULL, *bytes = NULL;

	if (py_exception_format == NULL)
		goto out;
	lines = PyObject_CallFunctionObjArgs(py_exception_format, type, value,
	    tb, NULL);
	if (lines == NULL)
		goto out;
	text = PyUnicode_Join(py_str->empty, lines);
	if (text == NULL)
		goto out;
	bytes = PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace");
out:
	Py_XDECREF(lines);
	Py_XDECREF(text);
	return bytes;
}

/* The traceback as text. With the lock. */
char *
py_exception_text(void)
{
	PyObject	*type, *value, *tb, *bytes = NULL;
	const char	*s;
	char		*text;
	size_t		 len;

	PyErr_Fetch(&type, &value, &tb);
	if (type == NULL)
		return xstrdup("no exception");
	PyErr_NormalizeException(&type, &value, &tb);
	if (tb != NULL)
		PyException_SetTraceback(value, tb);
	bytes = py_exception_bytes(type, value, tb != NULL ? tb : Py_None);
	if (bytes != NULL) {
		s = PyBytes_AS_STRING(bytes);
		len = (size_t)PyBytes_GET_SIZE(bytes);
		while (len > 0 && s[len - 1] == '\n')
			len--;
		text = xstrndup(s, len);
	} else {
		PyErr_Clear();
		text = xasprintf("%s (its traceback cannot be shown)",
		    ((PyTypeObject *)type)->tp_name);
	}
	Py_XDECREF(bytes);
	Py_DECREF(type);
	Py_XDECREF(value);
	Py_XDECREF(tb);
	return text;
}

/* Where the last line begins. */
const char *
py_exception_last_line(const char *text)
{
	const char	*newline = strrchr(text, '\n');

	return newline == NULL ? text : newline + 1;
}

/* Logs and clears the exception. With the lock. */
void
py_exception_log(const struct request *req, const char *what)
{
	char	*text;

	text = py_exception_text();
	if (req != NULL)
		request_log(req, LOG_LEVEL_ERROR, "%s\n%s", what, text);
	else
		log_error("%s\n%s", what, text);
	free(text);
}

/* Logs the exception, and tells in one line what happened. With the lock. */
char *
py_exception_cause(const char *what)
{
	char	*text, *cause;

	text = py_exception_text();
	log_error("%s\n%s", what, text);
	cause = xasprintf("%s: %s", what, py_exception_last_line(text));
	free(text);
	return cause;
}

/* What sys.exit() was given. Takes the exception, a SystemExit. */
int
py_exception_exit_status(void)
{
	PyObject	*type, *value, *tb, *code;
	int		 status = 1;

	PyErr_Fetch(&type, &value, &tb);
	PyErr_NormalizeException(&type, &value, &tb);
	code = PyObject_GetAttrString(value, "code");
	if (code == Py_None)
		status = 0;
	else if (code != NULL && PyLong_Check(code))
		status = (int)PyLong_AsLong(code);
	PyErr_Clear();
	Py_XDECREF(code);
	Py_XDECREF(type);
	Py_XDECREF(value);
	Py_XDECREF(tb);
	return status;
}
