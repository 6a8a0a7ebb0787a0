/* Calls the hub: from other threads, and when a signal has come. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_hub.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/xmalloc.h"
#include "plugins/asyncio/asyncio_engine.h"
#include "plugins/python/py_exception.h"
#include "plugins/python/py_fork.h"
#include "plugins/python/py_gil.h"
#include "shm/scoreboard.h"
#include "worker/worker.h"

/* One call that waits; under the lock. */
struct py_hub_item {
	STAILQ_ENTRY(py_hub_item)	 link;
	void				(*function)(void *);
	void				*arg;
};

STAILQ_HEAD(py_hub_items, py_hub_item);

static struct py_hub_items	 py_hub_calls =
    STAILQ_HEAD_INITIALIZER(py_hub_calls);
static int			 py_hub_pipe[2] = { -1, -1 };
static struct event		 py_hub_ev;
static bool			 py_hub_has_signals;

/* Does what was asked for. With the lock. */
static void
py_hub_run(void)
{
	struct py_hub_item	*item;

	while ((item = STAILQ_FIRST(&py_hub_calls)) != NULL) {
		STAILQ_REMOVE_HEAD(&py_hub_calls, link);
		item->function(item->arg);
		free(item);
	}
}

/* Somebody has written: a signal's handler, or py_hub_call. */
static void
py_hub_cb(evutil_socket_t fd, short events, void *arg)
{
	char	 scratch[256];
	bool	 taken;

	(void)events;
	while (read(fd, scratch, sizeof(scratch)) == (ssize_t)sizeof(scratch))
		;
	worker_moves((struct worker *)arg);
	taken = py_gil_enter();
	while (PyErr_CheckSignals() == -1) {
		py_fork_leave();
		py_exception_log(NULL, "exception in a signal handler");
	}
	py_fork_leave();
	py_hub_run();
	py_gil_leave(taken);
	cores_work_off(arg);
}

/*
 * Has Python's handler of signals write to a descriptor; a full pipe is no
 * reason to complain. Gives what it wrote to before, -1 for nothing.
 */
static int
py_hub_watch_signals(int fd, int *before)
{
	PyObject	*module, *function = NULL, *args = NULL;
	PyObject	*keywords = NULL, *old = NULL;

	module = PyImport_ImportModule("signal");
	if (module != NULL)
		function = PyObject_GetAttrString(module, "set_wakeup_fd");
	if (function != NULL)
		args = Py_BuildValue("(i)", fd);
	if (args != NULL)
		keywords = Py_BuildValue("{s:O}", "warn_on_full_buffer",
		    Py_False);
	if (keywords != NULL)
		old = PyObject_Call(function, args, keywords);
	Py_XDECREF(module);
	Py_XDECREF(function);
	Py_XDECREF(args);
	Py_XDECREF(keywords);
	*before = old == NULL ? -1 : (int)PyLong_AsLong(old);
	Py_XDECREF(old);
	return PyErr_Occurred() ? -1 : 0;
}

/* Makes the pipe. */
int
py_hub_init(struct worker *w)
{
	int	 before;

	if (pipe2(py_hub_pipe, O_NONBLOCK | O_CLOEXEC) == -1) {
		PyErr_SetFromErrno(PyExc_OSError);
		return -1;
	}
	event_assign(&py_hub_ev, w->base, py_hub_pipe[0], EV_READ | EV_PERSIST,
	    py_hub_cb, w);
	event_add(&py_hub_ev, NULL);
	py_hub_has_signals = !asyncio_engine_is_used();
	if (!py_hub_has_signals)
		return 0;
	if (py_hub_watch_signals(py_hub_pipe[1], &before) == -1)
		return -1;
	/* The app was first. */
	return before == -1 ? 0 : py_hub_watch_signals(before, &before);
}

/* The worker leaves: nobody is called any more. */
void
py_hub_done(void)
{
	int	 before;

	if (py_hub_has_signals && py_hub_watch_signals(-1, &before) == -1)
		PyErr_Clear();
	py_hub_has_signals = false;
	if (py_hub_pipe[0] == -1)
		return;
	event_del(&py_hub_ev);
	fd_close(&py_hub_pipe[0]);
	fd_close(&py_hub_pipe[1]);
}

/* The child's signals, and what it wants to be called, are its own. */
void
py_hub_forked(void)
{
	int	 null;

	if (py_hub_pipe[1] == -1)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null == -1)
		return;
	(void)dup3(null, py_hub_pipe[1], O_CLOEXEC);
	close(null);
}

/* Where signals are told. */
int
py_hub_signal_fd(void)
{
	return py_hub_has_signals ? py_hub_pipe[1] : -1;
}

/* The hub shall call a function. */
void
py_hub_call(void (*function)(void *), void *arg)
{
	struct py_hub_item	*item;

	if (py_hub_pipe[1] == -1)	/* no worker: there is no hub */
		return;
	STAILQ_FOREACH(item, &py_hub_calls, link) {
		if (item->function == function && item->arg == arg)
			return;
	}
	item = xcalloc(1, sizeof(*item));
	item->function = function;
	item->arg = arg;
	STAILQ_INSERT_TAIL(&py_hub_calls, item, link);
	/* A full pipe has woken the hub already. */
	if (write(py_hub_pipe[1], "", 1) == -1)
		return;
}
