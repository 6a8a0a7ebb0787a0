/* What a mule does: its script, or messages until it is to leave. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_mule.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "plugins/python/py_background.h"
#include "plugins/python/py_exception.h"
#include "plugins/python/py_fork.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_import.h"
#include "plugins/python/py_module.h"
#include "plugins/python/py_signal.h"
#include "plugins/python/py_wait.h"
#include "shm/commons.h"
#include "shm/doorbell.h"
#include "worker/background.h"
#include "worker/locks.h"
#include "worker/worker.h"

/* Calls one function; false with an exception that is to end the mule. */
static bool
py_mule_call(PyObject *hook, PyObject *message, bool *failed)
{
	PyObject	*done;

	done = PyObject_CallFunctionObjArgs(hook, message, NULL);
	if (done != NULL) {
		Py_DECREF(done);
		return true;
	}
	if (PyErr_ExceptionMatches(PyExc_SystemExit))
		return false;
	*failed = true;
	py_exception_log(NULL, "a message's handler");
	return true;
}

/* mule_msg_hook, then those that were installed. False as above. */
static bool
py_mule_handle(PyObject *message, bool *failed)
{
	PyObject	*hook = py_module_find("mule_msg_hook");
	PyObject	*list = py_mule_hooks(), *one;
	Py_ssize_t	 i;
	bool		 good = true;

	if (hook == NULL && list == NULL)
		log_info("a message of %zd bytes has come, but there is no "
		    "mule_msg_hook", PyBytes_GET_SIZE(message));
	if (hook != NULL) {
		Py_INCREF(hook);
		good = py_mule_call(hook, message, failed);
		Py_DECREF(hook);
	}
	for (i = 0; good && list != NULL && i < PyList_GET_SIZE(list); i++) {
		one = PyList_GET_ITEM(list, i);
		Py_INCREF(one);
		good = py_mule_call(one, message, failed);
		Py_DECREF(one);
	}
	return good;
}

/* Works on one message; an exit status if that is the end. */
static int
py_mule_work(struct worker *w, PyObject *steal_message)
{
	uint64_t	 mark = locks_mark(w);
	bool		 failed = false, good;

	background_busy(w, w->cfg->mule_harakiri);
	good = py_mule_handle(steal_message, &failed);
	py_fork_leave();	/* what it forked is no mule */
	locks_work_over(w, mark, "a message's handler");
	background_idle(w, failed);
	Py_DECREF(steal_message);
	return good ? PY_BACKGROUND_GOES_ON : py_background_failed("");
}

/* Waits until there may be a message, or the process is to leave. */
static bool
py_mule_pause(struct worker *w, struct py_mule_boxes *b)
{
	struct pollfd	*bell = &b->fds[b->n], *wake = &b->fds[b->n + 1];

	bell->fd = doorbell_fd(w->commons->doorbells, w->seat);
	wake->fd = background_wake_fd();
	bell->events = wake->events = POLLIN;
	if (py_wait_block(b->fds, (nfds_t)b->n + 2, -1) == -1)
		return false;
	if (bell->revents != 0) {
		doorbell_answer(w->commons->doorbells, w->seat);
		background_busy(w, w->cfg->mule_harakiri);
		(void)py_signal_work(w);
		background_idle(w, false);
	}
	return true;
}

/*
 * Messages, one after the other. When the mule is to leave, what waits is left
 * to the next one; if there is none, it is worked off first.
 */
static int
py_mule_serve(struct worker *w)
{
	struct py_mule_boxes	 b;
	PyObject		*message;
	int			 status = PY_BACKGROUND_GOES_ON;

	py_mule_boxes_init(&b, w, true, true);
	while (status == PY_BACKGROUND_GOES_ON) {
		if (background_is_leaving() && !background_is_last())
			return 0;
		message = py_mule_take(&b, w, w->cfg->mule_msg_recv_size);
		if (message != NULL)
			status = py_mule_work(w, message);
		else if (PyErr_Occurred())
			status = py_background_failed("a mule's message");
		else if (background_is_leaving())
			return 0;
		else if (!py_mule_pause(w, &b))
			status = py_background_failed("a mule's wait");
	}
	return status;
}

/* Reads a file as bytes. New. */
static PyObject *
py_mule_read(const char *path)
{
	PyObject	*io = PyImport_ImportModule("io"), *file = NULL;
	PyObject	*bytes = NULL, *closed;

	if (io != NULL)
		file = PyObject_CallMethod(io, "open_code", "s", path);
	if (file != NULL)
		bytes = PyObject_CallMethod(file, "read", NULL);
	if (bytes != NULL) {
		closed = PyObject_CallMethod(file, "close", NULL);
		Py_XDECREF(closed);
		PyErr_Clear();
	}
	Py_XDECREF(file);
	Py_XDECREF(io);
	return bytes;
}

/* The code of a file. New. */
static PyObject *
py_mule_compile(const char *path)
{
	PyObject	*builtins = PyImport_ImportModule("builtins");
	PyObject	*bytes = py_mule_read(path), *code = NULL;

	if (builtins != NULL && bytes != NULL)
		code = PyObject_CallMethod(builtins, "compile", "Oss", bytes,
		    path, "exec");
	Py_XDECREF(builtins);
	Py_XDECREF(bytes);
	return code;
}

/* Runs a file as the program, as "python file" does. An exit status. */
static int
py_mule_run_file(const char *path)
{
	PyObject	*code = NULL, *globals, *name, *done = NULL;

	globals = PyModule_GetDict(PyImport_AddModule("__main__"));
	name = PyUnicode_DecodeFSDefault(path);
	background_free(true);
	if (name != NULL && PyDict_SetItemString(globals, "__file__",
	    name) == 0)
		code = py_mule_compile(path);
	if (code != NULL)
		done = PyEval_EvalCode(code, globals, globals);
	background_free(false);
	Py_XDECREF(name);
	Py_XDECREF(code);
	if (done == NULL)
		return py_background_failed(path);
	Py_DECREF(done);
	return 0;
}

/* Runs module:callable. An exit status. */
static int
py_mule_run_callable(const char *text)
{
	const char	*colon = strrchr(text, ':');
	char		*name = xstrndup(text, (size_t)(colon - text));
	char		*cause = NULL;
	PyObject	*function;
	size_t		 len = strlen(name);
	bool		 is_file;
	int		 status = 1;

	is_file = strchr(name, '/') != NULL ||
	    (len > 3 && strcmp(name + len - 3, ".py") == 0);
	function = py_import_callable(name, is_file, colon + 1, &cause);
	if (function != NULL)
		status = py_background_call(function, text);
	else
		log_error("%s", cause);
	free(cause);
	free(name);
	Py_XDECREF(function);
	return status;
}

/* Its script, if it has one. An exit status. */
static int
py_mule_script(const char *script)
{
	int	 status;

	if (strchr(script, ':') != NULL)
		status = py_mule_run_callable(script);
	else
		status = py_mule_run_file(script);
	if (!background_is_leaving())
		log_info("%s has come to its end", script);
	return status;
}

/* The whole work of a mule. */
int
py_mule_run(struct worker *w, void (*begin)(struct worker *w), char **cause)
{
	bool		 taken = py_gil_enter();
	const char	*script = mules_script(w->cfg, w->number);
	int		 status = -1;

	if (py_background_init() == -1) {
		*cause = py_exception_cause("SIGTERM");
	} else {
		status = py_background_hook(w, begin);
		if (status == PY_BACKGROUND_GOES_ON)
			status = script != NULL ? py_mule_script(script) :
			    py_mule_serve(w);
	}
	py_gil_leave(taken);
	return status;
}
