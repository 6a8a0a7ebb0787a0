/*
 * Manlio Perillo's ngx.poll extension of WSGI, on a request's poll set:
 *
 *	conn = environ["ngx.connection_wrapper"](fd)
 *	environ["ngx.poll_register"](conn, environ["ngx.WSGI_POLLIN"])
 *	state = environ["ngx.poll"](milliseconds)
 *	yield b""
 *	result = state()		(conn, flags), or None after the time
 *
 * What is registered stays so until poll_unregister or the request's end.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include "plugins/python/py_ngx.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "plugins/python/py_async.h"
#include "plugins/python/py_poll.h"
#include "plugins/python/py_wait.h"
#include "worker/core.h"

#define NGX_POLLIN	0x01
#define NGX_POLLOUT	0x04

/* What connection_wrapper gives: a descriptor, and whose it is. */
struct py_ngx_conn {
	PyObject_HEAD
	int		 fd;
	PyObject	*file;
};

/* What poll gives: what the wait came to, once it is over. */
struct py_ngx_state {
	PyObject_HEAD
	PyObject	*result;	/* NULL: not yet */
};

static PyTypeObject	*py_ngx_conn_type;
static PyTypeObject	*py_ngx_state_type;

/* fileno(). New. */
static PyObject *
py_ngx_conn_fileno(PyObject *self, PyObject *unused)
{
	(void)unused;
	return PyLong_FromLong(((struct py_ngx_conn *)self)->fd);
}

/* Frees a connection. */
static void
py_ngx_conn_dealloc(PyObject *self)
{
	PyTypeObject	*type = Py_TYPE(self);

	Py_XDECREF(((struct py_ngx_conn *)self)->file);
	PyObject_Free(self);
	Py_DECREF(type);
}

static PyMethodDef	 py_ngx_conn_methods[] = {
	{ "fileno", py_ngx_conn_fileno, METH_NOARGS, "fileno(): its number" },
	{ NULL, NULL, 0, NULL }
};

static PyType_Slot	 py_ngx_conn_slots[] = {
	{ Py_tp_dealloc, py_ngx_conn_dealloc },
	{ Py_tp_methods, py_ngx_conn_methods },
	{ 0, NULL }
};

static PyType_Spec	 py_ngx_conn_spec = {
	.name = "wsgimaster.Connection",
	.basicsize = sizeof(struct py_ngx_conn),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
	.slots = py_ngx_conn_slots,
};

/* state(): (conn, flags), or None after the time. New. */
static PyObject *
py_ngx_state_call(PyObject *self, PyObject *args, PyObject *keywords)
{
	PyObject	*result = ((struct py_ngx_state *)self)->result;

	if (!PyArg_ParseTuple(args, ":state") || (keywords != NULL &&
	    !PyArg_ValidateKeywordArguments(keywords)))
		return NULL;
	if (result == NULL) {
		PyErr_SetString(PyExc_RuntimeError, "ngx.poll: the app must "
		    "yield before it asks for the state");
		return NULL;
	}
	Py_INCREF(result);
	return result;
}

/* Frees a state. */
static void
py_ngx_state_dealloc(PyObject *self)
{
	PyTypeObject	*type = Py_TYPE(self);

	Py_XDECREF(((struct py_ngx_state *)self)->result);
	PyObject_Free(self);
	Py_DECREF(type);
}

static PyType_Slot	 py_ngx_state_slots[] = {
	{ Py_tp_dealloc, py_ngx_state_dealloc },
	{ Py_tp_call, py_ngx_state_call },
	{ 0, NULL }
};

static PyType_Spec	 py_ngx_state_spec = {
	.name = "wsgimaster.PollState",
	.basicsize = sizeof(struct py_ngx_state),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
	.slots = py_ngx_state_slots,
};

/* connection_wrapper(fd). New. */
static PyObject *
py_ngx_wrap(PyObject *self, PyObject *file)
{
	struct py_ngx_conn	*conn;
	int			 fd;

	(void)self;
	fd = PyObject_AsFileDescriptor(file);
	if (fd == -1)
		return NULL;
	conn = PyObject_New(struct py_ngx_conn, py_ngx_conn_type);
	if (conn == NULL)
		return NULL;
	Py_INCREF(file);
	conn->file = file;
	conn->fd = fd;
	return (PyObject *)conn;
}

/* Is it what connection_wrapper gave? Else false with TypeError. */
static bool
py_ngx_check(PyObject *conn)
{
	if (Py_TYPE(conn) == py_ngx_conn_type)
		return true;
	PyErr_Format(PyExc_TypeError, "ngx.poll: a connection of "
	    "ngx.connection_wrapper is needed, not %.100s",
	    Py_TYPE(conn)->tp_name);
	return false;
}

/* Where a connection is in the set; nkept when it is not there. */
static size_t
py_ngx_find(const struct py_poll *p, const PyObject *conn)
{
	size_t	 i;

	for (i = 0; i < p->nkept && p->kept[i].conn != conn; i++)
		;
	return i;
}

/* Puts a connection into the set, or changes its events. */
static void
py_ngx_keep(struct py_poll *p, PyObject *conn, short events)
{
	size_t	 i = py_ngx_find(p, conn);

	if (i == p->nkept) {
		p->kept = xrealloc(p->kept, (i + 1) * sizeof(*p->kept));
		p->nkept++;
		Py_INCREF(conn);
		p->kept[i].conn = conn;
		p->kept[i].fd = ((struct py_ngx_conn *)conn)->fd;
	}
	p->kept[i].events = events;
}

/* poll_register(conn, flags). New: None. */
static PyObject *
py_ngx_register(PyObject *self, PyObject *args)
{
	struct core	*core;
	PyObject	*conn;
	int		 flags;
	short		 events = 0;

	(void)self;
	if (!PyArg_ParseTuple(args, "Oi:poll_register", &conn, &flags) ||
	    !py_ngx_check(conn))
		return NULL;
	if (flags == 0 || (flags & ~(NGX_POLLIN | NGX_POLLOUT)) != 0) {
		PyErr_SetString(PyExc_ValueError, "ngx.poll_register: flags "
		    "are ngx.WSGI_POLLIN, ngx.WSGI_POLLOUT or both");
		return NULL;
	}
	core = py_async_core("ngx.poll_register");
	if (core == NULL)
		return NULL;
	if (fcntl(((struct py_ngx_conn *)conn)->fd, F_GETFD) == -1)
		return PyErr_SetFromErrno(PyExc_OSError);
	if (flags & NGX_POLLIN)
		events |= WAIT_READ;
	if (flags & NGX_POLLOUT)
		events |= WAIT_WRITE;
	py_ngx_keep(py_poll_of(core), conn, events);
	Py_RETURN_NONE;
}

/* poll_unregister(conn). New: None. */
static PyObject *
py_ngx_unregister(PyObject *self, PyObject *conn)
{
	struct core	*core;
	struct py_poll	*p;
	size_t		 i;

	(void)self;
	if (!py_ngx_check(conn))
		return NULL;
	core = py_async_core("ngx.poll_unregister");
	if (core == NULL)
		return NULL;
	p = py_poll_of(core);
	i = py_ngx_find(p, conn);
	if (i == p->nkept) {
		PyErr_SetString(PyExc_RuntimeError, "ngx.poll_unregister: the "
		    "connection is not registered");
		return NULL;
	}
	p->nkept--;
	memmove(p->kept + i, p->kept + i + 1,
	    (p->nkept - i) * sizeof(*p->kept));
	Py_DECREF(conn);
	Py_RETURN_NONE;
}

/* Milliseconds as seconds; less than 0 and None mean for ever (-1). */
static bool
py_ngx_ms(PyObject *arg, double *seconds)
{
	if (!py_wait_timeout(arg, seconds))
		return false;
	*seconds = *seconds < 0 ? -1 : *seconds / 1000;
	return true;
}

/* poll(milliseconds): the next yield waits. New: the state. */
static PyObject *
py_ngx_poll(PyObject *self, PyObject *args)
{
	struct py_ngx_state	*state;
	struct py_poll		*p;
	struct core		*core;
	PyObject		*limit = NULL;
	double			 seconds;

	(void)self;
	if (!PyArg_ParseTuple(args, "|O:poll", &limit) ||
	    !py_ngx_ms(limit, &seconds))
		return NULL;
	core = py_async_core("ngx.poll");
	if (core == NULL)
		return NULL;
	state = PyObject_New(struct py_ngx_state, py_ngx_state_type);
	if (state == NULL)
		return NULL;
	state->result = NULL;
	p = py_poll_of(core);
	Py_INCREF(state);
	Py_XSETREF(p->state, (PyObject *)state);
	p->poll_kept = true;
	if (seconds >= 0)
		py_poll_until(p, seconds);
	return (PyObject *)state;
}

/* sleep(milliseconds): the next yield takes so long. New: None. */
static PyObject *
py_ngx_sleep(PyObject *self, PyObject *arg)
{
	struct core	*core;
	double		 seconds;

	(void)self;
	if (!py_ngx_ms(arg, &seconds))
		return NULL;
	core = py_async_core("ngx.sleep");
	if (core == NULL)
		return NULL;
	if (seconds > 0)
		py_poll_until(py_poll_of(core), seconds);
	Py_RETURN_NONE;
}

/* What a wait came to, for its state. New; NULL with a Python exception. */
static PyObject *
py_ngx_result(const struct py_poll *p)
{
	size_t	 i;
	int	 flags = 0;

	for (i = 0; i < p->nkept; i++) {
		if (p->kept[i].fd != p->ready_fd)
			continue;
		if (p->ready & p->kept[i].events & WAIT_READ)
			flags |= NGX_POLLIN;
		if (p->ready & p->kept[i].events & WAIT_WRITE)
			flags |= NGX_POLLOUT;
		if (flags != 0)
			return Py_BuildValue("(Oi)", p->kept[i].conn, flags);
	}
	Py_RETURN_NONE;
}

/* The wait of the last poll() is over. */
void
py_ngx_set_result(struct py_poll *p)
{
	struct py_ngx_state	*state = (struct py_ngx_state *)p->state;

	Py_XSETREF(state->result, py_ngx_result(p));
	if (state->result == NULL)
		PyErr_Clear();
	Py_CLEAR(p->state);
}

/* The request is over. */
void
py_ngx_end(struct py_poll *p)
{
	p->poll_kept = false;
	while (p->nkept > 0)
		Py_DECREF(p->kept[--p->nkept].conn);
	free(p->kept);
	p->kept = NULL;
	Py_CLEAR(p->state);
}

static PyMethodDef	 py_ngx_functions[] = {
	{ "ngx.connection_wrapper", py_ngx_wrap, METH_O,
	    "connection_wrapper(fd): a connection" },
	{ "ngx.poll_register", py_ngx_register, METH_VARARGS,
	    "poll_register(connection, flags): poll() waits for it, too" },
	{ "ngx.poll_unregister", py_ngx_unregister, METH_O,
	    "poll_unregister(connection): poll() waits for it no more" },
	{ "ngx.poll", py_ngx_poll, METH_VARARGS,
	    "poll(milliseconds): the next yield waits; gives a callable" },
	{ "ngx.sleep", py_ngx_sleep, METH_O,
	    "sleep(milliseconds): the next yield takes so long" },
	{ NULL, NULL, 0, NULL }
};

/* Makes the types. */
int
py_ngx_init(void)
{
	py_ngx_conn_type = (PyTypeObject *)PyType_FromSpec(&py_ngx_conn_spec);
	py_ngx_state_type =
	    (PyTypeObject *)PyType_FromSpec(&py_ngx_state_spec);
	return py_ngx_conn_type == NULL || py_ngx_state_type == NULL ? -1 : 0;
}

/* Sets an item and drops the value's reference. */
static int
py_ngx_set(PyObject *env, const char *key, PyObject *steal_value)
{
	int	 result;

	if (steal_value == NULL)
		return -1;
	result = PyDict_SetItemString(env, key, steal_value);
	Py_DECREF(steal_value);
	return result;
}

/* Adds what is the same for all requests. */
int
py_ngx_add(PyObject *env)
{
	PyMethodDef	*def;

	for (def = py_ngx_functions; def->ml_name != NULL; def++) {
		if (py_ngx_set(env, def->ml_name, PyCFunction_New(def,
		    NULL)) == -1)
			return -1;
	}
	if (py_ngx_set(env, "ngx.WSGI_POLLIN", PyLong_FromLong(NGX_POLLIN)) ==
	    -1)
		return -1;
	return py_ngx_set(env, "ngx.WSGI_POLLOUT",
	    PyLong_FromLong(NGX_POLLOUT));
}
