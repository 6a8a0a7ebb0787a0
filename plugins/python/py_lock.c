/* lock(), unlock() and is_locked(): locks between all processes. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_lock.h"

#include <math.h>

#include "base/clock.h"
#include "base/log.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_doorbell.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_task.h"
#include "plugins/python/py_wait.h"
#include "shm/commons.h"
#include "shm/lock.h"
#include "worker/core.h"
#include "worker/doorbell_watch.h"
#include "worker/worker.h"

#define PY_LOCK_WARN_US		1000000	/* between two warnings */

/* One that a thread waits for, a moment at a time. */
struct py_lock_moment {
	struct locks_wait	*wait;
	double			 seconds;
};

/* Who calls: the request, also by a task of it, or a thread. */
struct locks_who
py_lock_who(void)
{
	struct locks_who	 who = { .core = py_core_current(),
	    .thread = pthread_self() };

	if (who.core == NULL)
		who.core = py_task_core();
	return who;
}

/* A core waits: py_lock_take's result, the wait still to be ended. */
static int
py_lock_wait_core(struct core *core, struct locks_wait *wait, double seconds)
{
	enum wait_reason	 reason;

	if (!py_core_may_wait(core))
		return -1;
	reason = locks_wait(core, wait, seconds);
	if (!PyErr_Occurred() && reason == WAIT_READY)
		return 1;
	if (!PyErr_Occurred() && reason == WAIT_TIMEOUT)
		return locks_has(core->worker, wait);
	(void)py_wait_raise(reason);
	return -1;
}

/* Blocks for a moment, without the interpreter's lock; 1: it has it. */
static int
py_lock_moment(void *arg)
{
	struct py_lock_moment	*moment = arg;

	return locks_wait_thread(py_worker(), moment->wait, moment->seconds);
}

/* The same; -1 with a Python exception. */
static int
py_lock_block(struct locks_wait *wait, double seconds)
{
	struct py_lock_moment	 moment = { .wait = wait,
	    .seconds = seconds };
	struct worker		*w = py_worker();

	/* The main thread of a process without a loop has the bell. */
	if (py_gil_is_loop_thread() && !w->doorbell.is_watched &&
	    w->seat != -1 && !w->forked) {
		if (py_doorbell_wait(seconds) == -1)
			return -1;
		return locks_has(w, wait);
	}
	if (py_gil_without(py_lock_moment, &moment) == 1)
		return 1;
	return PyErr_CheckSignals();
}

/* A thread waits: py_lock_take's result, the wait still to be ended. */
static int
py_lock_wait_thread(struct locks_wait *wait, double seconds)
{
	uint64_t	 start = clock_mono_us();
	double		 left;
	int		 result = 0;

	while (result == 0) {
		left = clock_left(seconds, start);
		if (left == 0)
			return locks_has(py_worker(), wait);
		result = py_lock_block(wait, left < 0 || left > DOORBELL_LOOK ?
		    DOORBELL_LOOK : left);
	}
	return result;
}

/* Takes it. */
int
py_lock_take(struct lock *l, bool is_reader, double seconds, const char *name)
{
	struct locks_who	 who = py_lock_who();
	struct locks_wait	*wait;
	enum locks_result	 asked;
	int			 result = 0;

	asked = locks_ask(py_worker(), l, &who, is_reader, &wait);
	if (asked == LOCKS_TAKEN)
		return 1;
	if (asked == LOCKS_OWN) {
		PyErr_Format(PyExc_RuntimeError, "%s(): who calls has \"%s\" "
		    "already, and would wait for himself", name, l->name);
		return -1;
	}
	if (seconds == 0)
		result = locks_has(py_worker(), wait);
	else if (py_core_current() != NULL)
		result = py_lock_wait_core(who.core, wait, seconds);
	else
		result = py_task_refuse(name) ? -1 :
		    py_lock_wait_thread(wait, seconds);
	locks_end(py_worker(), wait, result != 1);
	return result;
}

/* The lock of a number; NULL with ValueError. */
static struct lock *
py_lock_find(long number)
{
	struct locks	*locks = py_worker()->commons->locks;

	if (number >= 0 && number < locks->user)
		return &locks->items[number];
	PyErr_SetString(PyExc_ValueError, "Invalid lock number");
	return NULL;
}

/* lock(n=0, timeout=None). New. */
static PyObject *
py_lock_lock(PyObject *self, PyObject *args, PyObject *keywords)
{
	static char	*names[] = { "n", "timeout", NULL };
	PyObject	*limit = Py_None;
	double		 seconds = -1;
	struct lock	*l;
	int		 number = 0, taken;

	(void)self;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "|iO:lock", names,
	    &number, &limit))
		return NULL;
	if (limit != Py_None) {
		seconds = PyFloat_AsDouble(limit);
		if (seconds == -1 && PyErr_Occurred())
			return NULL;
		if (isnan(seconds) || seconds < 0) {
			PyErr_SetString(PyExc_ValueError, "lock: the timeout "
			    "must be 0 seconds or more");
			return NULL;
		}
	}
	l = py_lock_find(number);
	if (l == NULL)
		return NULL;
	taken = py_lock_take(l, false, seconds, "lock");
	if (taken == -1)
		return NULL;
	if (limit != Py_None)
		return PyBool_FromLong(taken);
	Py_RETURN_NONE;
}

/* Says that somebody unlocks what he has not, but not again and again. */
static void
py_lock_warn(const struct lock *l)
{
	static uint64_t	 last_us;
	uint64_t	 now = clock_mono_us();

	if (last_us != 0 && now - last_us < PY_LOCK_WARN_US)
		return;
	last_us = now;
	log_warn("unlock(): who calls has not locked \"%s\"; nothing is done",
	    l->name);
}

/* unlock(n=0). New. */
static PyObject *
py_lock_unlock(PyObject *self, PyObject *args)
{
	struct locks_who	 who;
	struct lock		*l;
	int			 number = 0;

	(void)self;
	if (!PyArg_ParseTuple(args, "|i:unlock", &number))
		return NULL;
	l = py_lock_find(number);
	if (l == NULL)
		return NULL;
	who = py_lock_who();
	if (!locks_give(py_worker(), l, &who))
		py_lock_warn(l);
	Py_RETURN_NONE;
}

/* is_locked(n=0). New. */
static PyObject *
py_lock_is_locked(PyObject *self, PyObject *args)
{
	struct lock	*l;
	int		 number = 0;

	(void)self;
	if (!PyArg_ParseTuple(args, "|i:is_locked", &number))
		return NULL;
	l = py_lock_find(number);
	return l == NULL ? NULL : PyBool_FromLong(lock_is_held(l));
}

const PyMethodDef	 py_lock_methods[] = {
	{ "lock", (PyCFunction)(void (*)(void))py_lock_lock,
	    METH_VARARGS | METH_KEYWORDS,
	    "lock(n=0, timeout=None): waits until this request, or thread, "
	    "has lock n;\nwith a timeout gives whether it has" },
	{ "unlock", py_lock_unlock, METH_VARARGS,
	    "unlock(n=0): gives lock n back" },
	{ "is_locked", py_lock_is_locked, METH_VARARGS,
	    "is_locked(n=0): has anybody lock n?" },
	{ NULL, NULL, 0, NULL }
};
