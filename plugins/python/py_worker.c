/* Python's part in a worker's start and end. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_worker.h"

#include "plugins/asyncio/asyncio_guest.h"
#include "plugins/python/py_app.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_environ.h"
#include "plugins/python/py_exception.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_hub.h"
#include "plugins/python/py_module.h"
#include "plugins/python/py_poll.h"
#include "plugins/python/py_stdio.h"
#include "plugins/python/py_thread.h"
#include "plugins/python/py_wsgi.h"
#include "worker/worker.h"

/* Loads the apps. */
int
py_worker_load(struct worker *w, char **cause)
{
	bool	 taken = py_gil_enter();
	int	 result;

	result = py_app_load(w->cfg, cause);
	py_gil_leave(taken);
	return result;
}

/* Makes what the requests need, and runs the app's post_fork_hook. */
int
py_worker_start(struct worker *w, char **cause)
{
	bool	 taken = py_gil_enter();
	int	 result = -1;

	py_worker_set(w);
	py_cores_init(w);
	py_polls_init(w);
	if (py_environ_init(w) == -1)
		*cause = py_exception_cause("environ");
	else if (py_thread_init(w) == -1)
		*cause = py_exception_cause("threading");
	else if (py_hub_init(w) == -1 || asyncio_guest_check() == -1)
		*cause = py_exception_cause("the hub");
	else if (py_module_call_hook("post_fork_hook") == -1)
		*cause = py_exception_cause("post_fork_hook");
	else {
		py_wsgi_take_hook(py_module_find("after_req_hook"));
		result = 0;
	}
	py_gil_leave(taken);
	return result;
}

/* Calls a function of a module that was imported; a failure is logged. */
static void
py_worker_call(const char *module, const char *function)
{
	PyObject	*found, *done;

	found = PyDict_GetItemString(PyImport_GetModuleDict(), module);
	if (found == NULL || !PyObject_HasAttrString(found, function))
		return;
	Py_INCREF(found);
	done = PyObject_CallMethod(found, function, NULL);
	if (done == NULL)
		py_exception_log(NULL, function);
	Py_DECREF(found);
	Py_XDECREF(done);
}

/* Lets go of what requests needed. */
static void
py_worker_free(struct worker *w)
{
	py_environ_done();
	py_cores_done();
	py_polls_done(w);
	py_hub_done();
}

/*
 * Runs what the app wants done at the end: uwsgi.atexit, threads that are to
 * be waited for, atexit. The interpreter itself ends with the process.
 */
void
py_worker_stop(struct worker *w)
{
	bool	 taken = py_gil_enter();

	if (py_module_call_hook("atexit") == -1)
		py_exception_log(NULL, "atexit");
	if (w->kind == PROCESS_WORKER)
		asyncio_guest_done();
	py_worker_call("threading", "_shutdown");
	py_worker_call("atexit", "_run_exitfuncs");
	if (w->kind == PROCESS_WORKER)
		py_worker_free(w);
	py_stdio_flush();
	py_gil_leave(taken);
}
