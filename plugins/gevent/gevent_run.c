/* The turns of gevent's loop. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <limits.h>

#include "plugins/gevent/gevent_engine.h"
#include "plugins/gevent/gevent_loop.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_gil.h"
#include "worker/worker.h"

/* How long the poll may last; 0 when there is something to do. */
static double
gevent_run_timeout(struct gevent_loop *loop, bool nowait)
{
	if (nowait || loop->refs <= 0 || loop->broken || loop->sent ||
	    loop->first != NULL || loop->always > 0 ||
	    !TAILQ_EMPTY(&loop->active[GEVENT_IDLE]) ||
	    gevent_watcher_is_fed(loop, GEVENT_MINPRI) ||
	    (!loop->is_own && gevent_engine_is_stopping()))
		return 0;
	return gevent_timer_next(loop);
}

/*
 * Turns the base once. In an app's child the stack that was in the turn is
 * left without coming back through the server and libevent.
 */
static void
gevent_run_poll(struct gevent_loop *loop, double seconds)
{
	loop->is_turning = true;
	if (setjmp(loop->away) == 0) {
		py_turn_arm(&loop->turn, seconds);
		if (py_turn_once(&loop->turn) == -1)
			PyErr_SetString(PyExc_SystemError,
			    "the event base has failed");
		if (seconds > 0)
			py_turn_disarm(&loop->turn);
	} else if (py_gil_is_loop_thread())
		(void)py_gil_enter();
	loop->is_turning = false;
}

/* Feeds async_ watchers that were sent to. */
static void
gevent_run_feed_sent(struct gevent_loop *loop)
{
	struct gevent_watcher	*w;
	struct gevent_async	*async;

	if (!loop->sent)
		return;
	loop->sent = false;
	TAILQ_FOREACH(w, &loop->active[GEVENT_ASYNC], active_link) {
		async = (struct gevent_async *)w;
		if (async->sent)
			gevent_watcher_feed(w, GEVENT_EV_ASYNC);
		async->sent = false;
	}
}

/* Feeds idle watchers to which nothing as important is preferred. */
static void
gevent_run_feed_idle(struct gevent_loop *loop)
{
	struct gevent_watcher	*w;
	int			 busy = GEVENT_MAXPRI;

	if (TAILQ_EMPTY(&loop->active[GEVENT_IDLE]))
		return;
	while (busy >= GEVENT_MINPRI && !gevent_watcher_is_fed(loop, busy))
		busy--;
	TAILQ_FOREACH(w, &loop->active[GEVENT_IDLE], active_link) {
		if (w->priority > busy)
			gevent_watcher_feed(w, GEVENT_EV_IDLE);
	}
}

/* What comes before the poll. */
static void
gevent_run_before(struct gevent_loop *loop)
{
	if (loop->forked) {
		loop->forked = false;
		gevent_watcher_take_ready(loop);
		gevent_watcher_call_all(loop);
	}
	if (!TAILQ_EMPTY(&loop->active[GEVENT_PREPARE])) {
		gevent_watcher_feed_kind(loop, GEVENT_PREPARE,
		    GEVENT_EV_PREPARE);
		gevent_watcher_call_all(loop);
	}
	gevent_callback_run_all(loop);
}

/* What comes after it. */
static void
gevent_run_after(struct gevent_loop *loop)
{
	if (PyErr_Occurred() || PyErr_CheckSignals() == -1)
		gevent_loop_error(loop, NULL);
	if (loop->worker == NULL || !gevent_loop_check(loop))
		return;
	gevent_loop_update(loop);
	gevent_timer_feed_due(loop);
	gevent_watcher_take_ready(loop);
	gevent_io_feed_always(loop);
	gevent_run_feed_sent(loop);
	gevent_signal_feed_caught(loop);
	gevent_run_feed_idle(loop);
	gevent_watcher_feed_kind(loop, GEVENT_CHECK, GEVENT_EV_CHECK);
	gevent_watcher_call_all(loop);
}

/* One turn. */
static void
gevent_run_turn(struct gevent_loop *loop, bool nowait)
{
	loop->iteration++;
	gevent_run_before(loop);
	if (loop->worker == NULL || !gevent_loop_check(loop))
		return;
	gevent_run_poll(loop, gevent_run_timeout(loop, nowait));
	gevent_run_after(loop);
	if (!loop->is_own && gevent_engine_is_stopping() &&
	    gevent_engine_leave() == -1)
		gevent_loop_error(loop, NULL);
}

/* Can it be turned from here? RuntimeError else. */
static bool
gevent_run_may(struct gevent_loop *loop)
{
	if (loop->is_turning)
		PyErr_SetString(PyExc_RuntimeError, "the loop is running");
	else if (!loop->is_own && !py_gil_is_loop_thread())
		PyErr_SetString(PyExc_RuntimeError, "the server's loop belongs "
		    "to the main thread");
	else if (!loop->is_own && py_core_current() != NULL)
		PyErr_SetString(PyExc_RuntimeError, "a request cannot run the "
		    "server's loop");
	else
		return true;
	return false;
}

/* run(nowait=False, once=False): until nothing is left that counts. New. */
PyObject *
gevent_run(PyObject *self, PyObject *args, PyObject *kwargs)
{
	static char		*names[] = { "nowait", "once", NULL };
	struct gevent_loop	*loop = (struct gevent_loop *)self;
	int			 nowait = 0, once = 0;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|pp:run", names,
	    &nowait, &once) || !gevent_loop_check(loop) ||
	    !gevent_run_may(loop))
		return NULL;
	loop->depth++;
	loop->broken = false;
	gevent_loop_update(loop);
	do
		gevent_run_turn(loop, nowait);
	while (loop->worker != NULL && loop->refs > 0 && !loop->broken &&
	    !nowait && !once);
	loop->broken = false;
	loop->depth--;
	if (loop->worker == NULL)
		PyErr_Clear();
	Py_RETURN_NONE;
}
