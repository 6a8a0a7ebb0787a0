/* The selector type that asyncio waits with: the worker's own event base. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/asyncio/asyncio_selector.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/xmalloc.h"
#include "plugins/asyncio/asyncio_engine.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_running.h"
#include "plugins/python/py_turn.h"
#include "worker/worker.h"

/* As in the selectors module. */
#define SELECTOR_READ	0x1
#define SELECTOR_WRITE	0x2

/* A registered descriptor. Callbacks touch it without the lock. */
struct selector_watch {
	struct event			 read_ev;
	struct event			 write_ev;
	struct selector			*selector;
	PyObject			*key;		/* a reference */
	int				 fd;
	int				 events;	/* that are watched */
	int				 ready;		/* 0: not in the list */
	TAILQ_ENTRY(selector_watch)	 link;
};

TAILQ_HEAD(selector_watches, selector_watch);

struct selector {
	PyObject_HEAD
	struct event_base		*base;		/* NULL: closed */
	bool				 is_own;	/* not the worker's */
	bool				 is_turning;
	bool				 is_looking;	/* a guest's */
	void				(*wake)(void);	/* NULL: no guest */
	PyObject			*keys;		/* {fd: key} */
	struct selector_watch		**watches;	/* by fd */
	int				 nwatches;
	struct selector_watches		 ready;
	struct py_turn			 turn;
};

/* selectors.SelectorKey and selectors._SelectorMapping; for the whole run. */
static PyObject	*selector_key_type;
static PyObject	*selector_map_type;

/* A descriptor is ready: note it. Without the lock. */
static void
selector_ready_cb(evutil_socket_t fd, short events, void *arg)
{
	struct selector_watch	*watch = arg;

	(void)fd;
	if (watch->ready == 0)
		TAILQ_INSERT_TAIL(&watch->selector->ready, watch, link);
	if (events & EV_READ)
		watch->ready |= SELECTOR_READ;
	if (events & EV_WRITE)
		watch->ready |= SELECTOR_WRITE;
	if (watch->selector->wake != NULL)
		watch->selector->wake();
}

/* Selector(). New. */
static PyObject *
selector_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
	struct selector	*s;

	(void)args, (void)kwargs;
	s = (struct selector *)type->tp_alloc(type, 0);
	if (s == NULL)
		return NULL;
	TAILQ_INIT(&s->ready);
	s->is_own = !py_gil_is_loop_thread();
	s->base = s->is_own ? event_base_new() : py_worker()->base;
	s->keys = PyDict_New();
	if (s->base == NULL || s->keys == NULL) {
		if (s->base == NULL)
			PyErr_SetFromErrno(PyExc_OSError);
		Py_DECREF(s);
		return NULL;
	}
	py_turn_init(&s->turn, s->base);
	return (PyObject *)s;
}

/* Watches no more; a descriptor that is closed already does no harm. */
static void
selector_watch_free(struct selector_watch *watch)
{
	struct selector	*s = watch->selector;

	event_del(&watch->read_ev);
	event_del(&watch->write_ev);
	if (watch->ready != 0)
		TAILQ_REMOVE(&s->ready, watch, link);
	s->watches[watch->fd] = NULL;
	Py_XDECREF(watch->key);
	free(watch);
}

/* Gives everything back. */
static void
selector_clear(struct selector *s)
{
	int	 i;

	for (i = 0; i < s->nwatches; i++) {
		if (s->watches[i] != NULL)
			selector_watch_free(s->watches[i]);
	}
	free(s->watches);
	s->watches = NULL;
	s->nwatches = 0;
	if (s->base != NULL) {
		py_turn_disarm(&s->turn);
		if (s->is_own)
			event_base_free(s->base);
	}
	s->base = NULL;
}

/* The end. */
static void
selector_dealloc(PyObject *self)
{
	PyTypeObject	*type = Py_TYPE(self);

	PyObject_GC_UnTrack(self);
	selector_clear((struct selector *)self);
	Py_CLEAR(((struct selector *)self)->keys);
	type->tp_free(self);
	Py_DECREF(type);
}

/* For the collector. */
static int
selector_traverse(PyObject *self, visitproc visit, void *arg)
{
	struct selector	*s = (struct selector *)self;
	int		 i;

	Py_VISIT(Py_TYPE(self));
	Py_VISIT(s->keys);
	for (i = 0; i < s->nwatches; i++) {
		if (s->watches[i] != NULL)
			Py_VISIT(s->watches[i]->key);
	}
	return 0;
}

/* For the collector: close() breaks every cycle. */
static int
selector_tp_clear(PyObject *self)
{
	struct selector	*s = (struct selector *)self;

	selector_clear(s);
	Py_CLEAR(s->keys);
	return 0;
}

/* The worker's base belongs to the loop thread. */
static bool
selector_is_usable(const struct selector *s)
{
	if (s->base == NULL)
		PyErr_SetString(PyExc_RuntimeError, "the selector is closed");
	else if (!s->is_own && !py_gil_is_loop_thread())
		PyErr_SetString(PyExc_RuntimeError, "the server's event loop "
		    "belongs to the main thread");
	else
		return true;
	return false;
}

/* A file object's descriptor; -1 with ValueError. */
static int
selector_fileno(PyObject *file)
{
	int	 fd;

	fd = PyObject_AsFileDescriptor(file);
	if (fd == -1 && !PyErr_ExceptionMatches(PyExc_ValueError)) {
		PyErr_Clear();
		PyErr_Format(PyExc_ValueError, "Invalid file object: %R",
		    file);
	}
	return fd;
}

/* The same; one whose file is closed is found by its object. */
static int
selector_lookup(struct selector *s, PyObject *file)
{
	PyObject	*type, *value, *tb, *object;
	int		 fd, i;

	fd = selector_fileno(file);
	if (fd != -1)
		return fd;
	PyErr_Fetch(&type, &value, &tb);
	for (i = 0; i < s->nwatches; i++) {
		if (s->watches[i] == NULL)
			continue;
		object = PyTuple_GET_ITEM(s->watches[i]->key, 0);
		if (object == file) {
			fd = i;
			break;
		}
	}
	if (fd == -1) {
		PyErr_Restore(type, value, tb);
		return -1;
	}
	Py_XDECREF(type);
	Py_XDECREF(value);
	Py_XDECREF(tb);
	return fd;
}

/* _fileobj_lookup(fileobj), for the mapping that get_map() gives. New. */
static PyObject *
selector_fileobj_lookup(PyObject *self, PyObject *file)
{
	int	 fd = selector_lookup((struct selector *)self, file);

	return fd == -1 ? NULL : PyLong_FromLong(fd);
}

/* The watch of a registered file, NULL with an exception. */
static struct selector_watch *
selector_find(struct selector *s, PyObject *file)
{
	int	 fd;

	fd = selector_lookup(s, file);
	if (fd == -1)
		return NULL;
	if (fd < s->nwatches && s->watches[fd] != NULL)
		return s->watches[fd];
	PyErr_Format(PyExc_KeyError, "%R is not registered", file);
	return NULL;
}

/* Makes the base watch just these events; -1 with errno. */
static int
selector_watch_set(struct selector_watch *watch, int events)
{
	int	 added = events & ~watch->events;
	int	 removed = watch->events & ~events;

	if ((added & SELECTOR_READ) && event_add(&watch->read_ev, NULL) == -1)
		return -1;
	watch->events |= added & SELECTOR_READ;
	if ((added & SELECTOR_WRITE) && event_add(&watch->write_ev, NULL) == -1)
		return -1;
	if (removed & SELECTOR_READ)
		event_del(&watch->read_ev);
	if (removed & SELECTOR_WRITE)
		event_del(&watch->write_ev);
	watch->events = events;
	return 0;
}

/* A watch in its place, with nothing watched yet. */
static struct selector_watch *
selector_watch_new(struct selector *s, int fd)
{
	struct selector_watch	*watch = xcalloc(1, sizeof(*watch));
	int			 n;

	if (fd >= s->nwatches) {
		n = fd < 32 ? 64 : fd * 2;
		s->watches = xrealloc(s->watches,
		    (size_t)n * sizeof(*s->watches));
		memset(&s->watches[s->nwatches], 0,
		    (size_t)(n - s->nwatches) * sizeof(*s->watches));
		s->nwatches = n;
	}
	watch->selector = s;
	watch->fd = fd;
	event_assign(&watch->read_ev, s->base, fd, EV_READ | EV_PERSIST,
	    selector_ready_cb, watch);
	event_assign(&watch->write_ev, s->base, fd, EV_WRITE | EV_PERSIST,
	    selector_ready_cb, watch);
	s->watches[fd] = watch;
	return watch;
}

/* Parses (fileobj, events, data=None); false with an exception. */
static bool
selector_parse(const struct selector *s, PyObject *args, PyObject *kwargs,
    PyObject **file, int *events, PyObject **data)
{
	static char	*names[] = { "fileobj", "events", "data", NULL };

	*data = Py_None;
	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "Oi|O", names, file,
	    events, data) || !selector_is_usable(s))
		return false;
	if (*events != 0 &&
	    (*events & ~(SELECTOR_READ | SELECTOR_WRITE)) == 0)
		return true;
	PyErr_Format(PyExc_ValueError, "Invalid events: %d", *events);
	return false;
}

/* Gives a watch its key, which is returned new; NULL with an exception. */
static PyObject *
selector_set_key(struct selector_watch *watch, PyObject *file, int events,
    PyObject *data)
{
	PyObject	*fd, *key = NULL;

	fd = PyLong_FromLong(watch->fd);
	if (fd != NULL)
		key = PyObject_CallFunction(selector_key_type, "OOiO", file,
		    fd, events, data);
	if (key != NULL && PyDict_SetItem(watch->selector->keys, fd, key) ==
	    -1)
		Py_CLEAR(key);
	Py_XDECREF(fd);
	if (key != NULL) {
		Py_INCREF(key);
		Py_XSETREF(watch->key, key);
	}
	return key;
}

/* Forgets a watch. */
static void
selector_forget(struct selector_watch *watch)
{
	PyObject	*type, *value, *tb, *fd;

	PyErr_Fetch(&type, &value, &tb);
	fd = PyLong_FromLong(watch->fd);
	if (fd == NULL || PyDict_DelItem(watch->selector->keys, fd) == -1)
		PyErr_Clear();
	Py_XDECREF(fd);
	selector_watch_free(watch);
	PyErr_Restore(type, value, tb);
}

/* register(fileobj, events, data=None). New. */
static PyObject *
selector_register(PyObject *self, PyObject *args, PyObject *kwargs)
{
	struct selector		*s = (struct selector *)self;
	struct selector_watch	*watch;
	PyObject		*file, *data, *key;
	int			 events, fd;

	if (!selector_parse(s, args, kwargs, &file, &events, &data))
		return NULL;
	fd = selector_fileno(file);
	if (fd == -1)
		return NULL;
	if (fcntl(fd, F_GETFD) == -1) {	/* before there is room for it */
		PyErr_SetFromErrno(PyExc_OSError);
		return NULL;
	}
	if (fd < s->nwatches && s->watches[fd] != NULL) {
		PyErr_Format(PyExc_KeyError, "%R (FD %d) is already "
		    "registered", file, fd);
		return NULL;
	}
	watch = selector_watch_new(s, fd);
	key = selector_set_key(watch, file, events, data);
	if (key != NULL && selector_watch_set(watch, events) == -1) {
		PyErr_SetFromErrno(PyExc_OSError);
		Py_CLEAR(key);
	}
	if (key == NULL)
		selector_forget(watch);
	return key;
}

/* modify(fileobj, events, data=None). New. */
static PyObject *
selector_modify(PyObject *self, PyObject *args, PyObject *kwargs)
{
	struct selector		*s = (struct selector *)self;
	struct selector_watch	*watch;
	PyObject		*file, *data;
	int			 events;

	if (!selector_parse(s, args, kwargs, &file, &events, &data))
		return NULL;
	watch = selector_find(s, file);
	if (watch == NULL)
		return NULL;
	if (selector_watch_set(watch, events) == -1) {
		PyErr_SetFromErrno(PyExc_OSError);
		selector_forget(watch);
		return NULL;
	}
	return selector_set_key(watch, file, events, data);
}

/* unregister(fileobj). New. */
static PyObject *
selector_unregister(PyObject *self, PyObject *file)
{
	struct selector		*s = (struct selector *)self;
	struct selector_watch	*watch;
	PyObject		*key;

	if (!selector_is_usable(s))
		return NULL;
	watch = selector_find(s, file);
	if (watch == NULL)
		return NULL;
	key = watch->key;
	Py_INCREF(key);
	selector_forget(watch);
	return key;
}

/* get_key(fileobj). New. */
static PyObject *
selector_get_key(PyObject *self, PyObject *file)
{
	struct selector		*s = (struct selector *)self;
	struct selector_watch	*watch;

	if (s->base == NULL) {
		PyErr_SetString(PyExc_RuntimeError, "Selector is closed");
		return NULL;
	}
	watch = selector_find(s, file);
	if (watch == NULL)
		return NULL;
	Py_INCREF(watch->key);
	return watch->key;
}

/* get_map(): file objects to keys; None when it is closed. New. */
static PyObject *
selector_get_map(PyObject *self, PyObject *unused)
{
	(void)unused;
	if (((struct selector *)self)->base == NULL)
		Py_RETURN_NONE;
	return PyObject_CallOneArg(selector_map_type, self);
}

/* close(). New. */
static PyObject *
selector_close(PyObject *self, PyObject *unused)
{
	struct selector	*s = (struct selector *)self;

	(void)unused;
	if (s->base == NULL)
		Py_RETURN_NONE;
	if (!selector_is_usable(s))
		return NULL;
	if (s->is_turning) {
		PyErr_SetString(PyExc_RuntimeError, "the selector is in use");
		return NULL;
	}
	selector_clear(s);
	PyDict_Clear(s->keys);
	Py_RETURN_NONE;
}

/* What is ready as [(key, events)]. New. */
static PyObject *
selector_take_ready(struct selector *s)
{
	struct selector_watch	*watch;
	PyObject		*list, *pair;
	int			 events;

	list = PyList_New(0);
	while (list != NULL && (watch = TAILQ_FIRST(&s->ready)) != NULL) {
		TAILQ_REMOVE(&s->ready, watch, link);
		events = watch->ready & watch->events;
		watch->ready = 0;
		if (events == 0)
			continue;
		pair = Py_BuildValue("(Oi)", watch->key, events);
		if (pair == NULL || PyList_Append(list, pair) == -1)
			Py_CLEAR(list);
		Py_XDECREF(pair);
	}
	return list;
}

/* None means for ever, anything up to 0 do not wait. False: exception. */
static bool
selector_timeout(PyObject *arg, double *seconds)
{
	*seconds = -1;
	if (arg == NULL || arg == Py_None)
		return true;
	*seconds = PyFloat_AsDouble(arg);
	if (*seconds == -1 && PyErr_Occurred())
		return false;
	if (!(*seconds > 0))
		*seconds = 0;
	return true;
}

/*
 * Turns the base until there is something for whoever waits, at least once.
 * Meanwhile the hub runs nothing that is inside the loop, so that the loop is
 * hidden from all the cores at once. -1 with an exception.
 */
static int
selector_turn_until(struct selector *s)
{
	PyObject		*first;
	struct py_running	 saved;
	int			 result;

	first = asyncio_engine_first((PyObject *)s);
	s->is_turning = true;
	if (!s->is_own)
		py_running_hide(&saved);
	do
		result = py_turn_once(&s->turn);
	while (result != -1 && TAILQ_EMPTY(&s->ready) && !s->turn.is_late &&
	    !asyncio_engine_is_stopping() &&
	    asyncio_engine_is_idle((PyObject *)s, first));
	if (!s->is_own)
		py_running_restore(&saved);
	s->is_turning = false;
	Py_XDECREF(first);
	if (result == -1 && s->wake != NULL)	/* in one of its callbacks */
		PyErr_SetString(PyExc_RuntimeError, "the server's event loop "
		    "turns already");
	else if (result == -1)
		PyErr_SetString(PyExc_OSError, "the event base has failed");
	return result;
}

/* select(timeout=None). New. */
static PyObject *
selector_select(PyObject *self, PyObject *args, PyObject *kwargs)
{
	static char	*names[] = { "timeout", NULL };
	struct selector	*s = (struct selector *)self;
	PyObject	*limit = NULL;
	double		 seconds;
	int		 result;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:select", names,
	    &limit) || !selector_timeout(limit, &seconds) ||
	    !selector_is_usable(s))
		return NULL;
	if (s->is_looking)
		return selector_take_ready(s);
	if (!s->is_own && py_core_current() != NULL) {
		PyErr_SetString(PyExc_RuntimeError, "a request cannot turn "
		    "the server's event loop");
		return NULL;
	}
	if (!s->is_own && asyncio_engine_is_stopping())
		seconds = 0;
	py_turn_arm(&s->turn, seconds);
	result = selector_turn_until(s);
	if (seconds > 0)
		py_turn_disarm(&s->turn);
	if (result == -1)
		return NULL;
	if (!s->is_own && asyncio_engine_turned() == -1)
		return NULL;
	return selector_take_ready(s);
}

/* with: itself. New. */
static PyObject *
selector_enter(PyObject *self, PyObject *unused)
{
	(void)unused;
	Py_INCREF(self);
	return self;
}

/* with: close(). New. */
static PyObject *
selector_exit(PyObject *self, PyObject *args)
{
	(void)args;
	return selector_close(self, NULL);
}

/* _fd_to_key, for the mapping that get_map() gives. New. */
static PyObject *
selector_fd_to_key(PyObject *self, void *unused)
{
	PyObject	*keys = ((struct selector *)self)->keys;

	(void)unused;
	if (keys == NULL)
		Py_RETURN_NONE;
	Py_INCREF(keys);
	return keys;
}

#define SELECTOR_KEYWORDS(f)	(PyCFunction)(void (*)(void))f, \
	METH_VARARGS | METH_KEYWORDS

static PyMethodDef	 selector_methods[] = {
	{ "register", SELECTOR_KEYWORDS(selector_register),
	    "register(fileobj, events, data=None)" },
	{ "modify", SELECTOR_KEYWORDS(selector_modify),
	    "modify(fileobj, events, data=None)" },
	{ "unregister", selector_unregister, METH_O, "unregister(fileobj)" },
	{ "select", SELECTOR_KEYWORDS(selector_select),
	    "select(timeout=None): turns the base once" },
	{ "get_key", selector_get_key, METH_O, "get_key(fileobj)" },
	{ "get_map", selector_get_map, METH_NOARGS, "get_map()" },
	{ "close", selector_close, METH_NOARGS, "close()" },
	{ "_fileobj_lookup", selector_fileobj_lookup, METH_O, NULL },
	{ "__enter__", selector_enter, METH_NOARGS, NULL },
	{ "__exit__", selector_exit, METH_VARARGS, NULL },
	{ NULL, NULL, 0, NULL }
};

static PyGetSetDef	 selector_getset[] = {
	{ "_fd_to_key", selector_fd_to_key, NULL, NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL }
};

static PyType_Slot	 selector_slots[] = {
	{ Py_tp_doc, "A selector over the worker's event base." },
	{ Py_tp_new, selector_new },
	{ Py_tp_dealloc, selector_dealloc },
	{ Py_tp_traverse, selector_traverse },
	{ Py_tp_clear, selector_tp_clear },
	{ Py_tp_methods, selector_methods },
	{ Py_tp_getset, selector_getset },
	{ 0, NULL }
};

static PyType_Spec	 selector_spec = {
	.name = "wsgimaster.Selector",
	.basicsize = sizeof(struct selector),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC |
	    Py_TPFLAGS_BASETYPE,
	.slots = selector_slots,
};

/* Makes the type. New. */
PyObject *
asyncio_selector_type(void)
{
	PyObject	*module, *type = NULL;

	module = PyImport_ImportModule("selectors");
	if (module == NULL)
		return NULL;
	selector_key_type = PyObject_GetAttrString(module, "SelectorKey");
	selector_map_type = PyObject_GetAttrString(module,
	    "_SelectorMapping");
	if (selector_key_type != NULL && selector_map_type != NULL)
		type = PyType_FromSpec(&selector_spec);
	Py_DECREF(module);
	return type;
}

/* The watch of a descriptor, NULL when there is none. */
static struct selector_watch *
selector_by_fd(PyObject *selector, int fd)
{
	struct selector	*s = (struct selector *)selector;

	return fd >= 0 && fd < s->nwatches ? s->watches[fd] : NULL;
}

/* Stops watching a registered descriptor. */
int
asyncio_selector_suspend(PyObject *selector, int fd)
{
	struct selector_watch	*watch = selector_by_fd(selector, fd);

	if (watch == NULL)
		return 0;
	event_del(&watch->read_ev);
	event_del(&watch->write_ev);
	return 0;
}

/* Goes on with it. */
int
asyncio_selector_resume(PyObject *selector, int fd)
{
	struct selector_watch	*watch = selector_by_fd(selector, fd);
	int			 events;

	if (watch == NULL)
		return 0;
	events = watch->events;
	watch->events = 0;
	return selector_watch_set(watch, events);
}

/* It is a guest's. */
void
asyncio_selector_set_guest(PyObject *selector, void (*wake)(void))
{
	((struct selector *)selector)->wake = wake;
}

/* select() does not turn the base. */
void
asyncio_selector_set_looking(PyObject *selector, bool looking)
{
	((struct selector *)selector)->is_looking = looking;
}

/* Is it in select()? */
bool
asyncio_selector_is_turning(PyObject *selector)
{
	return ((struct selector *)selector)->is_turning;
}
