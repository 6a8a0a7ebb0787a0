/* uwsgi.parsefile and extract: files that are read as a whole. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_read.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/strbuf.h"
#include "plugins/python/py_gil.h"
#include "worker/gateway/uwsgi_array.h"

#define PY_READ_PIECE	65536
#define PY_READ_MAX	(256u << 20)

#define UWSGI_MODIFIER_SPOOL	17	/* a spooler's file */

/* One file. */
struct py_read {
	const char	*path;
	size_t		 max;
	struct strbuf	 buf;
};

/* Reads all of it but for what is above max; -1 with errno. */
static int
py_read_all(void *arg)
{
	struct py_read	*file = arg;
	ssize_t		 n = -1;
	int		 fd;

	fd = fd_open_regular(file->path);
	if (fd == -1)
		return -1;
	do {
		strbuf_reserve(&file->buf, PY_READ_PIECE);
		n = read(fd, file->buf.buf + file->buf.len, PY_READ_PIECE);
		if (n > 0)
			file->buf.len += (size_t)n;
	} while ((n > 0 && file->buf.len < file->max) ||
	    (n == -1 && errno == EINTR));
	fd_close(&fd);
	return n == -1 ? -1 : 0;
}

/* A packet's variables as a dict of bytes. New; NULL: it is none. */
static PyObject *
py_read_vars(const struct strbuf *buf)
{
	struct http_view	 key, value;
	uint32_t		 at = UWSGI_PACKET_HEADER, end;
	PyObject		*dict, *k, *v;
	int			 result = 0;

	if (buf->len < UWSGI_PACKET_HEADER || (buf->buf[0] != 0 &&
	    buf->buf[0] != UWSGI_MODIFIER_SPOOL))
		return NULL;
	end = UWSGI_PACKET_HEADER + uwsgi_number_read(buf->buf + 1);
	dict = end > buf->len ? NULL : PyDict_New();
	while (dict != NULL && at < end) {
		if (!uwsgi_array_next(buf->buf, end, &at, &key) ||
		    !uwsgi_array_next(buf->buf, end, &at, &value) ||
		    key.len == 0) {
			Py_CLEAR(dict);
			break;
		}
		k = PyBytes_FromStringAndSize(buf->buf + key.off, key.len);
		v = PyBytes_FromStringAndSize(buf->buf + value.off,
		    value.len);
		result = k == NULL || v == NULL ? -1 :
		    PyDict_SetItem(dict, k, v);
		Py_XDECREF(k);
		Py_XDECREF(v);
		if (result == -1)
			Py_CLEAR(dict);
	}
	return dict;
}

/* parsefile(path): a uwsgi packet's variables, None if it is none. New. */
static PyObject *
py_read_parsefile(PyObject *self, PyObject *arg)
{
	struct py_read	 file = { .buf = STRBUF_INIT,
	    .max = UWSGI_PACKET_HEADER + UWSGI_PACKET_MAX };
	PyObject	*path, *dict = NULL;

	(void)self;
	if (!PyUnicode_FSConverter(arg, &path))
		return NULL;
	file.path = PyBytes_AS_STRING(path);
	if (py_gil_without(py_read_all, &file) == 0)
		dict = py_read_vars(&file.buf);
	strbuf_done(&file.buf);
	Py_DECREF(path);
	if (dict == NULL && !PyErr_Occurred())
		Py_RETURN_NONE;
	return dict;
}

/* The path of what may be a URL; NULL with ValueError for other schemes. */
static const char *
py_read_path(const char *text)
{
	const char	*colon = strstr(text, "://");

	if (colon == NULL)
		return text;
	if (strncmp(text, "file://", 7) == 0)
		return text + 7;
	PyErr_Format(PyExc_ValueError, "extract: %.*s is not read here: only "
	    "paths and file URLs", (int)(colon - text), text);
	return NULL;
}

/* extract(path): what a file contains, None if it cannot be read. New. */
static PyObject *
py_read_extract(PyObject *self, PyObject *arg)
{
	struct py_read	 file = { .buf = STRBUF_INIT, .max = PY_READ_MAX };
	PyObject	*path, *bytes = NULL;

	(void)self;
	if (!PyUnicode_FSConverter(arg, &path))
		return NULL;
	file.path = py_read_path(PyBytes_AS_STRING(path));
	if (file.path == NULL || py_gil_without(py_read_all, &file) == -1)
		strbuf_truncate(&file.buf, 0);
	if (file.buf.len > PY_READ_MAX)
		PyErr_Format(PyExc_OSError, "extract: the file is larger "
		    "than %u bytes", PY_READ_MAX);
	else if (file.buf.len > 0)
		bytes = PyBytes_FromStringAndSize(file.buf.buf,
		    (Py_ssize_t)file.buf.len);
	strbuf_done(&file.buf);
	Py_DECREF(path);
	if (bytes == NULL && !PyErr_Occurred())
		Py_RETURN_NONE;
	return bytes;
}

const PyMethodDef	 py_read_methods[] = {
	{ "parsefile", py_read_parsefile, METH_O,
	    "parsefile(path): the variables in a file, such as a spooler's" },
	{ "extract", py_read_extract, METH_O,
	    "extract(path): what a file contains" },
	{ NULL, NULL, 0, NULL }
};
