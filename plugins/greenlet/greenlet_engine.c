/*
 * The suspend engine on greenlets, by greenlet's public C API only.
 *
 * Each core has a seat with one greenlet, which is kept and used for one
 * request after the other:
 *
 *	while it is not let go:
 *		if it is assigned: core_main(), not assigned any more
 *		switch to the hub
 *
 * core_main() runs one request, and the next ones at once as long as nobody
 * else can switch into the greenlet (greenlet_keeps_stack). That is looked at
 * again when the hub begins a request, since at the end of one whoever
 * switched into it may still hold a reference. If the app has kept the
 * greenlet, then it is let go: its function returns, so that a late switch()
 * finds a dead greenlet, and the core gets a new one. Until then a switch into
 * an idle greenlet goes straight back to the hub.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <greenlet.h>

#include "plugins/greenlet/greenlet_hub.h"
#include "plugins/greenlet/greenlet_plugin.h"
#include "plugins/greenlet/greenlet_type.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "plugins/python/py_exception.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_harakiri.h"
#include "plugins/python/py_running.h"
#include "worker/core.h"
#include "worker/suspend.h"
#include "worker/worker.h"

#define GREENLET_SEAT	"wsgimaster.seat"

/*
 * A core's greenlet. On the heap, since what lies on the stack of a switched
 * away greenlet is not there; freed with the capsule that its function has.
 */
struct greenlet_seat {
	struct core	*core;
	PyGreenlet	*own;		/* the core's, a reference */
	PyGreenlet	*parked;	/* who is in park(), a reference */
	const PyGreenlet *entered;	/* by the hub; to be compared only */
	bool		 assigned;	/* a request runs, or shall run */
	bool		 begun;		/* it runs */
	bool		 leave;		/* let go */
	LIST_ENTRY(greenlet_seat) link;		/* of own's bucket */
};

LIST_HEAD(greenlet_seats, greenlet_seat);

/* The seats that have a greenlet, by its address; a power of two of lists. */
static struct greenlet_seats	*greenlet_buckets;
static size_t			 greenlet_nbuckets;

/* The stack that turns the loop; NULL before init. */
static PyGreenlet	*greenlet_hub;
/* What a core's greenlet is made of; NULL before init. */
static PyObject		*greenlet_type;
/*
 * References to a greenlet while it runs that are known not to be the app's:
 * the seat's, greenlet_enter's, and greenlet's own to the current one. Fewer
 * if this greenlet's version turns out to do without its own.
 */
static Py_ssize_t	 greenlet_held = 3;

/* Makes the lists, for the whole run; about one seat in each. */
static void
greenlet_buckets_init(int ncores)
{
	greenlet_nbuckets = 16;
	while (greenlet_nbuckets < (size_t)ncores)
		greenlet_nbuckets *= 2;
	greenlet_buckets = xcalloc(greenlet_nbuckets,
	    sizeof(*greenlet_buckets));
}

/* The list in which a greenlet's seat is, if it is one's. */
static struct greenlet_seats *
greenlet_bucket(const PyGreenlet *greenlet)
{
	uint64_t	 hash = (uint64_t)(uintptr_t)greenlet;

	hash = (hash >> 4) * UINT64_C(0x9e3779b97f4a7c15);
	return &greenlet_buckets[(hash >> 32) & (greenlet_nbuckets - 1)];
}

/* Frees a seat when its greenlet's function has returned. With the lock. */
static void
greenlet_seat_free(PyObject *capsule)
{
	free(PyCapsule_GetPointer(capsule, GREENLET_SEAT));
}

/* What a core's greenlet runs. Gives None, new. With the lock. */
static PyObject *
greenlet_run(PyObject *capsule, PyObject *unused)
{
	struct greenlet_seat	*seat;
	PyObject		*value;

	(void)unused;
	seat = PyCapsule_GetPointer(capsule, GREENLET_SEAT);
	if (seat == NULL)
		return NULL;
	while (!seat->leave) {
		if (seat->assigned) {
			seat->begun = true;
			if (Py_REFCNT(seat->own) < greenlet_held)
				greenlet_held = Py_REFCNT(seat->own);
			core_main(seat->core);
			seat->assigned = false;
		}
		value = PyGreenlet_Switch(greenlet_hub, NULL, NULL);
		if (value == NULL)	/* a late throw() */
			PyErr_Clear();
		Py_XDECREF(value);
	}
	Py_RETURN_NONE;
}

static PyMethodDef	 greenlet_run_def = {
	"wsgimaster_core", greenlet_run, METH_NOARGS, NULL
};

/* A seat with a greenlet that has not begun; memory is there or fatal. */
static struct greenlet_seat *
greenlet_seat_new(struct core *core)
{
	struct greenlet_seat	*seat;
	PyObject		*capsule, *function = NULL;

	seat = xcalloc(1, sizeof(*seat));
	seat->core = core;
	capsule = PyCapsule_New(seat, GREENLET_SEAT, greenlet_seat_free);
	if (capsule != NULL)
		function = PyCFunction_New(&greenlet_run_def, capsule);
	if (function != NULL)
		seat->own = (PyGreenlet *)PyObject_CallFunctionObjArgs(
		    greenlet_type, function, greenlet_hub, NULL);
	if (seat->own == NULL)
		fatalx("cannot make a greenlet");
	LIST_INSERT_HEAD(greenlet_bucket(seat->own), seat, link);
	Py_DECREF(capsule);
	Py_DECREF(function);
	return seat;
}

/*
 * From the hub into a greenlet, until somebody switches to the hub; thrown is
 * an exception to raise there (steals it), or NULL. An exception that arrives
 * is one of the app's own greenlets', whose parent is the hub. With the lock.
 */
static void
greenlet_enter(PyGreenlet *greenlet, PyObject *steal_thrown)
{
	PyObject	*value;

	Py_INCREF(greenlet);
	if (steal_thrown == NULL)
		value = PyGreenlet_Switch(greenlet, NULL, NULL);
	else
		value = PyGreenlet_Throw(greenlet,
		    (PyObject *)Py_TYPE(steal_thrown), steal_thrown, NULL);
	Py_XDECREF(steal_thrown);
	if (value == NULL)
		py_exception_log(NULL, "exception in a greenlet of the app's");
	Py_XDECREF(value);
	Py_DECREF(greenlet);
}

/*
 * Is nobody able to switch into a greenlet but us, who hold so many references
 * to it? With the lock.
 */
static bool
greenlet_seat_is_ours(const struct greenlet_seat *seat, Py_ssize_t held)
{
	PyGreenlet	*own = seat->own, *parent;

	if (Py_REFCNT(own) != held || own->weakreflist != NULL ||
	    (own->dict != NULL && PyDict_GET_SIZE(own->dict) != 0))
		return false;
	parent = PyGreenlet_GetParent(own);
	Py_XDECREF(parent);
	return parent == greenlet_hub && PyGreenlet_ACTIVE(own);
}

/* The core's own stack, behind a request: may the next run there, too? */
static bool
greenlet_keeps_stack(const struct core *core)
{
	const struct greenlet_seat	*seat = core->suspend_data;

	return seat->entered == seat->own &&
	    greenlet_seat_is_ours(seat, greenlet_held);
}

/* Lets an idle greenlet finish. The seat is gone then. With the lock. */
static void
greenlet_seat_let_go(struct greenlet_seat *seat)
{
	PyGreenlet	*own = seat->own;

	LIST_REMOVE(seat, link);
	seat->leave = true;
	seat->own = NULL;
	if (PyGreenlet_ACTIVE(own)) {
		if (PyGreenlet_SetParent(own, greenlet_hub) == -1)
			PyErr_Clear();
		greenlet_enter(own, NULL);
	}
	Py_DECREF(own);
}

/* Hub: a request begins. */
static void
greenlet_start(struct core *core)
{
	struct greenlet_seat	*seat = core->suspend_data;
	bool			 taken = py_gil_enter();

	if (seat != NULL && !greenlet_seat_is_ours(seat, 1)) {
		greenlet_seat_let_go(seat);
		seat = NULL;
	}
	if (seat == NULL)
		seat = greenlet_seat_new(core);
	core->suspend_data = seat;
	seat->assigned = true;
	seat->begun = false;
	seat->entered = seat->own;
	greenlet_enter(seat->own, NULL);
	if (!seat->begun)	/* the core would be lost */
		fatalx("core %d: cannot switch to its greenlet", core->id);
	py_gil_leave(taken);
}

/*
 * Back to the hub until resume. A switch by anybody else does not end the
 * wait; a throw() does: then the exception is set and the core's state is
 * still the waiting one. An exception that was set before stays set.
 */
static void
greenlet_park(struct core *core)
{
	struct greenlet_seat	*seat = core->suspend_data;
	PyGreenlet		*me = PyGreenlet_GetCurrent();
	PyObject		*type, *value, *tb, *result;
	struct py_running	 saved;

	PyErr_Fetch(&type, &value, &tb);
	seat->parked = me;
	py_running_park(&saved);
	do {
		result = PyGreenlet_Switch(greenlet_hub, NULL, NULL);
		Py_XDECREF(result);
	} while (result != NULL && core->state != CORE_RUNNING);
	py_running_unpark(&saved);
	seat->parked = NULL;
	Py_DECREF(me);
	if (result != NULL)
		PyErr_Restore(type, value, tb);
	else {
		Py_XDECREF(type);
		Py_XDECREF(value);
		Py_XDECREF(tb);
	}
}

/* Hub: goes on behind the park(), on the stack that called it. */
static void
greenlet_resume(struct core *core)
{
	struct greenlet_seat	*seat = core->suspend_data;
	bool			 taken = py_gil_enter();

	seat->entered = seat->parked;
	greenlet_enter(seat->parked, NULL);
	if (core->state == CORE_RUNNING && seat->parked != NULL)
		fatalx("core %d: cannot switch back to its greenlet",
		    core->id);
	py_gil_leave(taken);
}

/*
 * Hub: throws Harakiri into the core's own greenlet, which is not in a park():
 * its app has switched away from there.
 */
static void
greenlet_interrupt(struct core *core)
{
	struct greenlet_seat	*seat = core->suspend_data;
	bool			 taken = py_gil_enter();

	if (seat != NULL && seat->assigned && PyGreenlet_ACTIVE(seat->own)) {
		seat->entered = seat->own;
		greenlet_enter(seat->own, py_harakiri_new(core));
	}
	py_gil_leave(taken);
}

/* The core whose greenlet this is, NULL when it is none's. */
static struct core *
greenlet_find(struct worker *w, const PyGreenlet *greenlet)
{
	const struct greenlet_seat	*seat;

	if (w->running != NULL) {
		seat = w->running->suspend_data;
		if (seat != NULL && seat->own == greenlet && seat->assigned)
			return w->running;
	}
	LIST_FOREACH(seat, greenlet_bucket(greenlet), link)
		if (seat->own == greenlet)
			return seat->assigned ? seat->core : NULL;
	return NULL;
}

/* The core of the current greenlet, or of one that it was started by. */
static struct core *
greenlet_current(struct worker *w)
{
	PyGreenlet	*greenlet, *parent;
	struct core	*core = NULL;

	if (greenlet_hub == NULL)
		return NULL;
	greenlet = PyGreenlet_GetCurrent();
	while (greenlet != NULL && greenlet != greenlet_hub) {
		core = greenlet_find(w, greenlet);
		if (core != NULL)
			break;
		parent = PyGreenlet_GetParent(greenlet);
		Py_DECREF(greenlet);
		greenlet = parent;
	}
	Py_XDECREF(greenlet);
	return core;
}

/*
 * The core's own greenlet goes on while another one of the request waits in
 * its name: that one gets a GreenletExit, and comes back here when it ends.
 */
static void
greenlet_settle(struct core *core)
{
	struct greenlet_seat	*seat = core->suspend_data;
	PyObject		*type, *value, *tb, *result;
	PyGreenlet		*waiter;

	PyErr_Fetch(&type, &value, &tb);
	while (core->state != CORE_RUNNING && seat->parked != NULL) {
		waiter = seat->parked;
		Py_INCREF(waiter);
		if (PyGreenlet_SetParent(waiter, seat->own) == -1)
			PyErr_Clear();
		result = PyGreenlet_Throw(waiter, PyExc_GreenletExit, NULL,
		    NULL);
		if (result == NULL)
			py_exception_log(&core->req,
			    "exception in a greenlet of the app's");
		Py_XDECREF(result);
		Py_DECREF(waiter);
	}
	PyErr_Restore(type, value, tb);
}

/* The greenlets of a core's request. */
static void
greenlet_stacks(const struct core *core, struct suspend_stacks *stacks)
{
	const struct greenlet_seat	*seat = core->suspend_data;

	stacks->is_switched = true;
	if (seat == NULL || !seat->assigned)
		return;
	stacks->own = seat->own;
	stacks->parked = seat->parked;
}

/* Is the greenlet that Python finds one whose struct we know? */
static int
greenlet_check_version(char **cause)
{
	PyObject	*module, *version = NULL;
	const char	*text = NULL;
	int		 result = -1;

	module = PyImport_ImportModule("greenlet");
	if (module != NULL)
		version = PyObject_GetAttrString(module, "__version__");
	if (version != NULL)
		text = PyUnicode_AsUTF8(version);
	if (text == NULL)
		*cause = py_exception_cause("\"greenlet\": is it installed in "
		    "the app's environment?");
	else if (atoi(text) < 2)
		*cause = xasprintf("\"greenlet\": version 2 or newer is "
		    "needed, there is %s", text);
	else
		result = 0;
	Py_XDECREF(version);
	Py_XDECREF(module);
	return result;
}

/* Another stack than the one that calls init turns the loop. */
void
greenlet_hub_set(PyObject *hub)
{
	Py_INCREF(hub);
	Py_XSETREF(greenlet_hub, (PyGreenlet *)hub);
}

/* In the spawner: greenlet and the libraries it needs, once for all workers. */
static void
greenlet_prepare(void)
{
	bool		 taken = py_gil_enter();
	PyObject	*module = PyImport_ImportModule("greenlet");

	if (module == NULL)
		PyErr_Clear();	/* the app may still make it importable */
	Py_XDECREF(module);
	py_gil_leave(taken);
}

/* In the worker: this stack is the hub, unless there is one. */
static int
greenlet_init(struct worker *w, char **cause)
{
	bool	 taken = py_gil_enter();
	int	 result;

	greenlet_buckets_init(w->ncores);
	result = greenlet_check_version(cause);
	if (result == 0) {
		PyGreenlet_Import();
		if (_PyGreenlet_API != NULL && greenlet_hub == NULL)
			greenlet_hub = PyGreenlet_GetCurrent();
		if (greenlet_hub != NULL)
			greenlet_type = greenlet_type_new();
		if (greenlet_type == NULL) {
			*cause = py_exception_cause("\"greenlet\": its C API");
			result = -1;
		}
	}
	py_gil_leave(taken);
	return result;
}

/*
 * In the worker, at its end: idle greenlets finish, and come back to this
 * stack, whichever was the hub.
 */
static void
greenlet_done(struct worker *w)
{
	struct greenlet_seat	*seat;
	bool			 taken = py_gil_enter();
	int			 i;

	Py_SETREF(greenlet_hub, PyGreenlet_GetCurrent());
	for (i = 0; i <= w->ncores; i++) {
		seat = w->cores[i].suspend_data;
		if (seat == NULL || seat->assigned)
			continue;
		w->cores[i].suspend_data = NULL;
		greenlet_seat_let_go(seat);
	}
	py_gil_leave(taken);
}

static const struct suspend_engine	 greenlet_engine = {
	.name = "greenlet",
	.can_park = true,
	.prepare = greenlet_prepare,
	.init = greenlet_init,
	.start = greenlet_start,
	.keeps_stack = greenlet_keeps_stack,
	.park = greenlet_park,
	.resume = greenlet_resume,
	.done = greenlet_done,
	.current = greenlet_current,
	.settle = greenlet_settle,
	.interrupt = greenlet_interrupt,
	.stacks = greenlet_stacks,
};

const struct plugin			 greenlet_plugin = {
	.abi = PLUGIN_ABI,
	.name = "greenlet",
	.suspend = &greenlet_engine,
};
