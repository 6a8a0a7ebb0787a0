/*
 * The loop engine that is asyncio on the worker's event base.
 *
 * The loop is made in the spawner, before the app is imported, since apps
 * take it at module level; after the fork each worker makes the same object
 * its own.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/asyncio/asyncio_engine.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "plugins/asyncio/asyncio_glue.h"
#include "plugins/asyncio/asyncio_plugin.h"
#include "plugins/asyncio/asyncio_selector.h"
#include "plugins/plugin.h"
#include "plugins/python/py_exception.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_running.h"
#include "worker/loop.h"
#include "worker/worker.h"

/* Ours for the whole run; NULL before prepare. */
static PyObject	*engine_glue;
static PyObject	*engine_loop;
static PyObject	*engine_selector;	/* the loop's */
static PyObject	*engine_ready;		/* its _ready, a deque; or NULL */
static PyObject	*engine_str_scheduled;
static PyObject	*engine_str_stopping;
/* The worker has asked for the end, and run_forever() has not ended yet. */
static bool	 engine_stopping;

/* Finds what shows whether the loop is idle; without it, it never seems so. */
static int
engine_find_parts(void)
{
	engine_selector = PyObject_GetAttrString(engine_loop, "_selector");
	engine_str_scheduled = PyUnicode_InternFromString("_scheduled");
	engine_str_stopping = PyUnicode_InternFromString("_stopping");
	if (engine_selector == NULL || engine_str_scheduled == NULL ||
	    engine_str_stopping == NULL)
		return -1;
	engine_ready = PyObject_GetAttrString(engine_loop, "_ready");
	if (engine_ready == NULL)
		PyErr_Clear();
	return 0;
}

/* Makes the loop. With the lock. */
static int
engine_make_loop(const struct config *cfg)
{
	/* asyncio first: _asyncio alone splits its two halves. */
	PyObject	*module = PyImport_ImportModule("asyncio");

	if (module == NULL)
		return -1;
	Py_DECREF(module);
	engine_glue = asyncio_glue_get();
	if (engine_glue == NULL)
		return -1;
	engine_loop = PyObject_CallMethod(engine_glue, "prepare", NULL);
	if (engine_loop == NULL || engine_find_parts() == -1)
		return -1;
	return cfg->asyncio_expose_loop ? 0 : py_running_init(engine_loop);
}

/* In the spawner, before the app. */
int
asyncio_engine_prepare(struct worker *w, char **cause)
{
	bool	 taken = py_gil_enter();
	int	 result = engine_make_loop(w->cfg);

	if (result == -1)
		*cause = py_exception_cause("the asyncio loop");
	py_gil_leave(taken);
	return result;
}

/* The descriptor of one of the loop's sockets, -1 with an exception. */
static int
engine_fd(const char *name)
{
	PyObject	*sock;
	int		 fd;

	sock = PyObject_GetAttrString(engine_loop, name);
	if (sock == NULL)
		return -1;
	fd = PyObject_AsFileDescriptor(sock);
	Py_DECREF(sock);
	return fd;
}

/*
 * Puts a new pair of sockets in the place of the loop's self-pipe, whose
 * numbers Python has: one that processes share would wake the wrong one.
 */
static int
engine_renew_pipe(void)
{
	int	 in = engine_fd("_ssock"), out = engine_fd("_csock");
	int	 pair[2], result = -1;

	if (in == -1 || out == -1)
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
	    pair) == -1) {
		PyErr_SetFromErrno(PyExc_OSError);
		return -1;
	}
	asyncio_selector_suspend(engine_selector, in);
	if (dup3(pair[0], in, O_CLOEXEC) != -1 &&
	    dup3(pair[1], out, O_CLOEXEC) != -1 &&
	    asyncio_selector_resume(engine_selector, in) == 0)
		result = 0;
	else
		PyErr_SetFromErrno(PyExc_OSError);
	close(pair[0]);
	close(pair[1]);
	return result;
}

/* Calls a function of the glue's. With the lock. */
static int
engine_call(const char *name)
{
	PyObject	*done;

	done = PyObject_CallMethod(engine_glue, name, NULL);
	Py_XDECREF(done);
	return done == NULL ? -1 : 0;
}

/* In the worker, behind event_reinit. */
int
asyncio_engine_init(struct worker *w, char **cause)
{
	bool	 taken = py_gil_enter();
	int	 result = 0;

	(void)w;
	if (engine_renew_pipe() == -1 || engine_call("fork") == -1) {
		*cause = py_exception_cause("the asyncio loop");
		result = -1;
	}
	py_gil_leave(taken);
	return result;
}

/* Has the app closed the loop? */
static bool
engine_is_closed(void)
{
	PyObject	*closed;
	bool		 result;

	closed = PyObject_CallMethod(engine_loop, "is_closed", NULL);
	if (closed == NULL)
		PyErr_Clear();
	result = closed == NULL || closed == Py_True;
	Py_XDECREF(closed);
	return result;
}

/* Runs the loop until it ends for whatever reason; false if it is no more. */
static bool
engine_run_forever(const struct worker *w)
{
	PyObject	*done;

	done = PyObject_CallMethod(engine_loop, "run_forever", NULL);
	if (done == NULL)
		py_exception_log(NULL, w->stopped ?
		    "an exception came out of the event loop" :
		    "an exception came out of the event loop, which goes on");
	else if (!w->stopped)
		log_warn("the app has stopped the event loop; it goes on");
	Py_XDECREF(done);
	if (!engine_is_closed())
		return true;
	log_error("the app has closed the server's event loop");
	return false;
}

/* Runs the loop until the worker leaves. */
void
asyncio_engine_run(struct worker *w)
{
	bool	 taken = py_gil_enter();
	bool	 is_open = true;

	while (is_open && !w->stopped)
		is_open = engine_run_forever(w);
	engine_stopping = false;
	if (!is_open)
		w->status = 1;
	else if (engine_call("finish") == -1)
		py_exception_log(NULL, "the end of the event loop");
	py_gil_leave(taken);
}

/* The loop shall end: the selector sees to it. */
void
asyncio_engine_stop(struct worker *w)
{
	engine_stopping = true;
	event_base_loopbreak(w->base);
}

/* Is asyncio's loop the one that turns the base? */
bool
asyncio_engine_is_used(void)
{
	return engine_loop != NULL;
}

/* Must select() come back at once? */
bool
asyncio_engine_is_stopping(void)
{
	return engine_stopping;
}

/* Tells the loop of the wish to end. */
int
asyncio_engine_turned(void)
{
	PyObject	*done;

	if (!engine_stopping)
		return 0;
	done = PyObject_CallMethod(engine_loop, "stop", NULL);
	Py_XDECREF(done);
	return done == NULL ? -1 : 0;
}

/* The loop's next timer. New, or NULL. */
PyObject *
asyncio_engine_first(const PyObject *selector)
{
	PyObject	*scheduled, *first = NULL;

	if (selector != engine_selector || engine_ready == NULL)
		return NULL;
	scheduled = PyObject_GetAttr(engine_loop, engine_str_scheduled);
	if (scheduled == NULL) {
		PyErr_Clear();
		Py_CLEAR(engine_ready);
		return NULL;
	}
	if (PyList_Check(scheduled) && PyList_GET_SIZE(scheduled) > 0) {
		first = PyList_GET_ITEM(scheduled, 0);
		Py_INCREF(first);
	}
	Py_DECREF(scheduled);
	return first;
}

/* Has the loop nothing to do but to wait for the same timer? */
bool
asyncio_engine_is_idle(const PyObject *selector, const PyObject *first)
{
	PyObject	*now, *stopping;

	if (selector != engine_selector || engine_ready == NULL ||
	    PyObject_Size(engine_ready) != 0)
		return false;
	stopping = PyObject_GetAttr(engine_loop, engine_str_stopping);
	Py_XDECREF(stopping);
	if (stopping != Py_False) {
		PyErr_Clear();
		return false;
	}
	now = asyncio_engine_first(selector);
	Py_XDECREF(now);
	return now == first;
}

static const struct loop_engine	 asyncio_engine = {
	.name = "asyncio",
	.prepare = asyncio_engine_prepare,
	.init = asyncio_engine_init,
	.run = asyncio_engine_run,
	.stop = asyncio_engine_stop,
};

const struct plugin		 asyncio_plugin = {
	.abi = PLUGIN_ABI,
	.name = "asyncio",
	.loop = &asyncio_engine,
};
