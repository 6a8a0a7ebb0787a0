/* What a spooler's process does in Python: runs the app's handler. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_spool.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "plugins/python/py_background.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_exception.h"
#include "plugins/python/py_fork.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_import.h"
#include "plugins/python/py_module.h"
#include "plugins/python/py_signal.h"
#include "plugins/python/py_stdio.h"
#include "plugins/python/py_wait.h"
#include "worker/locks.h"
#include "worker/spool/spooler.h"
#include "worker/worker.h"

/* Without a handler tasks stay where they are; said once. */
static enum spool_result
py_spooler_no_handler(void)
{
	static bool	 told;

	if (!told)
		log_error("there are tasks, but the app has set no function "
		    "uwsgi.spooler");
	told = true;
	return SPOOL_IGNORE;
}

/* What the handler has returned (takes it; NULL: it has raised). */
static enum spool_result
py_spooler_result(const char *name, PyObject *steal_result)
{
	enum spool_result	 result = SPOOL_RETRY;
	int			 overflow;
	long			 n;

	if (steal_result == NULL) {
		py_exception_log(NULL, name);
		return SPOOL_FAILED;
	}
	if (!PyLong_Check(steal_result)) {
		log_error("%s: the handler must return uwsgi.SPOOL_OK, "
		    "SPOOL_RETRY or SPOOL_IGNORE, not %.100s", name,
		    Py_TYPE(steal_result)->tp_name);
		result = SPOOL_FAILED;
	} else {
		n = PyLong_AsLongAndOverflow(steal_result, &overflow);
		if (n == SPOOL_OK)
			result = SPOOL_OK;
		else if (n == SPOOL_IGNORE && overflow == 0)
			result = SPOOL_IGNORE;
	}
	Py_DECREF(steal_result);
	return result;
}

/* Has the app's handler run a task. Without the lock. */
static enum spool_result
py_spooler_task(const struct spool_task *task)
{
	bool			 taken = py_gil_enter();
	PyObject		*handler = py_module_find("spooler");
	PyObject		*dict, *done = NULL;
	uint64_t		 mark = locks_mark(py_worker());
	enum spool_result	 result;

	if (handler == NULL) {
		result = py_spooler_no_handler();
	} else {
		Py_INCREF(handler);
		dict = py_spool_dict(task->name, &task->packet);
		if (dict != NULL)
			done = PyObject_CallFunctionObjArgs(handler, dict,
			    NULL);
		py_fork_leave();	/* what it forked is no spooler */
		locks_work_over(py_worker(), mark, task->name);
		Py_XDECREF(dict);
		Py_DECREF(handler);
		result = py_spooler_result(task->name, done);
		py_stdio_flush();
	}
	py_gil_leave(taken);
	return result;
}

static int	 py_spooler_status;	/* of the process */

/* Waits; the app's signal handlers run meanwhile. Without the lock. */
static bool
py_spooler_poll(struct pollfd *fds, nfds_t n, double seconds)
{
	bool	 taken = py_gil_enter(), good;

	good = py_wait_block(fds, n, seconds) != -1;
	if (!good)
		py_spooler_status = py_background_failed("a spooler's wait");
	py_gil_leave(taken);
	return good;
}

/* The app's signals. Without the lock. */
static int
py_spooler_signals(struct worker *w)
{
	bool	 taken = py_gil_enter();
	int	 n = py_signal_work(w);

	py_gil_leave(taken);
	return n;
}

static const struct spooler_host py_spooler_host = {
	.run = py_spooler_task,
	.poll = py_spooler_poll,
	.signals = py_spooler_signals
};

/* What the loop needs, through py_gil_without. */
struct py_spooler_loop {
	struct worker	*worker;
	char		**cause;
};

/* The loop. Without the lock. */
static int
py_spooler_loop(void *arg)
{
	struct py_spooler_loop	*loop = arg;

	return spooler_loop(loop->worker, &py_spooler_host, loop->cause);
}

/* Imports one of spooler-import: a module's name, or a file. */
static int
py_spooler_import(const char *what)
{
	PyObject	*module;
	size_t		 len = strlen(what);

	if (strchr(what, '/') != NULL ||
	    (len > 3 && strcmp(what + len - 3, ".py") == 0))
		module = py_import_file(what);
	else
		module = PyImport_ImportModule(what);
	Py_XDECREF(module);
	return module == NULL ? -1 : 0;
}

/* All of spooler-import. */
static int
py_spooler_imports(const struct config *cfg, char **cause)
{
	char	*what;
	size_t	 i;

	for (i = 0; i < cfg->spooler_import.count; i++) {
		if (py_spooler_import(cfg->spooler_import.items[i]) == 0)
			continue;
		what = xasprintf("\"spooler-import\": %s",
		    cfg->spooler_import.items[i]);
		*cause = py_exception_cause(what);
		free(what);
		return -1;
	}
	return 0;
}

/* The whole work of a spooler's process. */
int
py_spooler_run(struct worker *w, void (*begin)(struct worker *w),
    char **cause)
{
	bool			 taken = py_gil_enter();
	struct py_spooler_loop	 loop = { w, cause };
	int			 status = -1;

	if (py_background_init() == -1)
		*cause = py_exception_cause("SIGTERM");
	else if (py_spooler_imports(w->cfg, cause) == 0) {
		status = py_background_hook(w, begin);
		if (status == PY_BACKGROUND_GOES_ON &&
		    py_gil_without(py_spooler_loop, &loop) == -1)
			status = -1;
		else if (status == PY_BACKGROUND_GOES_ON)
			status = py_spooler_status;
	}
	py_gil_leave(taken);
	return status;
}
