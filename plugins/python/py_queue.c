/* queue_push() and its kin: messages for all processes. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_queue.h"

#include <stdlib.h>

#include "config/config.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_gil.h"
#include "shm/commons.h"
#include "shm/queue.h"
#include "worker/worker.h"

/* One operation, for whoever carries it out without the interpreter's lock. */
struct py_queue_call {
	int		 (*take)(struct queue *q, char **data, size_t *len);
	bool		 sets;		/* a slot; else: push, or get */
	unsigned long long slot;
	const char	*in;		/* NULL: it reads */
	char		*out;
	size_t		 len;
};

/* Is there a queue? */
bool
py_queue_is_wanted(const struct config *cfg)
{
	return cfg->queue > 0;
}

/* Carries it out. */
static int
py_queue_do(void *arg)
{
	struct py_queue_call	*call = arg;
	struct queue		*q = py_worker()->commons->queue;

	if (call->take != NULL)
		return call->take(q, &call->out, &call->len);
	if (call->in == NULL)
		return queue_get(q, call->slot, &call->out, &call->len);
	if (call->sets)
		return queue_set(q, call->slot, call->in, call->len);
	return queue_push(q, call->in, call->len);
}

/* The same, and what comes of it: a message, True, or None. New. */
static PyObject *
py_queue_call(struct py_queue_call *call)
{
	PyObject	*message;
	int		 result = py_gil_without(py_queue_do, call);

	if (result == -1) {
		PyErr_SetString(PyExc_RuntimeError, "the queue's lock is "
		    "lost: a process keeps it");
		return NULL;
	}
	if (result == 0)
		Py_RETURN_NONE;
	if (call->in != NULL)
		Py_RETURN_TRUE;
	message = PyBytes_FromStringAndSize(call->out,
	    (Py_ssize_t)call->len);
	free(call->out);
	return message;
}

/* queue_push(message). New. */
static PyObject *
py_queue_push(PyObject *self, PyObject *args)
{
	struct py_queue_call	 call = { .take = NULL };
	Py_ssize_t		 len;

	(void)self;
	if (!PyArg_ParseTuple(args, "s#:queue_push", &call.in, &len))
		return NULL;
	call.len = (size_t)len;
	return py_queue_call(&call);
}

/* queue_set(slot, message). New. */
static PyObject *
py_queue_set(PyObject *self, PyObject *args)
{
	struct py_queue_call	 call = { .sets = true };
	Py_ssize_t		 len;
	long			 slot;

	(void)self;
	if (!PyArg_ParseTuple(args, "ls#:queue_set", &slot, &call.in, &len))
		return NULL;
	if (slot < 0)
		Py_RETURN_NONE;
	call.slot = (unsigned long long)slot;
	call.len = (size_t)len;
	return py_queue_call(&call);
}

/* queue_get(slot). New. */
static PyObject *
py_queue_get(PyObject *self, PyObject *args)
{
	struct py_queue_call	 call = { .take = NULL };
	long			 slot;

	(void)self;
	if (!PyArg_ParseTuple(args, "l:queue_get", &slot))
		return NULL;
	if (slot < 0)
		Py_RETURN_NONE;
	call.slot = (unsigned long long)slot;
	return py_queue_call(&call);
}

/* queue_pull(). New. */
static PyObject *
py_queue_pull(PyObject *self, PyObject *unused)
{
	struct py_queue_call	 call = { .take = queue_pull };

	(void)self, (void)unused;
	return py_queue_call(&call);
}

/* queue_pop(). New. */
static PyObject *
py_queue_pop(PyObject *self, PyObject *unused)
{
	struct py_queue_call	 call = { .take = queue_pop };

	(void)self, (void)unused;
	return py_queue_call(&call);
}

/* The slot so many before the next one's. New. */
static PyObject *
py_queue_before(unsigned long long next, unsigned long long back)
{
	struct py_queue_call	 call = { .take = NULL };
	const struct queue	*q = py_worker()->commons->queue;

	call.slot = (next + 2 * q->slots - 1 - back) % q->slots;
	return py_queue_call(&call);
}

/* queue_last(n=0): the newest one, or a list of n. New. */
static PyObject *
py_queue_last(PyObject *self, PyObject *args)
{
	const struct queue	*q = py_worker()->commons->queue;
	unsigned long long	 next = queue_slot(q);
	PyObject		*list, *message;
	long			 i, n = 0;

	(void)self;
	if (!PyArg_ParseTuple(args, "|l:queue_last", &n))
		return NULL;
	if (n < 0) {
		PyErr_SetString(PyExc_ValueError,
		    "queue_last: a number of messages is 0 or more");
		return NULL;
	}
	if (n == 0)
		return py_queue_before(next, 0);
	if ((unsigned long)n > q->slots)
		n = (long)q->slots;
	list = PyList_New(n);
	for (i = 0; list != NULL && i < n; i++) {
		message = py_queue_before(next, (unsigned long long)i);
		if (message == NULL)
			Py_CLEAR(list);
		else
			PyList_SET_ITEM(list, i, message);
	}
	return list;
}

/* queue_slot(). New. */
static PyObject *
py_queue_slot(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	return PyLong_FromUnsignedLongLong(
	    queue_slot(py_worker()->commons->queue));
}

/* queue_pull_slot(). New. */
static PyObject *
py_queue_pull_slot(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	return PyLong_FromUnsignedLongLong(
	    queue_pull_slot(py_worker()->commons->queue));
}

const PyMethodDef	 py_queue_methods[] = {
	{ "queue_push", py_queue_push, METH_VARARGS,
	    "queue_push(message): adds it; None if it is empty or too large" },
	{ "queue_pull", py_queue_pull, METH_VARARGS,
	    "queue_pull(): takes the oldest message; None: there is none" },
	{ "queue_pop", py_queue_pop, METH_VARARGS,
	    "queue_pop(): takes the newest message; None: there is none" },
	{ "queue_get", py_queue_get, METH_VARARGS,
	    "queue_get(slot): the message in a slot, which stays there" },
	{ "queue_set", py_queue_set, METH_VARARGS,
	    "queue_set(slot, message): writes a slot" },
	{ "queue_last", py_queue_last, METH_VARARGS,
	    "queue_last(n=0): the newest message, or a list of the newest n" },
	{ "queue_slot", py_queue_slot, METH_VARARGS,
	    "queue_slot(): where the next message goes" },
	{ "queue_pull_slot", py_queue_pull_slot, METH_VARARGS,
	    "queue_pull_slot(): where the oldest message is" },
	{ NULL, NULL, 0, NULL }
};
