/* wsgi.file_wrapper: files that the kernel sends. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include "plugins/python/py_file.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>

#include "plugins/python/py_start_response.h"
#include "plugins/python/py_strings.h"
#include "worker/request.h"
#include "worker/response.h"

/* What an app returns as its body; a file's reader if it is iterated. */
struct py_file {
	PyObject_HEAD
	PyObject	*filelike;
	Py_ssize_t	 block_size;
};

static PyTypeObject	*py_file_type;
/* io.FileIO and io.BufferedReader, ours. */
static PyObject		*py_file_raw;
static PyObject		*py_file_buffered;

/* wrapper(filelike, block_size=8192). New. */
static PyObject *
py_file_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
	static char	*names[] = { "filelike", "blksize", NULL };
	struct py_file	*file;
	PyObject	*filelike;
	Py_ssize_t	 block_size = 8192;

	if (!PyArg_ParseTupleAndKeywords(args, keywords,
	    "O|n:wsgi.file_wrapper", names, &filelike, &block_size))
		return NULL;
	file = (struct py_file *)type->tp_alloc(type, 0);
	if (file == NULL)
		return NULL;
	Py_INCREF(filelike);
	file->filelike = filelike;
	file->block_size = block_size > 0 ? block_size : 8192;
	return (PyObject *)file;
}

/* The cycle collector's look at what it holds. */
static int
py_file_traverse(PyObject *self, visitproc visit, void *arg)
{
	Py_VISIT(((struct py_file *)self)->filelike);
#if PY_VERSION_HEX >= 0x03090000
	Py_VISIT(Py_TYPE(self));
#endif
	return 0;
}

/* Breaks a cycle. */
static int
py_file_clear(PyObject *self)
{
	Py_CLEAR(((struct py_file *)self)->filelike);
	return 0;
}

/* Frees it. */
static void
py_file_dealloc(PyObject *self)
{
	PyTypeObject	*type = Py_TYPE(self);

	PyObject_GC_UnTrack(self);
	py_file_clear(self);
	type->tp_free(self);
	Py_DECREF(type);
}

/* The next block; NULL without an exception at the end. New. */
static PyObject *
py_file_next(PyObject *self)
{
	struct py_file	*file = (struct py_file *)self;
	PyObject	*size, *block;
	int		 more;

	size = PyLong_FromSsize_t(file->block_size);
	if (size == NULL)
		return NULL;
	block = PyObject_CallMethodObjArgs(file->filelike, py_str->read, size,
	    NULL);
	Py_DECREF(size);
	if (block == NULL)
		return NULL;
	more = PyObject_IsTrue(block);
	if (more <= 0)
		Py_CLEAR(block);
	return block;
}

/* close(): the file's, if it has one. New. */
static PyObject *
py_file_close(PyObject *self, PyObject *unused)
{
	PyObject	*filelike = ((struct py_file *)self)->filelike;
	PyObject	*method, *result;

	(void)unused;
	method = PyObject_GetAttr(filelike, py_str->close);
	if (method == NULL) {
		if (!PyErr_ExceptionMatches(PyExc_AttributeError))
			return NULL;
		PyErr_Clear();
		Py_RETURN_NONE;
	}
	result = PyObject_CallObject(method, NULL);
	Py_DECREF(method);
	return result;
}

static PyMethodDef	 py_file_methods[] = {
	{ "close", py_file_close, METH_NOARGS, "close(): closes the file" },
	{ NULL, NULL, 0, NULL }
};

static PyMemberDef	 py_file_members[] = {
	{ "filelike", T_OBJECT, offsetof(struct py_file, filelike), READONLY,
	    "the file" },
	{ "blksize", T_PYSSIZET, offsetof(struct py_file, block_size),
	    READONLY, "how much is read at once" },
	{ NULL, 0, 0, 0, NULL }
};

static PyType_Slot	 py_file_slots[] = {
	{ Py_tp_new, py_file_new },
	{ Py_tp_dealloc, py_file_dealloc },
	{ Py_tp_traverse, py_file_traverse },
	{ Py_tp_clear, py_file_clear },
	{ Py_tp_methods, py_file_methods },
	{ Py_tp_members, py_file_members },
	{ Py_tp_iter, PyObject_SelfIter },
	{ Py_tp_iternext, py_file_next },
	{ 0, NULL }
};

static PyType_Spec	 py_file_spec = {
	.name = "wsgimaster.FileWrapper",
	.basicsize = sizeof(struct py_file),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
	.slots = py_file_slots,
};

/* Makes the type and finds those of io. */
int
py_file_init(void)
{
	PyObject	*io;

	py_file_type = (PyTypeObject *)PyType_FromSpec(&py_file_spec);
	io = PyImport_ImportModule("io");
	if (py_file_type == NULL || io == NULL)
		return -1;
	py_file_raw = PyObject_GetAttrString(io, "FileIO");
	py_file_buffered = PyObject_GetAttrString(io, "BufferedReader");
	Py_DECREF(io);
	return py_file_raw == NULL || py_file_buffered == NULL ? -1 : 0;
}

/* The type. */
PyObject *
py_file_wrapper(void)
{
	return (PyObject *)py_file_type;
}

/* Did the app get this from us? */
bool
py_file_check(PyObject *object)
{
	return Py_TYPE(object) == py_file_type;
}

/*
 * Is it what open() gives for reading bytes? Others have a fileno() too, but
 * what read() returns need not be what is in that file (gzip). -1 with a
 * Python exception.
 */
static int
py_file_is_plain(PyObject *filelike)
{
	PyObject	*raw;
	int		 plain;

	if ((PyObject *)Py_TYPE(filelike) == py_file_raw)
		return 1;
	if ((PyObject *)Py_TYPE(filelike) != py_file_buffered)
		return 0;
	raw = PyObject_GetAttrString(filelike, "raw");
	if (raw == NULL)
		return -1;
	plain = (PyObject *)Py_TYPE(raw) == py_file_raw;
	Py_DECREF(raw);
	return plain;
}

/* Where the file stands; -1 with a Python exception. */
static long long
py_file_position(PyObject *filelike)
{
	PyObject	*at;
	long long	 position;

	at = PyObject_CallMethod(filelike, "tell", NULL);
	if (at == NULL)
		return -1;
	position = PyLong_AsLongLong(at);
	Py_DECREF(at);
	return position;
}

/* Sends from a position to the end. May wait. */
static int
py_file_send_from(struct request *req, int fd, int64_t position, int64_t size)
{
	int64_t	 len = size - position;

	if (!py_response_begun(req))
		return -1;
	if (req->resp.length >= 0 && len > req->resp.length - req->resp.sent)
		len = req->resp.length - req->resp.sent;
	if (len <= 0)
		return 1;
	if (response_sendfile(req, fd, (off_t)position, len) == 0 &&
	    !PyErr_Occurred())
		return 1;
	py_response_raise(req);
	return -1;
}

/* Sends the file, if it is one. May wait. */
int
py_file_send(struct request *req, PyObject *wrapper)
{
	PyObject	*filelike = ((struct py_file *)wrapper)->filelike;
	struct stat	 st;
	long long	 position;
	int		 fd, plain;

	plain = py_file_is_plain(filelike);
	if (plain <= 0)
		return plain;
	fd = PyObject_AsFileDescriptor(filelike);
	if (fd == -1)
		return -1;
	/* What is not for reading fails in read(), as it should. */
	if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY ||
	    fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		return 0;
	position = py_file_position(filelike);
	if (position < 0)
		return -1;
	/* At its end, or one of those in /proc: read() knows. */
	if (position >= (long long)st.st_size)
		return 0;
	return py_file_send_from(req, fd, position, st.st_size);
}
