/* wsgimaster.Harakiri, which a request gets when its time is over. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_harakiri.h"

#include <math.h>

#include "base/clock.h"
#include "base/log.h"
#include "plugins/python/py_async.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_gil.h"
#include "worker/background.h"
#include "worker/core.h"
#include "worker/suspend.h"
#include "worker/worker.h"

static PyObject	*py_harakiri;	/* the type; ours for the whole run */

/* Makes the type. */
int
py_harakiri_init(PyObject *module)
{
	py_harakiri = PyErr_NewExceptionWithDoc("wsgimaster.Harakiri",
	    "The request's time is over.", PyExc_BaseException, NULL);
	if (py_harakiri == NULL)
		return -1;
	return PyObject_SetAttrString(module, "Harakiri", py_harakiri);
}

/* One that says for how long. */
PyObject *
py_harakiri_new(const struct core *core)
{
	PyObject	*error;
	char		 text[64] = "the request's time is over";

	if (core != NULL)
		PyOS_snprintf(text, sizeof(text),
		    "the %s has run for %.2f seconds",
		    core->job == NULL ? "request" : "job",
		    (double)(clock_mono_us() - core->req.start_us) / 1e6);
	error = PyObject_CallFunction(py_harakiri, "s", text);
	if (error == NULL)
		fatalx("no memory");
	return error;
}

/* Raises it. */
void
py_harakiri_raise(const struct core *core)
{
	PyObject	*error = py_harakiri_new(core);

	PyErr_SetObject(py_harakiri, error);
	Py_DECREF(error);
}

/* Has it come? */
bool
py_harakiri_is_set(void)
{
	return PyErr_ExceptionMatches(py_harakiri);
}

/* Has a core's thread raise it, or nothing: then what was to come does not. */
static void
py_harakiri_async(struct core *core, PyObject *type)
{
	struct suspend_stacks	 stacks = { 0 };

	core->worker->suspend->stacks(core, &stacks);
	(void)PyThreadState_SetAsyncExc(stacks.thread, type);
}

/*
 * Raises it in a core's thread: at once if it runs Python, by its wait if it
 * is about to begin one, or is just coming back: what is left of a call that
 * waits again and again (a body, a file) is C, where nothing is raised at
 * once. One that has left Python ends by itself.
 */
void
py_harakiri_interrupt(struct core *core)
{
	bool	 taken = py_gil_enter();

	if (py_core_of(core)->in_python) {
		if (core->harakiri.asks)
			core->harakiri.is_due = true;
		else
			py_harakiri_async(core, py_harakiri);
	}
	py_gil_leave(taken);
}

/* The request's Python is over. */
void
py_harakiri_end(struct core *core)
{
	if (core->worker->suspend->attach != NULL)
		py_harakiri_async(core, NULL);
}

/* set_user_harakiri(seconds). New. */
static PyObject *
py_harakiri_set_user(PyObject *self, PyObject *arg)
{
	struct core	*core;
	double		 seconds;

	(void)self;
	seconds = PyFloat_AsDouble(arg);
	if (seconds == -1 && PyErr_Occurred())
		return NULL;
	if (isnan(seconds)) {
		PyErr_SetString(PyExc_ValueError,
		    "set_user_harakiri: the time is not a number");
		return NULL;
	}
	if (py_worker()->number != 0 && py_worker()->kind != PROCESS_WORKER) {
		background_limit(seconds);
		Py_RETURN_NONE;
	}
	core = py_core_current();
	if (core == NULL || core->job == NULL)
		core = py_async_request("set_user_harakiri");
	if (core == NULL)
		return NULL;
	if (py_core_take_loop()) {
		harakiri_set_user(core, seconds);
		py_core_give_loop();
	}
	Py_RETURN_NONE;
}

const PyMethodDef	 py_harakiri_methods[] = {
	{ "set_user_harakiri", py_harakiri_set_user, METH_O,
	    "set_user_harakiri(seconds): this request gets Harakiri then, "
	    "counted from now; 0: not by this. A mule is killed then" },
	{ NULL, NULL, 0, NULL }
};
