/* gevent's loop: what it is made of, and its part in forks. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include "plugins/gevent/gevent_loop.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/xmalloc.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_gil.h"
#include "worker/worker.h"

static PyTypeObject	*loop_type;	/* ours for the whole run */
static unsigned		 loop_forks;	/* that this process has been in */

#define LOOP(self)	((struct gevent_loop *)(self))

/* What a loop is made of. */
PyTypeObject *
gevent_loop_type(void)
{
	return loop_type;
}

/* What the clock says is the loop's time. */
void
gevent_loop_update(struct gevent_loop *loop)
{
	loop->now = (double)clock_mono_us() / 1e6;
}

/* Ends the poll, from any thread and from signal handlers. */
void
gevent_loop_wake(struct gevent_loop *loop)
{
	(void)!write(loop->wake[1], "", 1);
}

/* Somebody has ended the poll. Without the lock. */
static void
gevent_loop_wake_cb(evutil_socket_t fd, short events, void *arg)
{
	char	 buf[512];

	(void)events, (void)arg;
	while (read(fd, buf, sizeof(buf)) == (ssize_t)sizeof(buf))
		continue;
}

/*
 * A pipe of its own, in the place of the one before, if there is one: other
 * processes have that too. -1 with an exception.
 */
static int
gevent_loop_make_pipe(struct gevent_loop *loop)
{
	int	 fds[2], i;

	if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) == -1) {
		PyErr_SetFromErrno(PyExc_OSError);
		return -1;
	}
	if (loop->wake[0] != -1)
		event_del(&loop->wake_ev);
	for (i = 0; i < 2; i++) {
		if (loop->wake[i] == -1)
			loop->wake[i] = fds[i];
		else if (dup3(fds[i], loop->wake[i], O_CLOEXEC) != -1)
			close(fds[i]);
	}
	event_assign(&loop->wake_ev, loop->worker->base, loop->wake[0],
	    EV_READ | EV_PERSIST, gevent_loop_wake_cb, loop);
	event_add(&loop->wake_ev, NULL);
	return 0;
}

/* A base that is nobody's yet, in a worker that is nothing else; or NULL. */
static struct worker *
gevent_loop_make_base(void)
{
	struct event_config	*ec = event_config_new();
	struct worker		*w = xcalloc(1, sizeof(*w));

	if (ec != NULL) {
		event_config_set_flag(ec, EVENT_BASE_FLAG_NOLOCK |
		    EVENT_BASE_FLAG_PRECISE_TIMER);
		w->base = event_base_new_with_config(ec);
		event_config_free(ec);
	}
	if (w->base != NULL)
		return w;
	free(w);
	PyErr_SetString(PyExc_OSError, "cannot make an event base");
	return NULL;
}

/* Gives its base back, if it is its own. */
static void
gevent_loop_free_base(struct gevent_loop *loop)
{
	if (loop->is_own && loop->worker != NULL) {
		watch_done(loop->worker);
		event_base_free(loop->worker->base);
		free(loop->worker);
	}
	loop->worker = NULL;
}

/*
 * In an app's child: what the worker's base has is the parent's, so what was
 * begun there is not wanted here; the loop goes on with a base of its own.
 */
static int
gevent_loop_part(struct gevent_loop *loop)
{
	struct worker	*own = gevent_loop_make_base();

	if (own == NULL)
		return -1;
	gevent_watcher_leave_all(loop, true);
	gevent_callback_drop_all(loop);
	loop->refs = gevent_watcher_count(loop);
	py_turn_disarm(&loop->turn);
	/* make_pipe keeps the numbers: Python writes signals to wake[1]. */
	event_del(&loop->wake_ev);
	loop->worker = own;
	loop->is_own = true;
	py_turn_init(&loop->turn, own->base);
	return 0;
}

/* Those who watch for forks are called at the next turn's begin. */
static void
gevent_loop_feed_fork(struct gevent_loop *loop)
{
	gevent_watcher_feed_kind(loop, GEVENT_FORK, GEVENT_EV_FORK);
	loop->forked = true;
}

/*
 * In a forked child, before anything touches an event: the first event_del
 * would take what is the parent's off the epoll that both have.
 */
static int
gevent_loop_renew(struct gevent_loop *loop)
{
	loop->forks = loop_forks;
	/* Not all of the server's descriptors can be watched any more. */
	(void)event_reinit(loop->worker->base);
	if (!loop->is_own && py_worker()->forked &&
	    gevent_loop_part(loop) == -1)
		return -1;
	gevent_loop_feed_fork(loop);
	return gevent_loop_make_pipe(loop);
}

/* May it be used? */
bool
gevent_loop_check(struct gevent_loop *loop)
{
	if (loop->worker == NULL) {
		PyErr_SetString(PyExc_ValueError,
		    "operation on destroyed loop");
		return false;
	}
	return loop->forks == loop_forks || gevent_loop_renew(loop) == 0;
}

/* In every child. */
void
gevent_loop_note_fork(void)
{
	loop_forks++;
}

/* In a new worker: the base is renewed already. */
int
gevent_loop_fork(PyObject *self)
{
	LOOP(self)->forks = loop_forks;
	gevent_loop_feed_fork(LOOP(self));
	return gevent_loop_make_pipe(LOOP(self));
}

/* Out of the turn, if it is in one. */
void
gevent_loop_leave_turn(PyObject *self)
{
	if (LOOP(self)->is_turning)
		longjmp(LOOP(self)->away, 1);
}

/* Hands an exception over. */
void
gevent_loop_error(struct gevent_loop *loop, PyObject *context)
{
	PyObject	*type, *value, *tb, *done;

	PyErr_Fetch(&type, &value, &tb);
	if (type == NULL)
		return;
	PyErr_NormalizeException(&type, &value, &tb);
	if (tb != NULL)
		PyException_SetTraceback(value, tb);
	done = PyObject_CallMethod((PyObject *)loop, "handle_error", "OOOO",
	    context != NULL ? context : Py_None, type, value,
	    tb != NULL ? tb : Py_None);
	if (done == NULL)
		PyErr_WriteUnraisable((PyObject *)loop);
	Py_XDECREF(done);
	Py_DECREF(type);
	Py_XDECREF(value);
	Py_XDECREF(tb);
}

/*
 * loop(default): the server's base on the loop's thread, unless default is
 * false; else a base of its own. New.
 */
static PyObject *
gevent_loop_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
	static char		*names[] = { "default", NULL };
	struct gevent_loop	*loop;
	int			 is_default, i;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "p:loop", names,
	    &is_default))
		return NULL;
	loop = LOOP(type->tp_alloc(type, 0));
	if (loop == NULL)
		return NULL;
	for (i = 0; i < GEVENT_KINDS; i++)
		TAILQ_INIT(&loop->active[i]);
	for (i = 0; i < GEVENT_PRIORITIES; i++)
		TAILQ_INIT(&loop->fed[i]);
	TAILQ_INIT(&loop->ready);
	loop->wake[0] = loop->wake[1] = -1;
	loop->forks = loop_forks;
	loop->is_default = is_default != 0;
	loop->is_own = !is_default || !py_gil_is_loop_thread() ||
	    py_worker()->forked;
	loop->worker = loop->is_own ? gevent_loop_make_base() : py_worker();
	if (loop->worker == NULL || gevent_loop_make_pipe(loop) == -1) {
		Py_DECREF(loop);
		return NULL;
	}
	py_turn_init(&loop->turn, loop->worker->base);
	gevent_loop_update(loop);
	return (PyObject *)loop;
}

/* Gives everything back. */
static void
gevent_loop_destroy(struct gevent_loop *loop)
{
	if (loop->worker == NULL || !gevent_loop_check(loop))
		return;
	gevent_watcher_stop_all(loop);
	gevent_callback_drop_all(loop);
	py_turn_disarm(&loop->turn);
	if (loop->wake[0] != -1)
		event_del(&loop->wake_ev);
	fd_close(&loop->wake[0]);
	fd_close(&loop->wake[1]);
	gevent_loop_free_base(loop);
	free(loop->heap);
	loop->heap = NULL;
}

/* The end. Watchers hold references, so none is left. */
static void
gevent_loop_dealloc(PyObject *self)
{
	PyTypeObject	*type = Py_TYPE(self);
	PyObject	*error, *value, *tb;

	PyObject_GC_UnTrack(self);
	PyErr_Fetch(&error, &value, &tb);
	gevent_loop_destroy(LOOP(self));
	PyErr_Restore(error, value, tb);	/* or none: clears */
	Py_CLEAR(LOOP(self)->error_handler);
	type->tp_free(self);
	Py_DECREF(type);
}

/* For the collector. */
static int
gevent_loop_traverse(PyObject *self, visitproc visit, void *arg)
{
	Py_VISIT(Py_TYPE(self));
	Py_VISIT(LOOP(self)->error_handler);
	return 0;
}

/* For the collector. */
static int
gevent_loop_clear(PyObject *self)
{
	Py_CLEAR(LOOP(self)->error_handler);
	return 0;
}

/* destroy(). New. */
static PyObject *
gevent_loop_m_destroy(PyObject *self, PyObject *unused)
{
	(void)unused;
	if (LOOP(self)->is_turning) {
		PyErr_SetString(PyExc_RuntimeError, "the loop is running");
		return NULL;
	}
	gevent_loop_destroy(LOOP(self));
	if (PyErr_Occurred())
		return NULL;
	Py_RETURN_NONE;
}

/* run_callback(func, *args). New. */
static PyObject *
gevent_loop_run_callback(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	if (!gevent_loop_check(LOOP(self)))
		return NULL;
	return gevent_callback_queue(LOOP(self), args, n);
}

/* run_callback_threadsafe(func, *args): any thread. New. */
static PyObject *
gevent_loop_run_callback_threadsafe(PyObject *self, PyObject *const *args,
    Py_ssize_t n)
{
	PyObject	*cb = gevent_loop_run_callback(self, args, n);

	if (cb != NULL)
		gevent_loop_wake(LOOP(self));
	return cb;
}

/* ref(), unref(): one more, or less, for which run() goes on. New: None. */
static PyObject *
gevent_loop_ref(PyObject *self, PyObject *unused)
{
	(void)unused;
	if (!gevent_loop_check(LOOP(self)))
		return NULL;
	LOOP(self)->refs++;
	Py_RETURN_NONE;
}

static PyObject *
gevent_loop_unref(PyObject *self, PyObject *unused)
{
	(void)unused;
	if (!gevent_loop_check(LOOP(self)))
		return NULL;
	LOOP(self)->refs--;
	Py_RETURN_NONE;
}

/* break_(how=1): run() ends with this turn. New. */
static PyObject *
gevent_loop_break(PyObject *self, PyObject *args)
{
	(void)args;
	if (!gevent_loop_check(LOOP(self)))
		return NULL;
	LOOP(self)->broken = true;
	Py_RETURN_NONE;
}

/* now(): seconds of a clock that begins anywhere. New. */
static PyObject *
gevent_loop_now(PyObject *self, PyObject *unused)
{
	(void)unused;
	if (!gevent_loop_check(LOOP(self)))
		return NULL;
	return PyFloat_FromDouble(LOOP(self)->now);
}

/* update_now(). New. */
static PyObject *
gevent_loop_update_now(PyObject *self, PyObject *unused)
{
	(void)unused;
	if (!gevent_loop_check(LOOP(self)))
		return NULL;
	gevent_loop_update(LOOP(self));
	Py_RETURN_NONE;
}

/* reinit(): in a forked child. It does so by itself. New. */
static PyObject *
gevent_loop_reinit(PyObject *self, PyObject *unused)
{
	(void)unused;
	if (LOOP(self)->worker != NULL && !gevent_loop_check(LOOP(self)))
		return NULL;
	Py_RETURN_NONE;
}

/* closing_fd(fd): are there watchers, which are called now? New. */
static PyObject *
gevent_loop_closing_fd(PyObject *self, PyObject *fd)
{
	long	 number = PyLong_AsLong(fd);

	if ((number == -1 && PyErr_Occurred()) ||
	    !gevent_loop_check(LOOP(self)))
		return NULL;
	return PyBool_FromLong(gevent_io_closing(LOOP(self), (int)number));
}

/* clear_callbacks(): for the glue. New. */
static PyObject *
gevent_loop_clear_callbacks(PyObject *self, PyObject *unused)
{
	(void)unused;
	gevent_callback_drop_all(LOOP(self));
	Py_RETURN_NONE;
}

/* Its watchers' makers. */
#define LOOP_MAKE(name, kind)						\
static PyObject *							\
gevent_loop_make_##name(PyObject *self, PyObject *args, PyObject *kwargs) \
{									\
	return gevent_types_make(self, kind, args, kwargs);		\
}
LOOP_MAKE(io, GEVENT_IO)
LOOP_MAKE(timer, GEVENT_TIMER)
LOOP_MAKE(signal, GEVENT_SIGNAL)
LOOP_MAKE(idle, GEVENT_IDLE)
LOOP_MAKE(prepare, GEVENT_PREPARE)
LOOP_MAKE(check, GEVENT_CHECK)
LOOP_MAKE(fork, GEVENT_FORK)
LOOP_MAKE(async, GEVENT_ASYNC)

/* A number: how many count, how deep run() is, how many turns. New. */
static PyObject *
gevent_loop_get_number(PyObject *self, void *which)
{
	const struct gevent_loop	*loop = LOOP(self);
	long				 n = 0;
	int				 i;
	const struct gevent_watcher	*w;

	switch (*(const char *)which) {
	case 'a':
		return PyLong_FromLong(loop->refs);
	case 'd':
		return PyLong_FromLong(loop->depth);
	case 'i':
		return PyLong_FromUnsignedLong(loop->iteration);
	case 'w':
		return PyLong_FromLong(loop->wake[1]);
	case 'b':
		return PyLong_FromSize_t(loop->worker == NULL ? 0 :
		    (size_t)loop->worker->base);
	default:
		for (i = 0; i < GEVENT_PRIORITIES; i++)
			TAILQ_FOREACH(w, &loop->fed[i], fed_link)
				n++;
		return PyLong_FromLong(n);
	}
}

/* default: is it the thread's? New. */
static PyObject *
gevent_loop_get_default(PyObject *self, void *unused)
{
	(void)unused;
	return PyBool_FromLong(LOOP(self)->worker != NULL &&
	    LOOP(self)->is_default);
}

#define LOOP_KEYWORDS(f)	(PyCFunction)(void (*)(void))f, \
	METH_VARARGS | METH_KEYWORDS
#define LOOP_FAST(f)		(PyCFunction)(void (*)(void))f, METH_FASTCALL

static PyMethodDef	 loop_methods[] = {
	{ "run", LOOP_KEYWORDS(gevent_run), "run(nowait=False, once=False)" },
	{ "destroy", gevent_loop_m_destroy, METH_NOARGS, "destroy()" },
	{ "run_callback", LOOP_FAST(gevent_loop_run_callback),
	    "run_callback(func, *args)" },
	{ "run_callback_threadsafe",
	    LOOP_FAST(gevent_loop_run_callback_threadsafe),
	    "run_callback_threadsafe(func, *args)" },
	{ "ref", gevent_loop_ref, METH_NOARGS, "ref()" },
	{ "unref", gevent_loop_unref, METH_NOARGS, "unref()" },
	{ "break_", gevent_loop_break, METH_VARARGS, "break_(how=1)" },
	{ "now", gevent_loop_now, METH_NOARGS, "now()" },
	{ "update_now", gevent_loop_update_now, METH_NOARGS, "update_now()" },
	{ "update", gevent_loop_update_now, METH_NOARGS, "update_now()" },
	{ "reinit", gevent_loop_reinit, METH_NOARGS, "reinit()" },
	{ "closing_fd", gevent_loop_closing_fd, METH_O, "closing_fd(fd)" },
	{ "clear_callbacks", gevent_loop_clear_callbacks, METH_NOARGS, NULL },
	{ "io", LOOP_KEYWORDS(gevent_loop_make_io),
	    "io(fd, events, ref=True, priority=None)" },
	{ "timer", LOOP_KEYWORDS(gevent_loop_make_timer),
	    "timer(after, repeat=0.0, ref=True, priority=None)" },
	{ "signal", LOOP_KEYWORDS(gevent_loop_make_signal),
	    "signal(signum, ref=True, priority=None)" },
	{ "idle", LOOP_KEYWORDS(gevent_loop_make_idle),
	    "idle(ref=True, priority=None)" },
	{ "prepare", LOOP_KEYWORDS(gevent_loop_make_prepare),
	    "prepare(ref=True, priority=None)" },
	{ "check", LOOP_KEYWORDS(gevent_loop_make_check),
	    "check(ref=True, priority=None)" },
	{ "fork", LOOP_KEYWORDS(gevent_loop_make_fork),
	    "fork(ref=True, priority=None)" },
	{ "async_", LOOP_KEYWORDS(gevent_loop_make_async),
	    "async_(ref=True, priority=None)" },
	{ "async", LOOP_KEYWORDS(gevent_loop_make_async), "async_()" },
	{ NULL, NULL, 0, NULL }
};

static PyMemberDef	 loop_members[] = {
	{ "error_handler", T_OBJECT,
	    offsetof(struct gevent_loop, error_handler), 0, NULL },
	{ "starting_timer_may_update_loop_time", T_BOOL,
	    offsetof(struct gevent_loop, in_callbacks), READONLY, NULL },
	{ NULL, 0, 0, 0, NULL }
};

static PyGetSetDef	 loop_getset[] = {
	{ "default", gevent_loop_get_default, NULL, NULL, NULL },
	{ "activecnt", gevent_loop_get_number, NULL, NULL, "a" },
	{ "depth", gevent_loop_get_number, NULL, NULL, "d" },
	{ "iteration", gevent_loop_get_number, NULL, NULL, "i" },
	{ "pendingcnt", gevent_loop_get_number, NULL, NULL, "p" },
	{ "wake_fd", gevent_loop_get_number, NULL, NULL, "w" },
	{ "ptr", gevent_loop_get_number, NULL, NULL, "b" },
	{ NULL, NULL, NULL, NULL, NULL }
};

static PyType_Slot	 loop_slots[] = {
	{ Py_tp_doc, "gevent's loop on the server's event base." },
	{ Py_tp_new, gevent_loop_new },
	{ Py_tp_dealloc, gevent_loop_dealloc },
	{ Py_tp_traverse, gevent_loop_traverse },
	{ Py_tp_clear, gevent_loop_clear },
	{ Py_tp_methods, loop_methods },
	{ Py_tp_members, loop_members },
	{ Py_tp_getset, loop_getset },
	{ 0, NULL }
};

static PyType_Spec	 loop_spec = {
	.name = "_wsgimaster_gevent.base_loop",
	.basicsize = sizeof(struct gevent_loop),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC |
	    Py_TPFLAGS_BASETYPE,
	.slots = loop_slots,
};

/* Makes the type. */
int
gevent_loop_add_type(PyObject *module)
{
	loop_type = (PyTypeObject *)PyType_FromSpec(&loop_spec);
	if (loop_type == NULL)
		return -1;
	return PyModule_AddType(module, loop_type);
}
