/* wsgi.errors: what an app complains of becomes log records. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_errors.h"

#include <string.h>

#include "base/log.h"
#include "plugins/python/py_core.h"
#include "worker/core.h"
#include "worker/request.h"

#define PY_ERRORS_MAX	65536		/* of a line without its end */

static PyTypeObject	*py_errors_type;

/* Logs one line. */
static void
py_errors_log(const struct core *core, const char *line, size_t len)
{
	if (len > 0 && line[len - 1] == '\r')
		len--;
	if (len == 0)
		return;
	if (core != NULL)
		request_log(&core->req, LOG_LEVEL_ERROR, "%.*s", (int)len,
		    line);
	else
		log_error("%.*s", (int)len, line);
}

/* Takes bytes, logs the lines that are whole, keeps the rest. */
static void
py_errors_take(const struct core *core, const char *s, size_t len)
{
	struct strbuf	*sb = &py_core_of(core)->errors;
	const char	*newline;
	size_t		 part;

	while ((newline = memchr(s, '\n', len)) != NULL) {
		part = (size_t)(newline - s);
		if (sb->len > 0) {
			strbuf_add(sb, s, part);
			py_errors_log(core, sb->buf, sb->len);
			strbuf_truncate(sb, 0);
		} else
			py_errors_log(core, s, part);
		s += part + 1;
		len -= part + 1;
	}
	if (len > 0)
		strbuf_add(sb, s, len);
	if (sb->len > PY_ERRORS_MAX)
		py_errors_flush(core);
}

/* Logs an unfinished line. */
void
py_errors_flush(const struct core *core)
{
	struct strbuf	*sb = &py_core_of(core)->errors;

	if (sb->len == 0)
		return;
	py_errors_log(core, sb->buf, sb->len);
	strbuf_truncate(sb, 0);
}

/* Writes a str; false with a Python exception. */
static bool
py_errors_put(PyObject *text)
{
	PyObject	*bytes;

	if (!PyUnicode_Check(text)) {
		PyErr_Format(PyExc_TypeError, "wsgi.errors takes str, not "
		    "%.100s", Py_TYPE(text)->tp_name);
		return false;
	}
	bytes = PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace");
	if (bytes == NULL)
		return false;
	py_errors_take(py_core_current(), PyBytes_AS_STRING(bytes),
	    (size_t)PyBytes_GET_SIZE(bytes));
	Py_DECREF(bytes);
	return true;
}

/* write(str): how many characters. New. */
static PyObject *
py_errors_write(PyObject *self, PyObject *text)
{
	(void)self;
	if (!py_errors_put(text))
		return NULL;
	return PyLong_FromSsize_t(PyUnicode_GET_LENGTH(text));
}

/* writelines(iterable). New. */
static PyObject *
py_errors_writelines(PyObject *self, PyObject *lines)
{
	PyObject	*iterator, *line;
	bool		 ok = true;

	(void)self;
	iterator = PyObject_GetIter(lines);
	if (iterator == NULL)
		return NULL;
	while (ok && (line = PyIter_Next(iterator)) != NULL) {
		ok = py_errors_put(line);
		Py_DECREF(line);
	}
	Py_DECREF(iterator);
	if (PyErr_Occurred())
		return NULL;
	Py_RETURN_NONE;
}

/* flush(). New. */
static PyObject *
py_errors_flush_now(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	py_errors_flush(py_core_current());
	Py_RETURN_NONE;
}

static PyMethodDef	 py_errors_methods[] = {
	{ "write", py_errors_write, METH_O, "write(str)" },
	{ "writelines", py_errors_writelines, METH_O, "writelines(iterable)" },
	{ "flush", py_errors_flush_now, METH_NOARGS, "flush()" },
	{ NULL, NULL, 0, NULL }
};

static PyType_Slot	 py_errors_slots[] = {
	{ Py_tp_methods, py_errors_methods },
	{ 0, NULL }
};

static PyType_Spec	 py_errors_spec = {
	.name = "wsgimaster.Errors",
	.basicsize = sizeof(PyObject),
	.flags = Py_TPFLAGS_DEFAULT,
	.slots = py_errors_slots,
};

/* Makes the type. */
int
py_errors_init(void)
{
	py_errors_type = (PyTypeObject *)PyType_FromSpec(&py_errors_spec);
	return py_errors_type == NULL ? -1 : 0;
}

/* A stream. */
PyObject *
py_errors_new(void)
{
	return PyType_GenericAlloc(py_errors_type, 0);
}
