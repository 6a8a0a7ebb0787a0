/* uwsgi.wait_fd_read, async_sleep, suspend and what belongs to them. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_async.h"

#include <limits.h>

#include "plugins/python/py_core.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_poll.h"
#include "plugins/python/py_task.h"
#include "plugins/python/py_wait.h"
#include "worker/core.h"
#include "worker/wait.h"

/* Says why a function does not work here. Gives NULL. */
static struct core *
py_async_refuse(const char *name)
{
	const struct core	*core = py_core_current();
	const char		*why = "this is none";

	if (core != NULL && core->job != NULL)
		why = "this is a signal's handler, or another job: it has no "
		    "client";
	else if (!py_gil_is_loop_thread())
		why = "this is another thread";
	else if (py_task_core() != NULL)
		why = "this is a task or a callback beside it: use await";
	else if (py_task_is_late())
		why = "the one that has started this is over";
	PyErr_Format(PyExc_RuntimeError, "%s() works only in a request, and "
	    "%s", name, why);
	return NULL;
}

/* The calling request's core, or RuntimeError. */
struct core *
py_async_core(const char *name)
{
	struct core	*core = py_core_current();

	return core != NULL && core->job == NULL ? core :
	    py_async_refuse(name);
}

/* The same, or that of the request to which the calling task belongs. */
struct core *
py_async_request(const char *name)
{
	struct core	*core = py_core_current();

	if (core == NULL)
		core = py_task_core();
	return core != NULL && core->job == NULL ? core :
	    py_async_refuse(name);
}

/* Where the caller's waits are noted: its request's set, or its thread's. */
static struct py_poll *
py_async_poll(const char *name)
{
	struct core	*core = py_core_current();

	if (core != NULL)
		return py_poll_of(core);
	if (!py_gil_is_loop_thread())
		return py_poll_of_thread();
	(void)py_async_refuse(name);
	return NULL;
}

/* Seconds of an optional argument. */
bool
py_async_seconds(PyObject *arg, double *seconds)
{
	if (!py_wait_timeout(arg, seconds))
		return false;
	if (*seconds < 0)
		*seconds = 0;
	return true;
}

/* Notes a descriptor for the next switch. New: b"". */
static PyObject *
py_async_wait(const char *name, short events, PyObject *args,
    PyObject *keywords)
{
	static char	*names[] = { "fd", "timeout", NULL };
	struct py_poll	*p;
	PyObject	*file, *limit = NULL;
	double		 seconds;
	long		 number;
	int		 fd;

	if (!PyArg_ParseTupleAndKeywords(args, keywords, "O|O", names, &file,
	    &limit) || !py_async_seconds(limit, &seconds))
		return NULL;
	p = py_async_poll(name);
	if (p == NULL)
		return NULL;
	if (PyLong_Check(file)) {	/* -1: EBADF, as other numbers */
		number = PyLong_AsLong(file);
		fd = number > INT_MAX || number < 0 ? -1 : (int)number;
	} else
		fd = PyObject_AsFileDescriptor(file);
	if (fd == -1 && PyErr_Occurred())
		return NULL;
	if (py_poll_add(p, fd, events, seconds) == -1)
		return NULL;
	return PyBytes_FromStringAndSize(NULL, 0);
}

/* wait_fd_read(fd, timeout=0). New. */
static PyObject *
py_async_wait_fd_read(PyObject *self, PyObject *args, PyObject *keywords)
{
	(void)self;
	return py_async_wait("wait_fd_read", WAIT_READ, args, keywords);
}

/* wait_fd_write(fd, timeout=0). New. */
static PyObject *
py_async_wait_fd_write(PyObject *self, PyObject *args, PyObject *keywords)
{
	(void)self;
	return py_async_wait("wait_fd_write", WAIT_WRITE, args, keywords);
}

/* async_sleep(seconds). New: b"". */
static PyObject *
py_async_sleep(PyObject *self, PyObject *arg)
{
	struct py_poll	*p;
	double		 seconds;

	(void)self;
	if (!py_async_seconds(arg, &seconds))
		return NULL;
	p = py_async_poll("async_sleep");
	if (p == NULL)
		return NULL;
	if (seconds > 0)
		py_poll_until(p, seconds);
	return PyBytes_FromStringAndSize(NULL, 0);
}

/* suspend(): waits for what was noted. New: True. */
static PyObject *
py_async_suspend(PyObject *self, PyObject *unused)
{
	struct core	*core = py_core_current();
	struct py_poll	*p = py_async_poll("suspend");
	int		 result;

	(void)self, (void)unused;
	if (p == NULL || (core != NULL && !py_core_may_wait(core)))
		return NULL;
	result = core != NULL ? py_poll_switch(core) : py_poll_block(p);
	if (result == -1)
		return NULL;
	Py_RETURN_TRUE;
}

/* ready_fd(): what ended the last wait. New. */
static PyObject *
py_async_ready_fd(PyObject *self, PyObject *unused)
{
	const struct core	*core = py_core_current();
	const struct py_poll	*p;

	(void)self, (void)unused;
	if (core == NULL)
		core = py_task_core();
	p = core != NULL ? py_poll_of(core) : py_async_poll("ready_fd");
	return p == NULL ? NULL : PyLong_FromLong(p->ready_fd);
}

const PyMethodDef	 py_async_methods[] = {
	{ "wait_fd_read", (PyCFunction)(void (*)(void))py_async_wait_fd_read,
	    METH_VARARGS | METH_KEYWORDS, "wait_fd_read(fd, timeout=0): the "
	    "next suspend() or yield waits until it can be read" },
	{ "wait_fd_write", (PyCFunction)(void (*)(void))py_async_wait_fd_write,
	    METH_VARARGS | METH_KEYWORDS, "wait_fd_write(fd, timeout=0): the "
	    "next suspend() or yield waits until it can be written" },
	{ "async_sleep", py_async_sleep, METH_O,
	    "async_sleep(seconds): the next suspend() or yield takes so long" },
	{ "suspend", py_async_suspend, METH_NOARGS,
	    "suspend(): waits for what was asked for, or lets others run" },
	{ "green_schedule", py_async_suspend, METH_NOARGS,
	    "green_schedule(): the same as suspend()" },
	{ "ready_fd", py_async_ready_fd, METH_NOARGS,
	    "ready_fd(): the descriptor that ended the last wait, or -1" },
	{ NULL, NULL, 0, NULL }
};
