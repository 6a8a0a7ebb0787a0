/* The types of gevent's watchers. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include "plugins/gevent/gevent_types.h"

#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "plugins/gevent/gevent_loop.h"

/* Ours for the whole run. */
static PyTypeObject	*types[GEVENT_KINDS];
static PyObject		*types_events;
static PyObject		*types_repr;	/* the glue's, found when needed */

/* gevent.core.EVENTS. */
PyObject *
gevent_types_events(void)
{
	return types_events;
}

/* What all kinds begin with: loop, ref, priority. -1 with an exception. */
static int
gevent_types_begin(PyObject *self, enum gevent_kind kind, PyObject *loop,
    int ref, PyObject *priority)
{
	struct gevent_watcher	*w = (struct gevent_watcher *)self;
	long			 number = 0;

	if (w->loop != NULL) {
		PyErr_SetString(PyExc_RuntimeError, "a watcher begins once");
		return -1;
	}
	if (priority != NULL && priority != Py_None)
		number = PyLong_AsLong(priority);
	if (number == -1 && PyErr_Occurred())
		return -1;
	w->priority = number < GEVENT_MINPRI ? GEVENT_MINPRI :
	    number > GEVENT_MAXPRI ? GEVENT_MAXPRI : (int)number;
	w->kind = kind;
	w->ref = ref != 0;
	Py_INCREF(loop);
	w->loop = (struct gevent_loop *)loop;
	return 0;
}

/* watcher(): there is none without a kind. */
static int
gevent_types_init_bare(PyObject *self, PyObject *args, PyObject *kwargs)
{
	(void)self, (void)args, (void)kwargs;
	PyErr_SetString(PyExc_ValueError, "Cannot construct a bare watcher");
	return -1;
}

/* io(loop, fd, events, ref=True, priority=None). */
static int
gevent_types_init_io(PyObject *self, PyObject *args, PyObject *kwargs)
{
	static char		*names[] = { "loop", "fd", "events", "ref",
	    "priority", NULL };
	struct gevent_io	*io = (struct gevent_io *)self;
	PyObject		*loop, *priority = NULL;
	int			 ref = 1;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!ii|pO", names,
	    gevent_loop_type(), &loop, &io->fd, &io->events, &ref, &priority))
		return -1;
	if (io->fd < 0)
		PyErr_Format(PyExc_ValueError, "fd must be non-negative: %d",
		    io->fd);
	else if (io->events & ~(GEVENT_EV_IOFDSET | GEVENT_EV_READ |
	    GEVENT_EV_WRITE))
		PyErr_Format(PyExc_ValueError, "illegal event mask: %d",
		    io->events);
	else
		return gevent_types_begin(self, GEVENT_IO, loop, ref,
		    priority);
	return -1;
}

/* timer(loop, after=0.0, repeat=0.0, ref=True, priority=None). */
static int
gevent_types_init_timer(PyObject *self, PyObject *args, PyObject *kwargs)
{
	static char		*names[] = { "loop", "after", "repeat", "ref",
	    "priority", NULL };
	struct gevent_timer	*timer = (struct gevent_timer *)self;
	PyObject		*loop, *priority = NULL;
	int			 ref = 1;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!|ddpO", names,
	    gevent_loop_type(), &loop, &timer->after, &timer->repeat, &ref,
	    &priority))
		return -1;
	if (isnan(timer->after) || isnan(timer->repeat)) {
		PyErr_SetString(PyExc_ValueError, "not a number of seconds");
		return -1;
	}
	if (timer->repeat < 0) {
		PyErr_SetString(PyExc_ValueError, "repeat must be positive or "
		    "zero");
		return -1;
	}
	return gevent_types_begin(self, GEVENT_TIMER, loop, ref, priority);
}

/* signal(loop, signalnum, ref=True, priority=None). */
static int
gevent_types_init_signal(PyObject *self, PyObject *args, PyObject *kwargs)
{
	static char		*names[] = { "loop", "signalnum", "ref",
	    "priority", NULL };
	struct gevent_signal	*s = (struct gevent_signal *)self;
	PyObject		*loop, *priority = NULL;
	int			 ref = 1, number;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!i|pO", names,
	    gevent_loop_type(), &loop, &number, &ref, &priority))
		return -1;
	if (number < 1 || number >= NSIG) {
		PyErr_Format(PyExc_ValueError, "illegal signal number: %d",
		    number);
		return -1;
	}
	if (gevent_types_begin(self, GEVENT_SIGNAL, loop, ref, priority) == -1)
		return -1;
	s->number = number;
	return 0;
}

/* The others: (loop, ref=True, priority=None). */
static int
gevent_types_init_plain(PyObject *self, enum gevent_kind kind, PyObject *args,
    PyObject *kwargs)
{
	static char	*names[] = { "loop", "ref", "priority", NULL };
	PyObject	*loop, *priority = NULL;
	int		 ref = 1;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!|pO", names,
	    gevent_loop_type(), &loop, &ref, &priority))
		return -1;
	return gevent_types_begin(self, kind, loop, ref, priority);
}

#define TYPES_INIT(name, kind)						\
static int								\
gevent_types_init_##name(PyObject *self, PyObject *args,		\
    PyObject *kwargs)							\
{									\
	return gevent_types_init_plain(self, kind, args, kwargs);	\
}
TYPES_INIT(idle, GEVENT_IDLE)
TYPES_INIT(prepare, GEVENT_PREPARE)
TYPES_INIT(check, GEVENT_CHECK)
TYPES_INIT(fork, GEVENT_FORK)
TYPES_INIT(async, GEVENT_ASYNC)
TYPES_INIT(python, GEVENT_PLAIN)

/* The end. */
static void
gevent_types_dealloc(PyObject *self)
{
	PyTypeObject	*type = Py_TYPE(self);

	PyObject_GC_UnTrack(self);
	gevent_watcher_free((struct gevent_watcher *)self);
	type->tp_free(self);
	Py_DECREF(type);
}

/* For the collector. */
static int
gevent_types_traverse(PyObject *self, visitproc visit, void *arg)
{
	struct gevent_watcher	*w = (struct gevent_watcher *)self;

	Py_VISIT(Py_TYPE(self));
	Py_VISIT(w->loop);
	Py_VISIT(w->callback);
	Py_VISIT(w->args);
	return 0;
}

/* For the collector; one that is active or fed owns itself. */
static int
gevent_types_clear(PyObject *self)
{
	struct gevent_watcher	*w = (struct gevent_watcher *)self;

	Py_CLEAR(w->callback);
	Py_CLEAR(w->args);
	return 0;
}

/* repr(), by the glue's watcher_repr(). New. */
static PyObject *
gevent_types_tp_repr(PyObject *self)
{
	PyObject	*module;

	if (types_repr == NULL) {
		module = PyImport_ImportModule("_wsgimaster_gevent");
		if (module != NULL)
			types_repr = PyObject_GetAttrString(module,
			    "watcher_repr");
		Py_XDECREF(module);
	}
	if (types_repr == NULL)
		return NULL;
	return PyObject_CallOneArg(types_repr, self);
}

/* start(callback, *args). New. */
static PyObject *
gevent_types_start(PyObject *self, PyObject *args)
{
	PyObject	*rest, *result;

	if (PyTuple_GET_SIZE(args) < 1) {
		PyErr_SetString(PyExc_TypeError, "start(callback, *args)");
		return NULL;
	}
	rest = PyTuple_GetSlice(args, 1, PyTuple_GET_SIZE(args));
	if (rest == NULL)
		return NULL;
	result = gevent_watcher_start((struct gevent_watcher *)self,
	    PyTuple_GET_ITEM(args, 0), rest);
	Py_DECREF(rest);
	return result;
}

/* The truth of the only keyword there may be; -1 with an exception. */
static int
gevent_types_keyword(PyObject *kwargs, const char *name, int value)
{
	PyObject	*given = NULL;

	if (kwargs == NULL || PyDict_GET_SIZE(kwargs) == 0)
		return value;
	given = PyDict_GetItemString(kwargs, name);
	if (given == NULL || PyDict_GET_SIZE(kwargs) > 1) {
		PyErr_Format(PyExc_TypeError, "the only keyword is %s", name);
		return -1;
	}
	return given == Py_None ? value : PyObject_IsTrue(given);
}

/* io.start(callback, *args, pass_events=False). New. */
static PyObject *
gevent_types_start_io(PyObject *self, PyObject *args, PyObject *kwargs)
{
	PyObject	*more, *result;
	Py_ssize_t	 n = PyTuple_GET_SIZE(args), i;
	int		 pass = gevent_types_keyword(kwargs, "pass_events", 0);

	if (pass == -1)
		return NULL;
	if (!pass || n < 1)
		return gevent_types_start(self, args);
	more = PyTuple_New(n + 1);
	if (more == NULL)
		return NULL;
	for (i = 0; i <= n; i++) {
		result = i == 1 ? types_events :
		    PyTuple_GET_ITEM(args, i > 1 ? i - 1 : i);
		Py_INCREF(result);
		PyTuple_SET_ITEM(more, i, result);
	}
	result = gevent_types_start(self, more);
	Py_DECREF(more);
	return result;
}

/*
 * timer.start(callback, *args, update=None). The loop's time is what the clock
 * says, unless it is asked not to be, since a request may begin long after the
 * turn did. New.
 */
static PyObject *
gevent_types_start_timer(PyObject *self, PyObject *args, PyObject *kwargs)
{
	struct gevent_watcher	*w = (struct gevent_watcher *)self;
	int			 update = gevent_types_keyword(kwargs,
	    "update", 1);

	if (update == -1)
		return NULL;
	if (w->loop != NULL && (update || w->loop->is_turning))
		gevent_loop_update(w->loop);
	return gevent_types_start(self, args);
}

/* timer.again(callback, *args, update=True). New. */
static PyObject *
gevent_types_again(PyObject *self, PyObject *args, PyObject *kwargs)
{
	struct gevent_timer	*timer = (struct gevent_timer *)self;
	double			 after = timer->after;
	PyObject		*result;

	if (timer->w.loop == NULL || !gevent_loop_check(timer->w.loop))
		return gevent_types_start(self, args);
	gevent_watcher_deactivate(&timer->w);
	if (timer->repeat > 0)
		timer->after = timer->repeat;
	result = gevent_types_start_timer(self, args, kwargs);
	timer->after = after;
	return result;
}

/* async_.send(). New. Any thread. */
static PyObject *
gevent_types_send(PyObject *self, PyObject *unused)
{
	struct gevent_async	*async = (struct gevent_async *)self;

	(void)unused;
	if (async->w.loop == NULL || async->w.loop->worker == NULL) {
		PyErr_SetString(PyExc_ValueError,
		    "operation on destroyed loop");
		return NULL;
	}
	async->sent = true;
	async->w.loop->sent = true;
	gevent_loop_wake(async->w.loop);
	Py_RETURN_NONE;
}

/* with: itself. New. */
static PyObject *
gevent_types_enter(PyObject *self, PyObject *unused)
{
	(void)unused;
	Py_INCREF(self);
	return self;
}

/* with: close(). New. */
static PyObject *
gevent_types_exit(PyObject *self, PyObject *args)
{
	(void)args;
	return PyObject_CallMethod(self, "close", NULL);
}

/* close(): stop(). New. */
static PyObject *
gevent_types_close(PyObject *self, PyObject *unused)
{
	(void)unused;
	return PyObject_CallMethod(self, "stop", NULL);
}

#define WATCHER(self)	((struct gevent_watcher *)(self))

/* loop, or None. New. */
static PyObject *
gevent_types_get_loop(PyObject *self, void *unused)
{
	PyObject	*loop = (PyObject *)WATCHER(self)->loop;

	(void)unused;
	if (loop == NULL)
		loop = Py_None;
	Py_INCREF(loop);
	return loop;
}

/* active. New. */
static PyObject *
gevent_types_get_active(PyObject *self, void *unused)
{
	(void)unused;
	return PyBool_FromLong(WATCHER(self)->active);
}

/* pending. New. */
static PyObject *
gevent_types_get_pending(PyObject *self, void *unused)
{
	(void)unused;
	if (WATCHER(self)->loop != NULL && WATCHER(self)->kind == GEVENT_ASYNC)
		return PyBool_FromLong(((struct gevent_async *)self)->sent);
	return PyBool_FromLong(WATCHER(self)->queue != NULL);
}

/* ref. New. */
static PyObject *
gevent_types_get_ref(PyObject *self, void *unused)
{
	(void)unused;
	return PyBool_FromLong(WATCHER(self)->ref);
}

/* ref = truth. */
static int
gevent_types_set_ref(PyObject *self, PyObject *value, void *unused)
{
	struct gevent_watcher	*w = WATCHER(self);
	int			 ref = value == NULL ? 0 :
	    PyObject_IsTrue(value);

	(void)unused;
	if (ref != -1 && w->loop == NULL)
		PyErr_SetString(PyExc_ValueError, "the watcher was not "
		    "initialised");
	if (ref == -1 || w->loop == NULL || !gevent_loop_check(w->loop))
		return -1;
	if (w->active)
		w->loop->refs += ref - w->ref;
	w->ref = ref;
	return 0;
}

/* priority. New. */
static PyObject *
gevent_types_get_priority(PyObject *self, void *unused)
{
	(void)unused;
	return PyLong_FromLong(WATCHER(self)->priority);
}

/* Is it active, so that this cannot be set? */
static bool
gevent_types_is_active(PyObject *self, PyObject *value)
{
	if (value != NULL && !WATCHER(self)->active &&
	    WATCHER(self)->queue == NULL)
		return false;
	PyErr_SetString(PyExc_AttributeError, "an active watcher's attribute "
	    "cannot be set");
	return true;
}

/* priority = number. */
static int
gevent_types_set_priority(PyObject *self, PyObject *value, void *unused)
{
	long	 number;

	(void)unused;
	if (gevent_types_is_active(self, value))
		return -1;
	number = PyLong_AsLong(value);
	if (number == -1 && PyErr_Occurred())
		return -1;
	WATCHER(self)->priority = number < GEVENT_MINPRI ? GEVENT_MINPRI :
	    number > GEVENT_MAXPRI ? GEVENT_MAXPRI : (int)number;
	return 0;
}

/* A value that may be NULL, which None stands for. New. */
static PyObject *
gevent_types_or_none(PyObject *value)
{
	if (value == NULL)
		value = Py_None;
	Py_INCREF(value);
	return value;
}

/* callback, or None. New. */
static PyObject *
gevent_types_get_callback(PyObject *self, void *unused)
{
	(void)unused;
	return gevent_types_or_none(WATCHER(self)->callback);
}

/* callback = callable or None. */
static int
gevent_types_set_callback(PyObject *self, PyObject *value, void *unused)
{
	(void)unused;
	if (value == Py_None)
		value = NULL;
	if (value != NULL && !PyCallable_Check(value)) {
		PyErr_Format(PyExc_TypeError, "Expected callable, not %R",
		    value);
		return -1;
	}
	Py_XINCREF(value);
	Py_XSETREF(WATCHER(self)->callback, value);
	return 0;
}

/* args, or None. New. */
static PyObject *
gevent_types_get_args(PyObject *self, void *unused)
{
	(void)unused;
	return gevent_types_or_none(WATCHER(self)->args);
}

/* args = tuple or None. */
static int
gevent_types_set_args(PyObject *self, PyObject *value, void *unused)
{
	(void)unused;
	if (value == Py_None)
		value = NULL;
	if (value != NULL && !PyTuple_Check(value)) {
		PyErr_SetString(PyExc_TypeError,
		    "args must be a tuple or None");
		return -1;
	}
	Py_XINCREF(value);
	Py_XSETREF(WATCHER(self)->args, value);
	return 0;
}

/* An io's number: fd or events. New. */
static PyObject *
gevent_types_get_io(PyObject *self, void *is_fd)
{
	struct gevent_io	*io = (struct gevent_io *)self;

	return PyLong_FromLong(is_fd != NULL ? io->fd : io->events);
}

/* fd or events = number; libev marks changed events, which some look at. */
static int
gevent_types_set_io(PyObject *self, PyObject *value, void *is_fd)
{
	struct gevent_io	*io = (struct gevent_io *)self;
	long			 number;

	if (gevent_types_is_active(self, value))
		return -1;
	number = PyLong_AsLong(value);
	if (number == -1 && PyErr_Occurred())
		return -1;
	if (is_fd != NULL)
		io->fd = (int)number;
	else
		io->events = (int)number | GEVENT_EV_IOFDSET;
	return 0;
}

/* timer.at: when it is due, or so long after the start. New. */
static PyObject *
gevent_types_get_at(PyObject *self, void *unused)
{
	struct gevent_timer	*timer = (struct gevent_timer *)self;

	(void)unused;
	return PyFloat_FromDouble(timer->w.active ? timer->due : timer->after);
}

#define TYPES_KEYWORDS(f)	(PyCFunction)(void (*)(void))f, \
	METH_VARARGS | METH_KEYWORDS

static PyMethodDef	 types_methods[] = {
	{ "start", gevent_types_start, METH_VARARGS, "start(callback, *args)" },
	{ "stop", gevent_watcher_m_stop, METH_NOARGS, "stop()" },
	{ "close", gevent_types_close, METH_NOARGS, "close(): stops" },
	{ "feed", gevent_watcher_m_feed, METH_VARARGS,
	    "feed(revents, callback, *args)" },
	{ "__enter__", gevent_types_enter, METH_NOARGS, NULL },
	{ "__exit__", gevent_types_exit, METH_VARARGS, NULL },
	{ NULL, NULL, 0, NULL }
};

static PyGetSetDef	 types_getset[] = {
	{ "loop", gevent_types_get_loop, NULL, NULL, NULL },
	{ "active", gevent_types_get_active, NULL, NULL, NULL },
	{ "pending", gevent_types_get_pending, NULL, NULL, NULL },
	{ "ref", gevent_types_get_ref, gevent_types_set_ref, NULL, NULL },
	{ "priority", gevent_types_get_priority, gevent_types_set_priority,
	    NULL, NULL },
	{ "callback", gevent_types_get_callback, gevent_types_set_callback,
	    NULL, NULL },
	{ "args", gevent_types_get_args, gevent_types_set_args, NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL }
};

static PyMethodDef	 types_io_methods[] = {
	{ "start", TYPES_KEYWORDS(gevent_types_start_io),
	    "start(callback, *args, pass_events=False)" },
	{ NULL, NULL, 0, NULL }
};

static PyGetSetDef	 types_io_getset[] = {
	{ "fd", gevent_types_get_io, gevent_types_set_io, NULL, "fd" },
	{ "events", gevent_types_get_io, gevent_types_set_io, NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL }
};

static PyMethodDef	 types_timer_methods[] = {
	{ "start", TYPES_KEYWORDS(gevent_types_start_timer),
	    "start(callback, *args, update=None)" },
	{ "again", TYPES_KEYWORDS(gevent_types_again),
	    "again(callback, *args, update=True)" },
	{ NULL, NULL, 0, NULL }
};

static PyGetSetDef	 types_timer_getset[] = {
	{ "at", gevent_types_get_at, NULL, NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL }
};

static PyMethodDef	 types_async_methods[] = {
	{ "send", gevent_types_send, METH_NOARGS, "send(): any thread" },
	{ "send_ignoring_arg", gevent_types_send, METH_O, "send()" },
	{ NULL, NULL, 0, NULL }
};

#define TYPES_MEMORY	{ Py_tp_dealloc, gevent_types_dealloc },	\
	{ Py_tp_traverse, gevent_types_traverse },			\
	{ Py_tp_clear, gevent_types_clear }

static PyType_Slot	 types_bare_slots[] = {
	{ Py_tp_doc, "What gevent waits for." },
	{ Py_tp_init, gevent_types_init_bare },
	TYPES_MEMORY,
	{ Py_tp_repr, gevent_types_tp_repr },
	{ Py_tp_methods, types_methods },
	{ Py_tp_getset, types_getset },
	{ 0, NULL }
};

static PyType_Slot	 types_io_slots[] = {
	{ Py_tp_init, gevent_types_init_io },
	TYPES_MEMORY,
	{ Py_tp_methods, types_io_methods },
	{ Py_tp_getset, types_io_getset },
	{ 0, NULL }
};

static PyType_Slot	 types_timer_slots[] = {
	{ Py_tp_init, gevent_types_init_timer },
	TYPES_MEMORY,
	{ Py_tp_methods, types_timer_methods },
	{ Py_tp_getset, types_timer_getset },
	{ 0, NULL }
};

static PyType_Slot	 types_async_slots[] = {
	{ Py_tp_init, gevent_types_init_async },
	TYPES_MEMORY,
	{ Py_tp_methods, types_async_methods },
	{ 0, NULL }
};

static PyType_Slot	 types_signal_slots[] = {
	{ Py_tp_init, gevent_types_init_signal },
	TYPES_MEMORY,
	{ 0, NULL }
};

static PyType_Slot	 types_idle_slots[] = {
	{ Py_tp_init, gevent_types_init_idle },
	TYPES_MEMORY,
	{ 0, NULL }
};

static PyType_Slot	 types_prepare_slots[] = {
	{ Py_tp_init, gevent_types_init_prepare },
	TYPES_MEMORY,
	{ 0, NULL }
};

static PyType_Slot	 types_check_slots[] = {
	{ Py_tp_init, gevent_types_init_check },
	TYPES_MEMORY,
	{ 0, NULL }
};

static PyType_Slot	 types_fork_slots[] = {
	{ Py_tp_init, gevent_types_init_fork },
	TYPES_MEMORY,
	{ 0, NULL }
};

static PyType_Slot	 types_python_slots[] = {
	{ Py_tp_init, gevent_types_init_python },
	TYPES_MEMORY,
	{ 0, NULL }
};

#define TYPES_SPEC(type, struct_name, type_slots) {			\
	.name = "_wsgimaster_gevent." type,				\
	.basicsize = sizeof(struct struct_name),			\
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC |		\
	    Py_TPFLAGS_BASETYPE,					\
	.slots = type_slots }

static PyType_Spec	 types_bare_spec = TYPES_SPEC("watcher",
    gevent_watcher, types_bare_slots);

static PyType_Spec	 types_specs[GEVENT_KINDS] = {
	[GEVENT_IO] = TYPES_SPEC("io", gevent_io, types_io_slots),
	[GEVENT_TIMER] = TYPES_SPEC("timer", gevent_timer,
	    types_timer_slots),
	[GEVENT_SIGNAL] = TYPES_SPEC("signal", gevent_signal,
	    types_signal_slots),
	[GEVENT_IDLE] = TYPES_SPEC("idle", gevent_watcher, types_idle_slots),
	[GEVENT_PREPARE] = TYPES_SPEC("prepare", gevent_watcher,
	    types_prepare_slots),
	[GEVENT_CHECK] = TYPES_SPEC("check", gevent_watcher,
	    types_check_slots),
	[GEVENT_FORK] = TYPES_SPEC("fork", gevent_watcher, types_fork_slots),
	[GEVENT_ASYNC] = TYPES_SPEC("async_", gevent_async,
	    types_async_slots),
	[GEVENT_PLAIN] = TYPES_SPEC("python_watcher", gevent_watcher,
	    types_python_slots),
};

/* Makes the types. EVENTS is in the module already. */
int
gevent_types_add(PyObject *module)
{
	PyObject	*bare, *bases;
	int		 i, result = 0;

	types_events = PyObject_GetAttrString(module, "EVENTS");
	bare = PyType_FromSpec(&types_bare_spec);
	if (types_events == NULL || bare == NULL)
		return -1;
	bases = PyTuple_Pack(1, bare);
	if (bases == NULL || PyModule_AddType(module, (PyTypeObject *)bare) ==
	    -1)
		result = -1;
	for (i = 0; result == 0 && i < GEVENT_KINDS; i++) {
		types[i] = (PyTypeObject *)PyType_FromSpecWithBases(
		    &types_specs[i], bases);
		result = types[i] == NULL ? -1 :
		    PyModule_AddType(module, types[i]);
	}
	Py_XDECREF(bases);
	Py_DECREF(bare);
	return result;
}

/* A method of the loop's: kind(loop, *args, **kwargs). */
PyObject *
gevent_types_make(PyObject *loop, enum gevent_kind kind, PyObject *args,
    PyObject *kwargs)
{
	PyObject	*all, *item, *watcher;
	Py_ssize_t	 i, n = PyTuple_GET_SIZE(args);

	all = PyTuple_New(n + 1);
	if (all == NULL)
		return NULL;
	Py_INCREF(loop);
	PyTuple_SET_ITEM(all, 0, loop);
	for (i = 0; i < n; i++) {
		item = PyTuple_GET_ITEM(args, i);
		Py_INCREF(item);
		PyTuple_SET_ITEM(all, i + 1, item);
	}
	watcher = PyObject_Call((PyObject *)types[kind], all, kwargs);
	Py_DECREF(all);
	return watcher;
}
