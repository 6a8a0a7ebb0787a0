/* Python in a job. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_job.h"

#include "base/log.h"
#include "base/xmalloc.h"
#include "plugins/asyncio/asyncio_guest.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_errors.h"
#include "plugins/python/py_exception.h"
#include "plugins/python/py_fork.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_harakiri.h"
#include "plugins/python/py_poll.h"
#include "worker/core.h"
#include "worker/request.h"
#include "worker/worker.h"

/* Calls it with all that a core has for its waits. New, or NULL. */
static PyObject *
py_job_call(struct core *core, PyObject *(*call)(void *arg), void *arg)
{
	PyObject	*result = NULL;

	if (asyncio_guest_check() == 0 && py_poll_begin(&core->req) == 0)
		result = call(arg);
	if (core->worker->forked)
		py_fork_leave();
	py_core_settle(core);
	py_poll_end(&core->req);
	return result;
}

/* Logs what was raised, unless it is the deadline, which has a record. */
static void
py_job_failed(struct core *core, const char *what)
{
	char	*text;

	if (core->harakiri.is_late && py_harakiri_is_set()) {
		PyErr_Clear();
		return;
	}
	text = xasprintf("exception in %s", what);
	py_exception_log(&core->req, text);
	free(text);
}

/* Runs it in a context (contextvars) of its own. */
bool
py_job_run(struct core *core, PyObject *(*call)(void *arg), void *arg,
    const char *what)
{
	struct py_core	*own = py_core_of(core);
	bool		 taken = py_gil_enter(), ok;
	PyObject	*context, *result = NULL;

	context = PyContext_New();
	own->in_python = true;
	if (context != NULL && PyContext_Enter(context) == 0) {
		result = py_job_call(core, call, arg);
		if (result == NULL)
			py_job_failed(core, what);
		if (PyContext_Exit(context) == -1)
			PyErr_Clear();
	} else
		py_job_failed(core, what);
	own->in_python = false;
	if (core->harakiri.is_late)
		py_harakiri_end(core);
	py_errors_flush(core);
	ok = result != NULL;
	Py_XDECREF(result);
	Py_XDECREF(context);
	py_gil_leave(taken);
	return ok;
}
