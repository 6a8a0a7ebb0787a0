/* wsgimaster.sleep and wsgimaster.wait: waiting at once. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_wait.h"

#include <errno.h>
#include <math.h>

#include "base/clock.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_gone.h"
#include "plugins/python/py_harakiri.h"
#include "plugins/python/py_task.h"
#include "worker/core.h"
#include "worker/wait.h"

#define WAIT_BLOCK_MS	1000	/* then signals are looked for */

/* Raises what a wait came to, unless something was thrown in; gives NULL. */
PyObject *
py_wait_raise(enum wait_reason reason)
{
	if (PyErr_Occurred())
		return NULL;
	if (reason == WAIT_GONE) {
		py_gone_raise();
		return NULL;
	}
	if (reason == WAIT_HARAKIRI) {
		py_harakiri_raise(py_core_current());
		return NULL;
	}
	if (reason != WAIT_ERROR)
		errno = ECANCELED;
	return PyErr_SetFromErrno(PyExc_OSError);
}

/*
 * Without a core: blocks in poll(2), running signal handlers in between.
 * Seconds below 0 mean for ever. poll's result, -1 with a Python exception.
 */
int
py_wait_block(struct pollfd *pfd, nfds_t n, double seconds)
{
	uint64_t	 start = clock_mono_us();
	double		 left = seconds;
	int		 ms, result;

	for (;;) {
		ms = -1;
		if (seconds >= 0)
			ms = left > 1e6 ? 1000000000 : (int)ceil(left * 1000);
		/* A signal that comes just before poll(2) does not end it. */
		if (ms == -1 || ms > WAIT_BLOCK_MS)
			ms = WAIT_BLOCK_MS;
		result = py_gil_poll(pfd, n, ms);
		if (result == -1 && errno != EINTR) {
			PyErr_SetFromErrno(PyExc_OSError);
			return -1;
		}
		if (PyErr_CheckSignals() == -1)
			return -1;
		left = clock_left(seconds, start);
		if (result > 0 || left == 0)
			return result > 0 ? result : 0;
	}
}

/* Sleeps with the core parked; never for less than was asked. */
static enum wait_reason
py_wait_core(struct core *core, double seconds)
{
	uint64_t		 start = clock_mono_us();
	double			 left = seconds;
	enum wait_reason	 reason;

	if (seconds == 0)
		return wait_turn(core);
	do {
		reason = wait_ms(core, left * 1000);
		left = clock_left(seconds, start);
	} while (reason == WAIT_READY && left > 0 && !PyErr_Occurred());
	return reason;
}

/* sleep(seconds). New. */
PyObject *
py_wait_sleep(PyObject *self, PyObject *arg)
{
	struct core		*core;
	enum wait_reason	 reason;
	double			 seconds;

	(void)self;
	seconds = PyFloat_AsDouble(arg);
	if (seconds == -1 && PyErr_Occurred())
		return NULL;
	if (!(seconds >= 0)) {
		PyErr_SetString(PyExc_ValueError,
		    "sleep length must be non-negative");
		return NULL;
	}
	core = py_core_current();
	if (core == NULL) {
		if (py_task_refuse("sleep") ||
		    py_wait_block(NULL, 0, seconds) == -1)
			return NULL;
		Py_RETURN_NONE;
	}
	if (!py_core_may_wait(core))
		return NULL;
	reason = py_wait_core(core, seconds);
	if (reason != WAIT_READY || PyErr_Occurred())
		return py_wait_raise(reason);
	Py_RETURN_NONE;
}

/* 'r', 'w' or both as bits; 0 with ValueError. */
static short
py_wait_events(const char *text)
{
	const char	*c;
	short		 events = 0;

	for (c = text; *c == 'r' || *c == 'w'; c++)
		events |= *c == 'r' ? WAIT_READ : WAIT_WRITE;
	if (events != 0 && *c == '\0')
		return events;
	PyErr_Format(PyExc_ValueError, "wait: events must be 'r', 'w' or 'rw', "
	    "not '%s'", text);
	return 0;
}

/* The bits as text. New. */
static PyObject *
py_wait_text(int ready)
{
	static const char *const text[] = { "", "r", "w", "rw" };

	return PyUnicode_FromString(text[ready & (WAIT_READ | WAIT_WRITE)]);
}

/* Without a core: the events that are there; -1 with a Python exception. */
static int
py_wait_fd_block(int fd, short events, double timeout)
{
	struct pollfd	 pfd = { .fd = fd };
	int		 ready = 0;

	if (events & WAIT_READ)
		pfd.events |= POLLIN;
	if (events & WAIT_WRITE)
		pfd.events |= POLLOUT;
	if (py_wait_block(&pfd, 1, timeout) == -1)
		return -1;
	if (pfd.revents & POLLNVAL) {
		errno = EBADF;
		PyErr_SetFromErrno(PyExc_OSError);
		return -1;
	}
	if (pfd.revents & (POLLIN | POLLHUP | POLLERR))
		ready |= WAIT_READ;
	if (pfd.revents & (POLLOUT | POLLHUP | POLLERR))
		ready |= WAIT_WRITE;
	return ready & events;
}

/* Waits for a descriptor, in a request or not. */
int
py_wait_for(int fd, short events, double timeout)
{
	struct wait_item	 item = { .fd = fd, .events = events };
	struct core		*core = py_core_current();
	enum wait_reason	 reason;

	if (core == NULL)
		return timeout != 0 && py_task_refuse("wait") ? -1 :
		    py_wait_fd_block(fd, events, timeout);
	if (!py_core_may_wait(core))
		return -1;
	reason = wait_set(core, &item, 1, timeout);
	if (!PyErr_Occurred() &&
	    (reason == WAIT_READY || reason == WAIT_TIMEOUT))
		return item.ready;
	py_wait_raise(reason);
	return -1;
}

/* A timeout. */
bool
py_wait_timeout(PyObject *arg, double *timeout)
{
	*timeout = -1;
	if (arg == NULL || arg == Py_None)
		return true;
	*timeout = PyFloat_AsDouble(arg);
	if (*timeout == -1 && PyErr_Occurred())
		return false;
	if (!isnan(*timeout))
		return true;
	PyErr_SetString(PyExc_ValueError, "the timeout is not a number");
	return false;
}

/* wait(fd, events='r', timeout=None). New. */
PyObject *
py_wait_fd(PyObject *self, PyObject *args, PyObject *keywords)
{
	static char	*names[] = { "fd", "events", "timeout", NULL };
	PyObject	*file, *limit = NULL;
	const char	*text = "r";
	double		 timeout;
	short		 events;
	int		 fd, ready;

	(void)self;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "O|sO:wait", names,
	    &file, &text, &limit) || !py_wait_timeout(limit, &timeout))
		return NULL;
	events = py_wait_events(text);
	if (events == 0)
		return NULL;
	fd = PyObject_AsFileDescriptor(file);
	if (fd == -1)
		return NULL;
	ready = py_wait_for(fd, events, timeout);
	return ready == -1 ? NULL : py_wait_text(ready);
}
