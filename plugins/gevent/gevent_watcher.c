/* gevent's watchers: what all kinds of them have in common. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <limits.h>
#include <signal.h>
#include <stddef.h>

#include "plugins/gevent/gevent_loop.h"
#include "plugins/gevent/gevent_types.h"

/* What a kind does beyond; NULL: nothing. */
struct gevent_kind_row {
	int	(*start)(struct gevent_watcher *w);	/* active already */
	void	(*stop)(struct gevent_watcher *w);
};

static const struct gevent_kind_row	 kind_rows[GEVENT_KINDS] = {
	[GEVENT_IO] = { gevent_io_start, gevent_io_stop },
	[GEVENT_TIMER] = { gevent_timer_start, gevent_timer_stop },
	[GEVENT_SIGNAL] = { gevent_signal_start, gevent_signal_stop },
};

/* Makes it active. */
void
gevent_watcher_activate(struct gevent_watcher *w)
{
	w->active = true;
	if (w->ref)
		w->loop->refs++;
	TAILQ_INSERT_TAIL(&w->loop->active[w->kind], w, active_link);
}

/* Makes it not active; it stays fed, and owned. */
void
gevent_watcher_deactivate(struct gevent_watcher *w)
{
	if (!w->active)
		return;
	if (kind_rows[w->kind].stop != NULL)
		kind_rows[w->kind].stop(w);
	w->active = false;
	if (w->ref)
		w->loop->refs--;
	TAILQ_REMOVE(&w->loop->active[w->kind], w, active_link);
}

/* Its callback is due. */
void
gevent_watcher_feed(struct gevent_watcher *w, int revents)
{
	struct gevent_loop	*loop = w->loop;

	w->revents |= revents;
	if (w->queue != NULL)
		return;
	w->queue = loop->is_turning ? &loop->ready :
	    &loop->fed[w->priority - GEVENT_MINPRI];
	TAILQ_INSERT_TAIL(w->queue, w, fed_link);
}

/* It is not, any more. */
static void
gevent_watcher_unfeed(struct gevent_watcher *w)
{
	if (w->queue != NULL)
		TAILQ_REMOVE(w->queue, w, fed_link);
	w->queue = NULL;
	w->revents = 0;
}

/* Moves what was fed in the poll to its priority. */
void
gevent_watcher_take_ready(struct gevent_loop *loop)
{
	struct gevent_watcher	*w;

	while ((w = TAILQ_FIRST(&loop->ready)) != NULL) {
		TAILQ_REMOVE(&loop->ready, w, fed_link);
		w->queue = &loop->fed[w->priority - GEVENT_MINPRI];
		TAILQ_INSERT_TAIL(w->queue, w, fed_link);
	}
}

/* Feeds all active ones of a kind; check watchers come before all others. */
void
gevent_watcher_feed_kind(struct gevent_loop *loop, enum gevent_kind kind,
    int revents)
{
	struct gevent_watcher	*w;

	TAILQ_FOREACH(w, &loop->active[kind], active_link) {
		if (kind == GEVENT_CHECK && w->queue == NULL) {
			w->queue = &loop->fed[w->priority - GEVENT_MINPRI];
			TAILQ_INSERT_HEAD(w->queue, w, fed_link);
		}
		gevent_watcher_feed(w, revents);
	}
}

/* How many active ones count. */
int
gevent_watcher_count(const struct gevent_loop *loop)
{
	const struct gevent_watcher	*w;
	int				 kind, n = 0;

	for (kind = 0; kind < GEVENT_KINDS; kind++)
		TAILQ_FOREACH(w, &loop->active[kind], active_link)
			n += w->ref;
	return n;
}

/* Is anything as important waiting for its call? */
bool
gevent_watcher_is_fed(const struct gevent_loop *loop, int priority)
{
	int	 i;

	for (i = priority - GEVENT_MINPRI; i < GEVENT_PRIORITIES; i++) {
		if (!TAILQ_EMPTY(&loop->fed[i]))
			return true;
	}
	return false;
}

/* Forgets what it was started with. */
static void
gevent_watcher_stop(struct gevent_watcher *w)
{
	gevent_watcher_deactivate(w);
	gevent_watcher_unfeed(w);
	Py_CLEAR(w->callback);
	Py_CLEAR(w->args);
	if (w->owned) {
		w->owned = false;
		Py_DECREF(w);
	}
}

/* The same by its own stop(), since a class in Python may have more to do. */
static void
gevent_watcher_call_stop(struct gevent_watcher *w)
{
	PyObject	*done;

	if (w->kind != GEVENT_PLAIN) {
		gevent_watcher_stop(w);
		return;
	}
	if (w->loop->worker == NULL)
		return;
	done = PyObject_CallMethod((PyObject *)w, "stop", NULL);
	if (done == NULL)
		gevent_loop_error(w->loop, (PyObject *)w);
	Py_XDECREF(done);
}

/* Its arguments, with what has happened in the place of EVENTS. New. */
static PyObject *
gevent_watcher_args(const struct gevent_watcher *w, int revents)
{
	PyObject	*args, *number, *item;
	Py_ssize_t	 i;

	if (w->args == NULL)
		return PyTuple_New(0);
	if (PyTuple_GET_SIZE(w->args) == 0 ||
	    PyTuple_GET_ITEM(w->args, 0) != gevent_types_events()) {
		Py_INCREF(w->args);
		return w->args;
	}
	args = PyTuple_New(PyTuple_GET_SIZE(w->args));
	number = PyLong_FromLong(revents);
	if (args == NULL || number == NULL) {
		Py_XDECREF(args);
		Py_XDECREF(number);
		return NULL;
	}
	PyTuple_SET_ITEM(args, 0, number);
	for (i = 1; i < PyTuple_GET_SIZE(args); i++) {
		item = PyTuple_GET_ITEM(w->args, i);
		Py_INCREF(item);
		PyTuple_SET_ITEM(args, i, item);
	}
	return args;
}

/* Calls one that was fed. It may stop itself, and switch away, in it. */
static void
gevent_watcher_call(struct gevent_watcher *w, int revents)
{
	PyObject	*callback = w->callback, *args, *result = NULL;

	if (revents & GEVENT_EV_ERROR)
		gevent_watcher_deactivate(w);
	if (callback == NULL)
		return;
	Py_INCREF(w);
	Py_INCREF(callback);
	args = gevent_watcher_args(w, revents);
	if (args != NULL)
		result = PyObject_Call(callback, args, NULL);
	if (result == NULL) {
		gevent_loop_error(w->loop, (PyObject *)w);
		if (w->kind == GEVENT_IO)	/* it would fail again */
			gevent_watcher_call_stop(w);
	}
	Py_XDECREF(result);
	Py_XDECREF(args);
	if (!w->active && w->queue == NULL)
		gevent_watcher_call_stop(w);
	Py_DECREF(callback);
	Py_DECREF(w);
}

/* The next to call, or NULL. */
static struct gevent_watcher *
gevent_watcher_pop(struct gevent_loop *loop)
{
	struct gevent_watcher	*w;
	int			 i;

	for (i = GEVENT_PRIORITIES - 1; i >= 0; i--) {
		w = TAILQ_FIRST(&loop->fed[i]);
		if (w != NULL)
			return w;
	}
	return NULL;
}

/* Calls all that is fed. */
void
gevent_watcher_call_all(struct gevent_loop *loop)
{
	struct gevent_watcher	*w;
	int			 revents;

	while (loop->worker != NULL && gevent_loop_check(loop) &&
	    (w = gevent_watcher_pop(loop)) != NULL) {
		revents = w->revents;
		gevent_watcher_unfeed(w);
		gevent_watcher_call(w, revents);
	}
}

/* Takes all of the base's off it, and what is fed out of its queue. */
void
gevent_watcher_leave_all(struct gevent_loop *loop, bool drop)
{
	static const enum gevent_kind	 kinds[] = { GEVENT_IO, GEVENT_TIMER,
	    GEVENT_SIGNAL, GEVENT_PLAIN };
	struct gevent_watcher		*w;
	size_t				 i;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!drop && kinds[i] == GEVENT_PLAIN)
			continue;
		while ((w = TAILQ_FIRST(&loop->active[kinds[i]])) != NULL)
			gevent_watcher_deactivate(w);
	}
	gevent_watcher_take_ready(loop);
	while ((w = gevent_watcher_pop(loop)) != NULL)
		gevent_watcher_unfeed(w);
}

/* Stops everything: the loop will be no more. */
void
gevent_watcher_stop_all(struct gevent_loop *loop)
{
	struct gevent_watcher	*w;
	int			 kind;

	gevent_watcher_leave_all(loop, true);
	for (kind = 0; kind < GEVENT_KINDS; kind++) {
		while ((w = TAILQ_FIRST(&loop->active[kind])) != NULL)
			gevent_watcher_stop(w);
	}
}

/* May it be used? ValueError else. */
static bool
gevent_watcher_check(struct gevent_watcher *w)
{
	if (w->loop != NULL)
		return gevent_loop_check(w->loop);
	PyErr_SetString(PyExc_ValueError, "the watcher was not initialised");
	return false;
}

/* Gives it a callback and arguments; borrowed. False: TypeError. */
static bool
gevent_watcher_set(struct gevent_watcher *w, PyObject *callback,
    PyObject *args)
{
	if (!PyCallable_Check(callback)) {
		PyErr_Format(PyExc_TypeError, "Expected callable, not %R",
		    callback);
		return false;
	}
	Py_INCREF(callback);
	Py_XSETREF(w->callback, callback);
	Py_INCREF(args);
	Py_XSETREF(w->args, args);
	if (!w->owned) {
		w->owned = true;
		Py_INCREF(w);
	}
	return true;
}

/* Starts with callback and arguments; borrowed. New: None. */
PyObject *
gevent_watcher_start(struct gevent_watcher *w, PyObject *callback,
    PyObject *args)
{
	if (!gevent_watcher_check(w) ||
	    !gevent_watcher_set(w, callback, args))
		return NULL;
	if (w->active)
		Py_RETURN_NONE;
	gevent_watcher_activate(w);
	if (kind_rows[w->kind].start == NULL ||
	    kind_rows[w->kind].start(w) == 0)
		Py_RETURN_NONE;
	/* It has not started, so there is nothing to stop. */
	w->active = false;
	if (w->ref)
		w->loop->refs--;
	TAILQ_REMOVE(&w->loop->active[w->kind], w, active_link);
	gevent_watcher_stop(w);
	return NULL;
}

/* feed(revents, callback, *args). New. */
PyObject *
gevent_watcher_m_feed(PyObject *self, PyObject *args)
{
	struct gevent_watcher	*w = (struct gevent_watcher *)self;
	PyObject		*rest;
	long			 revents;
	bool			 done;

	if (PyTuple_GET_SIZE(args) < 2) {
		PyErr_SetString(PyExc_TypeError, "feed(revents, callback, "
		    "*args)");
		return NULL;
	}
	revents = PyLong_AsLong(PyTuple_GET_ITEM(args, 0));
	if ((revents == -1 && PyErr_Occurred()) || !gevent_watcher_check(w))
		return NULL;
	rest = PyTuple_GetSlice(args, 2, PyTuple_GET_SIZE(args));
	if (rest == NULL)
		return NULL;
	done = gevent_watcher_set(w, PyTuple_GET_ITEM(args, 1), rest);
	Py_DECREF(rest);
	if (!done)
		return NULL;
	gevent_watcher_feed(w, (int)revents);
	Py_RETURN_NONE;
}

/* stop(). New. */
PyObject *
gevent_watcher_m_stop(PyObject *self, PyObject *unused)
{
	struct gevent_watcher	*w = (struct gevent_watcher *)self;

	(void)unused;
	if (!gevent_watcher_check(w))
		return NULL;
	gevent_watcher_stop(w);
	Py_RETURN_NONE;
}

/* A loop that is no more has let go of everything. */
void
gevent_watcher_free(struct gevent_watcher *w)
{
	if (w->loop != NULL) {
		gevent_watcher_deactivate(w);
		gevent_watcher_unfeed(w);
	}
	Py_CLEAR(w->callback);
	Py_CLEAR(w->args);
	Py_CLEAR(w->loop);
}
