/* The app's signal handlers, which run while the loop waits, too. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_signals.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/fd.h"
#include "plugins/python/py_exception.h"
#include "plugins/python/py_fork.h"
#include "plugins/python/py_gil.h"
#include "worker/core.h"
#include "worker/loop.h"
#include "worker/worker.h"

static int		 py_signals_pipe[2] = { -1, -1 };
static struct event	 py_signals_ev;

/* There was a signal: runs the handlers. */
static void
py_signals_cb(evutil_socket_t fd, short events, void *arg)
{
	char	 scratch[256];
	bool	 taken;

	(void)events;
	while (read(fd, scratch, sizeof(scratch)) == sizeof(scratch))
		;
	taken = py_gil_enter();
	while (PyErr_CheckSignals() == -1) {
		py_fork_leave();
		py_exception_log(NULL, "exception in a signal handler");
	}
	py_fork_leave();
	py_gil_leave(taken);
	cores_work_off(arg);
}

/* Python's C handler writes to this; gives what it wrote to before. */
static int
py_signals_wakeup(int fd, int *before)
{
	PyObject	*module, *old = NULL;

	*before = -1;
	module = PyImport_ImportModule("signal");
	if (module != NULL)
		old = PyObject_CallMethod(module, "set_wakeup_fd", "i", fd);
	if (old != NULL)
		*before = (int)PyLong_AsLong(old);
	Py_XDECREF(module);
	Py_XDECREF(old);
	return PyErr_Occurred() ? -1 : 0;
}

/* Has signals wake the loop. */
int
py_signals_init(struct worker *w)
{
	int	 before;

	if (w->loop != &loop_libevent)
		return 0;
	if (pipe2(py_signals_pipe, O_CLOEXEC | O_NONBLOCK) == -1) {
		PyErr_SetFromErrno(PyExc_OSError);
		return -1;
	}
	event_assign(&py_signals_ev, w->base, py_signals_pipe[0],
	    EV_READ | EV_PERSIST, py_signals_cb, w);
	event_add(&py_signals_ev, NULL);
	if (py_signals_wakeup(py_signals_pipe[1], &before) == -1)
		return -1;
	/* The app was first. */
	return before == -1 ? 0 : py_signals_wakeup(before, &before);
}

/* The loop has ended. */
void
py_signals_done(void)
{
	int	 before;

	if (py_signals_pipe[0] == -1)
		return;
	if (py_signals_wakeup(-1, &before) == -1)
		PyErr_Clear();
	event_del(&py_signals_ev);
	fd_close(&py_signals_pipe[0]);
	fd_close(&py_signals_pipe[1]);
}

/* The child's signals are its own. */
void
py_signals_forked(void)
{
	int	 null;

	if (py_signals_pipe[1] == -1)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null == -1)
		return;
	(void)dup3(null, py_signals_pipe[1], O_CLOEXEC);
	close(null);
}
