/* An asyncio loop as a guest of another engine's, for await_ and run(). */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/asyncio/asyncio_guest.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>

#include "plugins/asyncio/asyncio_engine.h"
#include "plugins/asyncio/asyncio_glue.h"
#include "plugins/asyncio/asyncio_selector.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_exception.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_running.h"
#include "shm/scoreboard.h"
#include "worker/suspend.h"
#include "worker/worker.h"

/* Ours for the whole run; NULL until they are wanted. */
static PyObject		*guest_glue;
static PyObject		*guest_selector;
static struct event	 guest_ev;	/* the loop's next turn */
static bool		 guest_turning;
static bool		 guest_checked;

/* The loop has something to do. Any callback of the base; no lock wanted. */
static void
guest_wake(void)
{
	if (!guest_turning)
		event_active(&guest_ev, EV_TIMEOUT, 1);
}

/* When the loop wants its next turn: seconds, or below 0 for not by itself. */
static void
guest_arm(double seconds)
{
	struct timeval	 tv;

	if (seconds < 0)
		return;
	if (seconds > 1e6)
		seconds = 1e6;
	tv.tv_sec = (time_t)seconds;
	tv.tv_usec = (suseconds_t)((seconds - (double)tv.tv_sec) * 1e6);
	event_add(&guest_ev, &tv);
}

/* When the loop wants its next turn. */
static double
guest_next(void)
{
	PyObject	*next;
	double		 seconds = -1;

	next = PyObject_CallMethod(guest_glue, "next_turn", NULL);
	if (next != NULL)
		seconds = PyFloat_AsDouble(next);
	if (PyErr_Occurred())
		py_exception_log(NULL, "asyncio's loop");
	Py_XDECREF(next);
	return seconds;
}

/* Turns the loop once. */
static void
guest_turn_cb(evutil_socket_t fd, short events, void *arg)
{
	PyObject	*done;
	bool		 taken;

	(void)fd, (void)events;
	if (guest_turning || asyncio_selector_is_turning(guest_selector))
		return;
	worker_moves((struct worker *)arg);
	taken = py_gil_enter();
	guest_turning = true;
	asyncio_selector_set_looking(guest_selector, true);
	done = PyObject_CallMethod(guest_glue, "turn", NULL);
	asyncio_selector_set_looking(guest_selector, false);
	guest_turning = false;
	if (done == NULL)
		py_exception_log(NULL, "an exception came out of the event "
		    "loop, which goes on");
	Py_XDECREF(done);
	guest_arm(guest_next());
	py_gil_leave(taken);
	cores_work_off(arg);
}

/* wake(). New. */
static PyObject *
guest_wake_now(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	if (guest_selector != NULL && py_gil_is_loop_thread() &&
	    !py_worker()->forked)
		guest_wake();
	Py_RETURN_NONE;
}

static PyMethodDef	 guest_wake_def = {
	"wake", guest_wake_now, METH_NOARGS, "wake(): turns the loop soon"
};

/* Makes the loop, as a guest of the base's. */
static int
guest_make_loop(struct worker *w)
{
	PyObject	*wake;
	int		 result;

	wake = PyCFunction_New(&guest_wake_def, NULL);
	if (wake == NULL)
		return -1;
	result = PyObject_SetAttrString(guest_glue, "wake", wake);
	Py_DECREF(wake);
	if (result == -1)
		return -1;
	event_assign(&guest_ev, w->base, -1, 0, guest_turn_cb, w);
	guest_selector = PyObject_CallMethod(guest_glue, "prepare_guest",
	    NULL);
	if (guest_selector == NULL)
		return -1;
	asyncio_selector_set_guest(guest_selector, guest_wake);
	guest_wake();
	return 0;
}

/* Imports the glue, and asyncio with it. */
static int
guest_import(void)
{
	PyObject	*module;

	/* asyncio first: _asyncio alone splits its two halves. */
	module = PyImport_ImportModule("asyncio");
	if (module == NULL)
		return -1;
	Py_DECREF(module);
	guest_glue = asyncio_glue_get();
	if (guest_glue == NULL)
		return -1;
	if (asyncio_engine_is_used())
		return 0;
	return py_running_init_parking();
}

/* May the base have the loop as a guest, and has it none yet? */
static bool
guest_is_due(const struct worker *w)
{
	return guest_selector == NULL && !asyncio_engine_is_used() &&
	    w->id > 0 && !w->forked && w->suspend->can_park &&
	    w->suspend->attach == NULL &&
	    py_gil_is_loop_thread();
}

/* Makes what is not there yet. */
static int
guest_start(void)
{
	struct worker	*w = py_worker();

	if (guest_glue == NULL && guest_import() == -1)
		return -1;
	return guest_is_due(w) ? guest_make_loop(w) : 0;
}

/* await_(awaitable, timeout=None). New. */
static PyObject *
guest_await(PyObject *self, PyObject *args, PyObject *keywords)
{
	PyObject	*function, *result;

	(void)self;
	if (guest_start() == -1)
		return NULL;
	function = PyObject_GetAttrString(guest_glue, "await_");
	if (function == NULL)
		return NULL;
	result = PyObject_Call(function, args, keywords);
	Py_DECREF(function);
	return result;
}

const PyMethodDef	 asyncio_guest_methods[] = {
	{ "await_", (PyCFunction)(void (*)(void))guest_await,
	    METH_VARARGS | METH_KEYWORDS, "await_(awaitable, timeout=None): "
	    "what it comes to, from plain code;\nother requests go on "
	    "meanwhile" },
	{ NULL, NULL, 0, NULL }
};

/* Has the app imported asyncio? Then its run() shall park requests. */
int
asyncio_guest_check(void)
{
	static PyObject		*name;
	static Py_ssize_t	 size;
	PyObject		*modules = PyImport_GetModuleDict(), *done;

	/* It does not come alone. */
	if (guest_checked || PyDict_GET_SIZE(modules) == size)
		return 0;
	if (name == NULL && (name = PyUnicode_InternFromString("asyncio")) ==
	    NULL)
		return -1;
	size = PyDict_GET_SIZE(modules);
	if (PyDict_GetItemWithError(modules, name) == NULL)
		return PyErr_Occurred() ? -1 : 0;
	guest_checked = true;
	if (asyncio_engine_is_used())
		return 0;
	if (guest_start() == -1)
		return -1;
	done = PyObject_CallMethod(guest_glue, "install_policy", NULL);
	Py_XDECREF(done);
	return done == NULL ? -1 : 0;
}

/* Cancels what runs on the loop. */
void
asyncio_guest_done(void)
{
	PyObject	*done;

	if (guest_selector == NULL)
		return;
	done = PyObject_CallMethod(guest_glue, "finish", NULL);
	if (done == NULL)
		py_exception_log(NULL, "the end of the event loop");
	Py_XDECREF(done);
	event_del(&guest_ev);
}
