/*
 * wsgi.input: the request's body as a file. Reading waits for the client with
 * the core parked, in body_read.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_input.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_gone.h"
#include "plugins/python/py_harakiri.h"
#include "plugins/python/py_strings.h"
#include "worker/body.h"
#include "worker/core.h"
#include "worker/request.h"

#define PY_INPUT_BUFFER	16384		/* at first, for lines */
#define PY_INPUT_KEEP	65536		/* a larger one is freed */
#define PY_INPUT_PIECE	16384		/* of a body of unknown length */
#define PY_INPUT_FIRST	(1 << 20)	/* of a body of known length */

/*
 * What was read for a line and not asked for yet lies in buf, pos to len.
 * Whoever waits in body_read holds a reference, and py_core_may_wait lets
 * nobody else in meanwhile.
 */
struct py_input {
	PyObject_HEAD
	struct request	*req;		/* NULL: over, or without a body */
	bool		 empty;
	char		*buf;
	size_t		 cap;
	size_t		 pos;
	size_t		 len;
};

static PyTypeObject	*py_input_type;
static PyObject		*py_input_of_none;

/* May it be used now? Else false with a Python exception. */
static bool
py_input_check(const struct py_input *in)
{
	if (in->empty)
		return true;
	if (in->req == NULL) {
		PyErr_SetString(PyExc_ValueError,
		    "wsgi.input: its request is over");
		return false;
	}
	return py_core_may_wait(in->req->core);
}

/* What went wrong with the body, as a Python exception. */
void
py_input_raise(const struct core *core, enum body_error error)
{
	PyObject	*type = PyExc_OSError;

	if (PyErr_Occurred())		/* thrown into the waiting greenlet */
		return;
	if (error == BODY_HARAKIRI) {
		py_harakiri_raise(core);
		return;
	}
	if (error == BODY_TIMEOUT)
		type = PyExc_TimeoutError;
	else if (error == BODY_GONE)
		type = py_gone_type();
	PyErr_Format(type, "request body: %s", body_error_text(error));
}

/* Bytes still to come if that is known, else -1. */
static int64_t
py_input_left(const struct py_input *in)
{
	int64_t	 left;

	if (in->empty)
		return 0;
	left = body_left(in->req);
	return left < 0 ? -1 : left + (int64_t)(in->len - in->pos);
}

/* Some bytes; 0 at the end, -1 with a Python exception. May wait. */
static ssize_t
py_input_some(struct py_input *in, char *out, size_t size)
{
	size_t	 have = in->len - in->pos;
	ssize_t	 n;

	if (in->empty)
		return 0;
	if (have > 0) {
		if (have > size)
			have = size;
		memcpy(out, in->buf + in->pos, have);
		in->pos += have;
		return (ssize_t)have;
	}
	n = body_read(in->req, out, size);
	if (n < 0)
		py_input_raise(in->req->core, in->req->body.error);
	return n;
}

/* Up to want bytes, fewer only at the body's end. New. May wait. */
static PyObject *
py_input_bytes(struct py_input *in, size_t want)
{
	PyObject	*bytes;
	int64_t		 left = py_input_left(in);
	size_t		 got = 0, cap;
	ssize_t		 n;

	cap = left < 0 ? PY_INPUT_PIECE : PY_INPUT_FIRST;
	if (left >= 0 && (uint64_t)left < want)
		want = (size_t)left;
	if (cap > want)
		cap = want;
	bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)cap);
	while (bytes != NULL && got < want) {
		if (got == cap) {
			cap = cap > want / 2 ? want : cap * 2;
			if (_PyBytes_Resize(&bytes, (Py_ssize_t)cap) == -1)
				return NULL;
		}
		n = py_input_some(in, PyBytes_AS_STRING(bytes) + got,
		    cap - got);
		if (n < 0)
			Py_CLEAR(bytes);
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	if (bytes != NULL && got < cap)
		_PyBytes_Resize(&bytes, (Py_ssize_t)got);
	return bytes;
}

/* Reads more behind what is buffered; 0 at the end, -1 with an exception. */
static ssize_t
py_input_fill(struct py_input *in)
{
	ssize_t	 n;

	if (in->empty)
		return 0;
	if (in->pos > 0) {
		memmove(in->buf, in->buf + in->pos, in->len - in->pos);
		in->len -= in->pos;
		in->pos = 0;
	}
	if (in->len == in->cap) {
		in->cap = in->cap == 0 ? PY_INPUT_BUFFER : in->cap * 2;
		in->buf = xrealloc(in->buf, in->cap);
	}
	n = body_read(in->req, in->buf + in->len, in->cap - in->len);
	if (n < 0)
		py_input_raise(in->req->core, in->req->body.error);
	else
		in->len += (size_t)n;
	return n;
}

/* A line with its newline, or as much as want. New. May wait. */
static PyObject *
py_input_line(struct py_input *in, size_t want)
{
	PyObject	*line;
	const char	*newline = NULL;
	size_t		 have, seen = 0;
	ssize_t		 n;

	for (;;) {
		have = in->len - in->pos;
		if (have > seen)
			newline = memchr(in->buf + in->pos + seen, '\n',
			    have - seen);
		if (newline != NULL)
			have = (size_t)(newline + 1 - (in->buf + in->pos));
		if (newline != NULL || have >= want)
			break;
		seen = have;
		n = py_input_fill(in);
		if (n < 0)
			return NULL;
		if (n == 0)
			break;
	}
	if (have > want)
		have = want;
	line = PyBytes_FromStringAndSize(have == 0 ? NULL : in->buf + in->pos,
	    (Py_ssize_t)have);
	if (line != NULL)
		in->pos += have;
	return line;
}

/* The optional size of a call: None and negative mean no limit. */
static bool
py_input_size(PyObject *const *args, Py_ssize_t n, size_t *size)
{
	Py_ssize_t	 number;

	*size = PY_SSIZE_T_MAX;
	if (n > 1) {
		PyErr_SetString(PyExc_TypeError,
		    "wsgi.input: at most one argument, the size");
		return false;
	}
	if (n == 0 || args[0] == Py_None)
		return true;
	number = PyNumber_AsSsize_t(args[0], PyExc_OverflowError);
	if (number == -1 && PyErr_Occurred())
		return false;
	if (number >= 0)
		*size = (size_t)number;
	return true;
}

/* read([size]). New. */
static PyObject *
py_input_read(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	struct py_input	*in = (struct py_input *)self;
	size_t		 size;

	if (!py_input_size(args, n, &size) || !py_input_check(in))
		return NULL;
	return py_input_bytes(in, size);
}

/* readline([size]). New. */
static PyObject *
py_input_readline(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	struct py_input	*in = (struct py_input *)self;
	size_t		 size;

	if (!py_input_size(args, n, &size) || !py_input_check(in))
		return NULL;
	return py_input_line(in, size);
}

/* readlines([hint]): whole lines until there are hint bytes. New. */
static PyObject *
py_input_readlines(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	struct py_input	*in = (struct py_input *)self;
	PyObject	*lines, *line;
	size_t		 hint, total = 0, len = 1;

	if (!py_input_size(args, n, &hint) || !py_input_check(in))
		return NULL;
	if (hint == 0)
		hint = PY_SSIZE_T_MAX;
	lines = PyList_New(0);
	while (lines != NULL && len > 0 && total < hint) {
		line = py_input_line(in, PY_SSIZE_T_MAX);
		len = line == NULL ? 0 : (size_t)PyBytes_GET_SIZE(line);
		total += len;
		if (line == NULL ||
		    (len > 0 && PyList_Append(lines, line) == -1)) {
			Py_CLEAR(lines);
		}
		Py_XDECREF(line);
	}
	return lines;
}

/* readinto(buffer): how many bytes. New. */
static PyObject *
py_input_readinto(PyObject *self, PyObject *buffer)
{
	struct py_input	*in = (struct py_input *)self;
	Py_buffer	 view;
	size_t		 got = 0;
	ssize_t		 n = 1;

	if (PyObject_GetBuffer(buffer, &view, PyBUF_WRITABLE) == -1)
		return NULL;
	/* Only now: a __buffer__ in Python may have done anything. */
	if (!py_input_check(in)) {
		PyBuffer_Release(&view);
		return NULL;
	}
	while (n > 0 && got < (size_t)view.len) {
		n = py_input_some(in, (char *)view.buf + got,
		    (size_t)view.len - got);
		if (n > 0)
			got += (size_t)n;
	}
	PyBuffer_Release(&view);
	return n < 0 ? NULL : PyLong_FromSize_t(got);
}

/* The next line of an iteration; NULL without an exception at the end. New. */
static PyObject *
py_input_next(PyObject *self)
{
	PyObject	*line;

	line = py_input_readline(self, NULL, 0);
	if (line != NULL && PyBytes_GET_SIZE(line) == 0)
		Py_CLEAR(line);
	return line;
}

/* Where the next read begins. */
static int64_t
py_input_at(const struct py_input *in)
{
	return in->empty ? 0 :
	    in->req->body.got - (int64_t)(in->len - in->pos);
}

/* tell(). New. */
static PyObject *
py_input_tell(PyObject *self, PyObject *unused)
{
	struct py_input	*in = (struct py_input *)self;

	(void)unused;
	if (!py_input_check(in))
		return NULL;
	return PyLong_FromLongLong(py_input_at(in));
}

/* seek(offset[, whence]): only in a body that was collected. New. */
static PyObject *
py_input_seek(PyObject *self, PyObject *args)
{
	struct py_input	*in = (struct py_input *)self;
	long long	 offset, from = 0;
	int		 whence = SEEK_SET;

	if (!PyArg_ParseTuple(args, "L|i:seek", &offset, &whence) ||
	    !py_input_check(in))
		return NULL;
	if (whence == SEEK_CUR)
		from = py_input_at(in);
	else if (whence == SEEK_END)
		from = py_input_at(in) + py_input_left(in);
	if (__builtin_add_overflow(offset, from, &offset))
		offset = LLONG_MAX;	/* from is not negative */
	if (!in->empty && (offset < 0 ||
	    body_seek(in->req, (int64_t)offset) == -1)) {
		errno = offset < 0 ? EINVAL : ESPIPE;
		return PyErr_SetFromErrno(PyExc_OSError);
	}
	in->pos = in->len = 0;
	return PyLong_FromLongLong(py_input_at(in));
}

/* Frees it; a request that still uses it holds a reference. */
static void
py_input_dealloc(PyObject *self)
{
	PyTypeObject	*type = Py_TYPE(self);

	free(((struct py_input *)self)->buf);
	PyObject_Free(self);
	Py_DECREF(type);
}

static PyMethodDef	 py_input_methods[] = {
	{ "read", (PyCFunction)(void (*)(void))py_input_read, METH_FASTCALL,
	    "read([size]): the rest, or up to size bytes" },
	{ "readline", (PyCFunction)(void (*)(void))py_input_readline,
	    METH_FASTCALL, "readline([size]): a line" },
	{ "readlines", (PyCFunction)(void (*)(void))py_input_readlines,
	    METH_FASTCALL, "readlines([hint]): a list of lines" },
	{ "readinto", py_input_readinto, METH_O,
	    "readinto(buffer): how many bytes were read into it" },
	{ "tell", py_input_tell, METH_NOARGS, "tell(): bytes read so far" },
	{ "seek", py_input_seek, METH_VARARGS,
	    "seek(offset[, whence]): only with post-buffering" },
	{ NULL, NULL, 0, NULL }
};

static PyType_Slot	 py_input_slots[] = {
	{ Py_tp_dealloc, py_input_dealloc },
	{ Py_tp_methods, py_input_methods },
	{ Py_tp_iter, PyObject_SelfIter },
	{ Py_tp_iternext, py_input_next },
	{ 0, NULL }
};

static PyType_Spec	 py_input_spec = {
	.name = "wsgimaster.Input",
	.basicsize = sizeof(struct py_input),
	.flags = Py_TPFLAGS_DEFAULT,
	.slots = py_input_slots,
};

/* A new object without a request. New. */
static struct py_input *
py_input_new(void)
{
	struct py_input	*in;

	in = PyObject_New(struct py_input, py_input_type);
	if (in == NULL)
		return NULL;
	in->req = NULL;
	in->empty = false;
	in->buf = NULL;
	in->cap = in->pos = in->len = 0;
	return in;
}

/* Makes the type and the empty one. */
int
py_input_init(void)
{
	struct py_input	*in;

	py_input_type = (PyTypeObject *)PyType_FromSpec(&py_input_spec);
	if (py_input_type == NULL)
		return -1;
	in = py_input_new();
	if (in == NULL)
		return -1;
	in->empty = true;
	py_input_of_none = (PyObject *)in;
	return 0;
}

/* The input of a request without a body. */
PyObject *
py_input_empty(void)
{
	Py_INCREF(py_input_of_none);
	return py_input_of_none;
}

/* The input of a request. */
PyObject *
py_input_take(struct request *req)
{
	struct py_core	*own = py_core_of(req->core);
	struct py_input	*in = (struct py_input *)own->input;

	if (in != NULL && !py_is_unshared(own->input)) {
		Py_CLEAR(own->input);
		in = NULL;
	}
	if (in == NULL)
		in = py_input_new();
	if (in == NULL)
		return NULL;
	own->input = (PyObject *)in;
	in->req = req;
	in->pos = in->len = 0;
	return own->input;
}

/* The request is over: nothing more comes out of its input. */
void
py_input_detach(struct request *req)
{
	struct py_input	*in = (struct py_input *)py_core_of(req->core)->input;

	if (in == NULL)
		return;
	in->req = NULL;
	if (in->cap <= PY_INPUT_KEEP)
		return;
	free(in->buf);
	in->buf = NULL;
	in->cap = in->pos = in->len = 0;
}
