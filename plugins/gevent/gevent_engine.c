/*
 * The loop engine that is gevent on the worker's event base.
 *
 * The hub, gevent's greenlet that runs its loop, is the hub of the suspend
 * engine too: it turns the base, and cores are started and resumed on it. It
 * is made in the spawner, before the app is imported; after the fork each
 * worker makes the same object its own. The worker's own stack switches to it
 * in run, and gets the control back when the worker shall leave.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <greenlet.h>

#include "plugins/gevent/gevent_engine.h"

#include <event2/event.h>

#include "base/log.h"
#include "config/config.h"
#include "plugins/gevent/gevent_glue.h"
#include "plugins/gevent/gevent_loop.h"
#include "plugins/gevent/gevent_plugin.h"
#include "plugins/greenlet/greenlet_hub.h"
#include "plugins/python/py_exception.h"
#include "plugins/python/py_fork.h"
#include "plugins/python/py_gil.h"
#include "worker/loop.h"
#include "worker/worker.h"

/* Ours for the whole run; NULL before prepare. */
static PyObject	*engine_glue;
static PyObject	*engine_hub;
static PyObject	*engine_loop;
/* The worker's own stack waits in run, for the hub to give way. */
static bool	 engine_running;
/* The worker has asked for the end, and the hub has not given way yet. */
static bool	 engine_stopping;

/* Makes this hub the one. Steals it; -1 with an exception if it is NULL. */
static int
gevent_engine_take_hub(PyObject *steal_hub)
{
	PyObject	*loop;

	if (steal_hub == NULL)
		return -1;
	Py_XSETREF(engine_hub, steal_hub);
	loop = PyObject_GetAttrString(engine_hub, "loop");
	if (loop == NULL)
		return -1;
	Py_XSETREF(engine_loop, loop);
	return 0;
}

/* In the spawner, before the app. */
static int
gevent_engine_prepare(struct worker *w, char **cause)
{
	bool	 taken = py_gil_enter();
	int	 result = -1;

	engine_glue = gevent_glue_new();
	if (engine_glue != NULL)
		result = gevent_engine_take_hub(PyObject_CallMethod(
		    engine_glue, "prepare", "OO",
		    w->cfg->gevent_early_monkey_patch ? Py_True : Py_False,
		    w->cfg->gevent_monkey_patch ? Py_True : Py_False));
	if (result == -1)
		*cause = py_exception_cause("\"gevent\": is it installed in "
		    "the app's environment?");
	py_gil_leave(taken);
	return result;
}

/* In the worker, behind event_reinit. */
static int
gevent_engine_init(struct worker *w, char **cause)
{
	bool	 taken = py_gil_enter();
	int	 result = 0;

	(void)w;
	if (gevent_loop_fork(engine_loop) == -1 || gevent_engine_take_hub(
	    PyObject_CallMethod(engine_glue, "fork", NULL)) == -1) {
		*cause = py_exception_cause("gevent's loop");
		result = -1;
	} else
		greenlet_hub_set(engine_hub);
	py_gil_leave(taken);
	return result;
}

/* Runs the hub until it gives way, for whatever reason; is it still good? */
static bool
gevent_engine_switch(const struct worker *w)
{
	PyObject	*done, *dead;
	bool		 result;

	done = PyObject_CallMethod(engine_hub, "switch", NULL);
	if (w->forked) {	/* an app's child has nothing left to do */
		if (done == NULL &&
		    !PyErr_ExceptionMatches(PyExc_SystemExit))
			PyErr_Clear();
		py_fork_leave();
	}
	if (done == NULL)
		py_exception_log(NULL, w->stopped ?
		    "an exception came out of gevent's hub" :
		    "an exception came out of gevent's hub, which goes on");
	Py_XDECREF(done);
	dead = PyObject_GetAttrString(engine_hub, "dead");
	result = dead == Py_False;
	Py_XDECREF(dead);
	PyErr_Clear();
	return result;
}

/* Calls a method of the loop's, or logs why not. */
static void
gevent_engine_tell_loop(const char *method)
{
	PyObject	*done;

	done = PyObject_CallMethod(engine_loop, method, NULL);
	if (done == NULL)
		py_exception_log(NULL, "gevent's loop");
	Py_XDECREF(done);
}

/* What gevent still has to do may be waited for. */
static void
gevent_engine_finish(const struct worker *w)
{
	PyObject	*done;

	done = PyObject_CallMethod(engine_glue, "finish", "Od", engine_hub,
	    w->cfg->worker_reload_mercy);
	if (done == NULL)
		py_exception_log(NULL, "the end of gevent's hub");
	Py_XDECREF(done);
}

/* Runs the hub until the worker leaves. The server is one to wait for. */
static void
gevent_engine_run(struct worker *w)
{
	bool	 taken = py_gil_enter();
	bool	 is_good = true;

	gevent_engine_tell_loop("ref");
	engine_running = true;
	while (is_good && !w->stopped)
		is_good = gevent_engine_switch(w);
	engine_running = engine_stopping = false;
	if (!is_good) {
		log_error("the app has destroyed gevent's hub");
		w->status = 1;
	} else {
		gevent_engine_tell_loop("unref");
		if (w->cfg->gevent_wait_for_hub)
			gevent_engine_finish(w);
	}
	py_gil_leave(taken);
}

/* The hub shall give way: its loop sees to it. */
static void
gevent_engine_stop(struct worker *w)
{
	engine_stopping = true;
	event_base_loopbreak(w->base);
}

/* In an app's child, on the hub: out of the turn. */
static void
gevent_engine_forked(struct worker *w)
{
	(void)w;
	gevent_loop_leave_turn(engine_loop);
}

/* Shall the hub give way? */
bool
gevent_engine_is_stopping(void)
{
	return engine_stopping && engine_running;
}

/* Gives way. */
int
gevent_engine_leave(void)
{
	PyObject	*done;

	engine_stopping = false;
	done = PyObject_CallMethod(engine_glue, "leave", "O", engine_hub);
	Py_XDECREF(done);
	return done == NULL ? -1 : 0;
}

static const struct loop_engine	 gevent_engine = {
	.name = "gevent",
	.prepare = gevent_engine_prepare,
	.init = gevent_engine_init,
	.run = gevent_engine_run,
	.stop = gevent_engine_stop,
	.forked = gevent_engine_forked,
};

const struct plugin		 gevent_plugin = {
	.abi = PLUGIN_ABI,
	.name = "gevent",
	.loop = &gevent_engine,
};
