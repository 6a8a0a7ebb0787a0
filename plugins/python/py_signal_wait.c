/* uwsgi.signal_wait and signal_received. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_signal.h"

#include <event2/event.h>
#include <poll.h>
#include <stdlib.h>

#include "base/xmalloc.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_task.h"
#include "plugins/python/py_wait.h"
#include "shm/commons.h"
#include "shm/doorbell.h"
#include "shm/scoreboard.h"
#include "worker/background.h"
#include "worker/core.h"
#include "worker/suspend.h"
#include "worker/wait.h"
#include "worker/worker.h"

#define SIGNAL_KEPT	64	/* of a worker that blocks */
#define SIGNAL_ANY	(-1)
#define SIGNAL_NONE	(-1)

/* Of a core (the last: of whoever has none); loop's, or its own thread's. */
struct signal_place {
	int		 wants;		/* or SIGNAL_ANY */
	int		 got;		/* what has ended the wait */
	int		 received;	/* last, by whom: */
	uint64_t	 serial;
};

static struct signal_place	*signal_places;
static struct signal_place	 signal_alone = {
	SIGNAL_ANY, SIGNAL_NONE, SIGNAL_NONE, 0
};
/* A worker whose loop cannot run jobs: it waits here. */
static int			 signal_blocking;	/* nested so deep */
static unsigned char		 signal_kept[SIGNAL_KEPT];
static int			 signal_nkept;

/* A core's; NULL: of whoever has none. */
static struct signal_place *
signal_place(const struct core *core)
{
	int	 i, n;

	if (core == NULL)
		return &signal_alone;
	if (signal_places == NULL) {
		n = core->worker->ncores + 1;
		signal_places = xcalloc((size_t)n, sizeof(*signal_places));
		for (i = 0; i < n; i++)
			signal_places[i].got = signal_places[i].received =
			    SIGNAL_NONE;
	}
	return &signal_places[core->id];
}

/* It runs here. */
void
py_signal_note(const struct core *core, int number)
{
	struct signal_place	*place = signal_place(core);

	place->received = number;
	place->serial = core == NULL ? 0 : core->req.serial;
}

/* Shall it be run by who blocks? */
bool
py_signal_keep(int number)
{
	if (signal_blocking == 0 || signal_nkept == SIGNAL_KEPT)
		return false;
	signal_kept[signal_nkept++] = (unsigned char)number;
	return true;
}

/* What a core in signal_wait() waits for. A worker that leaves gets none. */
static bool
signal_has_come(struct core *core)
{
	return signal_place(core)->got != SIGNAL_NONE ||
	    core->worker->draining;
}

/* As uWSGI has it when a worker is told to leave. Gives -1. */
static int
signal_leaves(void)
{
	PyErr_SetString(PyExc_SystemError, "error waiting for signal: this "
	    "worker leaves");
	return -1;
}

/* It ends this wait, if it was waited for. */
static void
signal_end(struct signal_place *place, int number)
{
	if (place->wants == SIGNAL_ANY || place->wants == number)
		place->got = number;
}

/* It has run: who waits for it goes on. */
void
py_signal_arrived(struct worker *w, int number)
{
	struct core	*core;
	int		 i;

	signal_end(&signal_alone, number);
	for (i = 0; w->cores != NULL && i <= w->ncores; i++) {
		core = &w->cores[i];
		if (core->state != CORE_WAITING ||
		    core->until != signal_has_come)
			continue;
		signal_end(signal_place(core), number);
		if (signal_has_come(core))
			core_wake(core, WAIT_READY);
	}
}

/* Runs those that were kept. */
static void
signal_run_kept(struct worker *w, struct signal_place *place)
{
	int	 number, i;

	while (signal_nkept > 0) {
		number = signal_kept[0];
		signal_nkept--;
		for (i = 0; i < signal_nkept; i++)
			signal_kept[i] = signal_kept[i + 1];
		py_signal_run_here(w, number);
		signal_end(place, number);
		py_signal_arrived(w, number);
	}
}

/*
 * A worker blocks: it reads what the master says, as long as there is one; -1
 * with an exception.
 */
static int
signal_block(struct worker *w, struct core *core, struct signal_place *place)
{
	struct pollfd		 pfd = { .fd = w->control, .events = POLLIN };
	enum wait_reason	 reason = WAIT_READY;
	int			 result = 0;

	if (w->draining)
		return signal_leaves();
	signal_blocking++;
	while (result == 0 && place->got == SIGNAL_NONE) {
		if (core != NULL)
			reason = wait_fd(core, w->control, WAIT_READ, 1);
		else
			result = py_wait_block(&pfd, 1, 1) == -1 ? -1 : 0;
		if (reason != WAIT_READY && reason != WAIT_TIMEOUT) {
			py_wait_raise(reason);
			result = -1;
		}
		if (PyErr_Occurred())
			result = -1;
		if (result == 0) {
			worker_control_read(w);
			signal_run_kept(w, place);
		}
		if (result == 0 && w->draining && place->got == SIGNAL_NONE)
			result = signal_leaves();
	}
	signal_blocking--;
	return result;
}

/* A core is parked; -1 with an exception. */
static int
signal_park(struct core *core, const struct signal_place *place)
{
	enum wait_reason	 reason;

	if (!py_core_may_wait(core))
		return -1;
	reason = wait_until(core, signal_has_come, -1, SB_CORE_SLEEP);
	if (PyErr_Occurred() || reason != WAIT_READY) {
		py_wait_raise(reason);
		return -1;
	}
	return place->got == SIGNAL_NONE ? signal_leaves() : 0;
}

/* A mule or spooler; -1 with an exception. */
static int
signal_background(struct worker *w)
{
	struct pollfd	 pfd[2] = {
		{ .fd = doorbell_fd(w->commons->doorbells, w->seat),
		    .events = POLLIN },
		{ .fd = background_wake_fd(), .events = POLLIN },
	};

	while (signal_alone.got == SIGNAL_NONE) {
		if (py_signal_work(w) > 0)
			continue;
		if (background_is_leaving()) {
			PyErr_SetString(PyExc_SystemExit, "it is to leave");
			return -1;
		}
		if (py_wait_block(pfd, 2, 1) == -1)
			return -1;
		doorbell_answer(w->commons->doorbells, w->seat);
	}
	return 0;
}

/* Waits in the way that is possible here. */
static int
signal_wait(struct worker *w, struct core *core, struct signal_place *place)
{
	int	 result;

	if (w->kind != PROCESS_WORKER)
		return signal_background(w);
	sb_add_shared(&w->stats->signal_waits, 1);
	if (core != NULL && w->suspend->can_park)
		result = signal_park(core, place);
	else
		result = signal_block(w, core, place);
	sb_add_shared(&w->stats->signal_waits, (uint32_t)-1);
	return result;
}

/* Can it be waited for here? RuntimeError else. */
static bool
signal_may_wait(const struct worker *w, const struct core *core)
{
	if (w->forked || (w->kind == PROCESS_WORKER && w->id == 0))
		PyErr_SetString(PyExc_RuntimeError, "signal_wait(): signals "
		    "are sent to workers and mules only");
	else if (core != NULL && core->job != NULL)
		PyErr_SetString(PyExc_RuntimeError, "signal_wait(): the "
		    "handlers of other signals run when this one is over");
	else if (core == NULL && !py_gil_is_loop_thread())
		PyErr_SetString(PyExc_RuntimeError, "signal_wait() works "
		    "only in a request, the post_fork_hook or a mule, and "
		    "this is another thread");
	else if (core == NULL && w->kind == PROCESS_WORKER &&
	    sb_get(&w->stats->state) == SB_SLOT_READY)
		PyErr_SetString(PyExc_RuntimeError, "signal_wait() cannot "
		    "wait in a coroutine or a callback of the event loop: "
		    "use await");
	else
		return true;
	return false;
}

/* signal_wait([number]): until it, or any, has come. New: b"". */
static PyObject *
py_signal_wait(PyObject *self, PyObject *args)
{
	struct worker		*w = py_worker();
	struct core		*core = py_core_current();
	struct signal_place	*place;
	long			 n = SIGNAL_ANY;
	int			 result;

	(void)self;
	if (!PyArg_ParseTuple(args, "|l:signal_wait", &n) ||
	    (n != SIGNAL_ANY && py_signal_number(n) == -1) ||
	    !signal_may_wait(w, core))
		return NULL;
	place = signal_place(core);
	place->wants = (int)n;
	place->got = SIGNAL_NONE;
	result = signal_wait(w, core, place);
	if (place->got != SIGNAL_NONE)
		py_signal_note(core, place->got);
	place->wants = place->got = SIGNAL_NONE;
	return result == -1 ? NULL : PyBytes_FromStringAndSize("", 0);
}

/* signal_received(): the last that this request, or process, had. New. */
static PyObject *
py_signal_received(PyObject *self, PyObject *unused)
{
	const struct core		*core = py_core_current();
	const struct signal_place	*place = signal_place(core);

	(void)self, (void)unused;
	if (core != NULL && place->serial != core->req.serial)
		return PyLong_FromLong(SIGNAL_NONE);
	return PyLong_FromLong(place->received);
}

const PyMethodDef	 py_signal_wait_methods[] = {
	{ "signal_wait", py_signal_wait, METH_VARARGS,
	    "signal_wait(number=-1): until that signal, or any, has come "
	    "here" },
	{ "signal_received", py_signal_received, METH_NOARGS,
	    "signal_received(): the number of the last one, or -1" },
	{ NULL, NULL, 0, NULL }
};
