/*
 * start_response, and the write() that it returns: what the app says becomes
 * a response head at once, and mistakes are told by the header's name.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include "plugins/python/py_start_response.h"

#include <stddef.h>

#include "plugins/python/py_core.h"
#include "plugins/python/py_gone.h"
#include "plugins/python/py_harakiri.h"
#include "plugins/python/py_strings.h"
#include "worker/core.h"
#include "worker/request.h"
#include "worker/response.h"

/* Both kinds of object, which differ only in what a call does. */
struct py_starter {
	PyObject_HEAD
	vectorcallfunc		 call;
	struct request		*req;		/* NULL: over */
	PyObject		*writer;	/* of start_response: write() */
};

static PyTypeObject	*py_start_type;
static PyTypeObject	*py_write_type;

/* Says why an argument is no text: TypeError or ValueError. */
static void
py_start_no_text(PyObject *str, const char *what, PyObject *name)
{
	bool	 is_str = PyUnicode_Check(str);

	if (!is_str && name == NULL)
		PyErr_Format(PyExc_TypeError, "%s must be str, not %.100s",
		    what, Py_TYPE(str)->tp_name);
	else if (!is_str)
		PyErr_Format(PyExc_TypeError, "header %R: %s must be str, not "
		    "%.100s", name, what, Py_TYPE(str)->tp_name);
	else if (name == NULL)
		PyErr_Format(PyExc_ValueError, "%s %R has characters that are "
		    "not latin-1", what, str);
	else
		PyErr_Format(PyExc_ValueError, "header %R: %s has characters "
		    "that are not latin-1", name, what);
}

/* The text of an argument; false with TypeError or ValueError. */
static inline bool
py_start_text(PyObject *str, const char *what, PyObject *name, const char **s,
    size_t *len)
{
	if (PyUnicode_Check(str) && (*s = py_latin1(str, len)) != NULL)
		return true;
	py_start_no_text(str, what, name);
	return false;
}

/* Adds one (name, value); false with a Python exception. */
static bool
py_start_header(struct request *req, PyObject *pair)
{
	PyObject	*name;
	const char	*n, *v, *why;
	size_t		 n_len, v_len;

	if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2) {
		PyErr_Format(PyExc_TypeError, "a header must be a tuple "
		    "(name, value), not %R", pair);
		return false;
	}
	name = PyTuple_GET_ITEM(pair, 0);
	if (!py_start_text(name, "a header's name", NULL, &n, &n_len) ||
	    !py_start_text(PyTuple_GET_ITEM(pair, 1), "value", name, &v,
	    &v_len))
		return false;
	why = response_add(req, n, n_len, v, v_len);
	if (why == NULL)
		return true;
	PyErr_Format(PyExc_ValueError, "header %R: %s", name, why);
	return false;
}

/* Makes the head; false with a Python exception. */
static bool
py_start_head(struct request *req, PyObject *status, PyObject *headers)
{
	PyObject	*pair;
	const char	*s, *why;
	Py_ssize_t	 i;
	size_t		 len;
	bool		 ok;

	if (!PyList_Check(headers) && !PyTuple_Check(headers)) {
		PyErr_Format(PyExc_TypeError, "start_response: headers must be "
		    "a list, not %.100s", Py_TYPE(headers)->tp_name);
		return false;
	}
	if (!py_start_text(status, "status", NULL, &s, &len))
		return false;
	why = response_begin(req, s, len);
	if (why != NULL) {
		PyErr_Format(PyExc_ValueError, "status %R: %s", status, why);
		return false;
	}
	for (i = 0; i < PySequence_Fast_GET_SIZE(headers); i++) {
		pair = PySequence_Fast_GET_ITEM(headers, i);
		Py_INCREF(pair);
		ok = py_start_header(req, pair);
		Py_DECREF(pair);
		if (!ok)
			return false;
	}
	return true;
}

/* The head is out: raises what the app has caught, again. */
static void
py_start_raise_again(PyObject *exc_info)
{
	PyObject	*value, *tb;

	value = PyTuple_GET_ITEM(exc_info, 1);
	tb = PyTuple_GET_ITEM(exc_info, 2);
	if (!PyExceptionInstance_Check(value)) {
		PyErr_SetString(PyExc_TypeError, "start_response: exc_info "
		    "holds no exception");
		return;
	}
	PyErr_SetObject((PyObject *)Py_TYPE(value), value);
	if (tb != Py_None)
		PyException_SetTraceback(value, tb);
}

/* May start_response be called now? False with a Python exception. */
static bool
py_start_allowed(struct request *req, PyObject *exc_info)
{
	if (exc_info != NULL && (!PyTuple_Check(exc_info) ||
	    PyTuple_GET_SIZE(exc_info) != 3)) {
		PyErr_SetString(PyExc_TypeError, "start_response: exc_info "
		    "must be a tuple of three, as from sys.exc_info()");
		return false;
	}
	if (req->resp.state > RESPONSE_BEGUN) {
		if (exc_info != NULL)
			py_start_raise_again(exc_info);
		else
			PyErr_SetString(PyExc_RuntimeError, "start_response: "
			    "the headers are sent already");
		return false;
	}
	if (exc_info == NULL && py_core_of(req->core)->begun) {
		PyErr_SetString(PyExc_RuntimeError, "start_response was called "
		    "already; only with exc_info may it be called again");
		return false;
	}
	return true;
}

/* exc_info, if it was given by name; NULL with an exception for others. */
static bool
py_start_keyword(PyObject *const *args, Py_ssize_t n, PyObject *names,
    PyObject **exc_info)
{
	if (names == NULL || PyTuple_GET_SIZE(names) == 0)
		return true;
	if (n != 2 || PyTuple_GET_SIZE(names) != 1 ||
	    PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0),
	    "exc_info") != 0) {
		PyErr_SetString(PyExc_TypeError, "start_response(status, "
		    "headers, exc_info=None): unknown argument");
		return false;
	}
	*exc_info = args[2];
	return true;
}

/* start_response(status, headers[, exc_info]). Gives write(), new. */
static PyObject *
py_start_call(PyObject *self, PyObject *const *args, size_t nargsf,
    PyObject *names)
{
	struct py_starter	*start = (struct py_starter *)self;
	Py_ssize_t		 n = PyVectorcall_NARGS(nargsf);
	PyObject		*exc_info = NULL;
	struct py_core		*own;

	if (start->req == NULL) {
		PyErr_SetString(PyExc_RuntimeError,
		    "start_response: its request is over");
		return NULL;
	}
	if (n < 2 || n > 3) {
		PyErr_Format(PyExc_TypeError, "start_response(status, headers, "
		    "exc_info=None): %zd arguments given", n);
		return NULL;
	}
	if (n == 3)
		exc_info = args[2];
	if (!py_start_keyword(args, n, names, &exc_info))
		return NULL;
	if (exc_info == Py_None)
		exc_info = NULL;
	if (!py_start_allowed(start->req, exc_info))
		return NULL;
	own = py_core_of(start->req->core);
	if (!py_start_head(start->req, args[0], args[1])) {
		/* A __repr__ may have outlived the request. */
		if (start->req != NULL)
			own->begun = false;
		return NULL;
	}
	own->begun = true;
	Py_INCREF(start->writer);
	return start->writer;
}

/* Has the app said what its response is? */
bool
py_response_begun(const struct request *req)
{
	if (py_core_of(req->core)->begun)
		return true;
	PyErr_SetString(PyExc_RuntimeError, "the app sends a body without "
	    "having called start_response");
	return false;
}

/* Names what stands in the place of bytes. */
void
py_response_type_error(PyObject *chunk)
{
	PyErr_Format(PyExc_TypeError, "the app's body must be bytes, not "
	    "%.100s: %.200R", Py_TYPE(chunk)->tp_name, chunk);
}

/* Why response_* failed; what was thrown into a waiting greenlet stays. */
void
py_response_raise(const struct request *req)
{
	if (PyErr_Occurred())
		return;
	if (req->resp.timed_out)
		PyErr_SetString(PyExc_TimeoutError,
		    "the client takes the response too slowly");
	else if (req->resp.waited == WAIT_HARAKIRI)
		py_harakiri_raise(req->core);
	else
		py_gone_raise();
}

/* Sends one piece, or holds it for a moment. May wait. */
int
py_response_write(struct request *req, PyObject *chunk)
{
	if (!PyBytes_Check(chunk)) {
		py_response_type_error(chunk);
		return -1;
	}
	/* What fdevent's calls return comes before start_response, too. */
	if (PyBytes_GET_SIZE(chunk) == 0)
		return 0;
	if (!py_response_begun(req))
		return -1;
	if (response_stream(req, PyBytes_AS_STRING(chunk),
	    (size_t)PyBytes_GET_SIZE(chunk)) == 0 && !PyErr_Occurred())
		return 0;
	py_response_raise(req);
	return -1;
}

/* write(data). New. May wait. */
static PyObject *
py_write_call(PyObject *self, PyObject *const *args, size_t nargsf,
    PyObject *names)
{
	struct py_starter	*write = (struct py_starter *)self;

	if (write->req == NULL) {
		PyErr_SetString(PyExc_RuntimeError,
		    "write: its request is over");
		return NULL;
	}
	if (PyVectorcall_NARGS(nargsf) != 1 ||
	    (names != NULL && PyTuple_GET_SIZE(names) > 0)) {
		PyErr_SetString(PyExc_TypeError, "write(data): one argument");
		return NULL;
	}
	if (!py_core_may_wait(write->req->core) ||
	    py_response_write(write->req, args[0]) == -1)
		return NULL;
	Py_RETURN_NONE;
}

/* Frees either. */
static void
py_starter_dealloc(PyObject *self)
{
	PyTypeObject	*type = Py_TYPE(self);

	Py_XDECREF(((struct py_starter *)self)->writer);
	PyObject_Free(self);
	Py_DECREF(type);
}

static PyMemberDef	 py_starter_members[] = {
	{ "__vectorcalloffset__", T_PYSSIZET,
	    offsetof(struct py_starter, call), READONLY, NULL },
	{ NULL, 0, 0, 0, NULL }
};

static PyType_Slot	 py_starter_slots[] = {
	{ Py_tp_dealloc, py_starter_dealloc },
	{ Py_tp_call, PyVectorcall_Call },
	{ Py_tp_members, py_starter_members },
	{ 0, NULL }
};

static PyType_Spec	 py_start_spec = {
	.name = "wsgimaster.StartResponse",
	.basicsize = sizeof(struct py_starter),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
	.slots = py_starter_slots,
};

static PyType_Spec	 py_write_spec = {
	.name = "wsgimaster.Write",
	.basicsize = sizeof(struct py_starter),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
	.slots = py_starter_slots,
};

/* Makes the types. */
int
py_start_response_init(void)
{
	py_start_type = (PyTypeObject *)PyType_FromSpec(&py_start_spec);
	py_write_type = (PyTypeObject *)PyType_FromSpec(&py_write_spec);
	return py_start_type == NULL || py_write_type == NULL ? -1 : 0;
}

/* One of either type. New. */
static PyObject *
py_starter_new(PyTypeObject *type, vectorcallfunc call, PyObject *steal_writer)
{
	struct py_starter	*starter;

	starter = PyObject_New(struct py_starter, type);
	if (starter == NULL) {
		Py_XDECREF(steal_writer);
		return NULL;
	}
	starter->call = call;
	starter->req = NULL;
	starter->writer = steal_writer;
	return (PyObject *)starter;
}

/* A start_response with its write. New. */
static PyObject *
py_start_new(void)
{
	PyObject	*writer;

	writer = py_starter_new(py_write_type, py_write_call, NULL);
	if (writer == NULL)
		return NULL;
	return py_starter_new(py_start_type, py_start_call, writer);
}

/* The callable of a request. */
PyObject *
py_start_response_take(struct request *req)
{
	struct py_core		*own = py_core_of(req->core);
	struct py_starter	*start = (struct py_starter *)own->start;

	if (start != NULL && (!py_is_unshared(own->start) ||
	    !py_is_unshared(start->writer)))
		Py_CLEAR(own->start);
	if (own->start == NULL)
		own->start = py_start_new();
	if (own->start == NULL)
		return NULL;
	start = (struct py_starter *)own->start;
	start->req = req;
	((struct py_starter *)start->writer)->req = req;
	own->begun = false;
	return own->start;
}

/* The request is over. */
void
py_start_response_detach(struct request *req)
{
	struct py_starter	*start;

	start = (struct py_starter *)py_core_of(req->core)->start;
	if (start == NULL)
		return;
	start->req = NULL;
	((struct py_starter *)start->writer)->req = NULL;
}
