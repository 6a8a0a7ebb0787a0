/* Which core calls, and what the plugin keeps for each. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_core.h"

#include "base/xmalloc.h"
#include "plugins/python/py_gil.h"
#include "worker/core.h"
#include "worker/suspend.h"
#include "worker/worker.h"

static struct worker	*py_the_worker;
static struct py_cores	 py_cores_table;
const struct py_cores	*const py_cores = &py_cores_table;

/* The worker of this process. */
struct worker *
py_worker(void)
{
	return py_the_worker;
}

/* Remembers the worker, for what Python calls. */
void
py_worker_set(struct worker *w)
{
	py_the_worker = w;
}

/* Makes room for each core's objects. */
void
py_cores_init(struct worker *w)
{
	int	 i;

	py_cores_table.count = w->ncores + 1;
	py_cores_table.list = xcalloc((size_t)py_cores_table.count + 1,
	    sizeof(*py_cores_table.list));
	for (i = 0; i < py_cores_table.count; i++)
		w->cores[i].runtime_data = &py_cores_table.list[i];
}

/*
 * Lets go of the cores' objects. The rest stays: a thread of the app's may
 * still write to wsgi.errors. With the lock.
 */
void
py_cores_done(void)
{
	struct py_core	*own = py_cores->list;
	int		 i;

	for (i = 0; i <= py_cores->count; i++, own++) {
		Py_CLEAR(own->start);
		Py_CLEAR(own->input);
		Py_CLEAR(own->task);
		Py_CLEAR(own->variables);
		Py_CLEAR(own->context);
	}
}

/* The calling request's core. With the lock. */
struct core *
py_core_current(void)
{
	struct worker	*w = py_the_worker;

	if (w == NULL || w->cores == NULL ||
	    (w->suspend->attach == NULL && !py_gil_is_loop_thread()))
		return NULL;
	if (w->suspend->current == NULL)
		return w->running;
	return w->suspend->current(w);
}

/* May the caller wait in this core's name? With the lock. */
bool
py_core_may_wait(const struct core *core)
{
	const struct core	*mine = py_core_current();

	if (mine == NULL && !py_gil_is_loop_thread())
		PyErr_SetString(PyExc_RuntimeError, "only the thread that "
		    "runs a request may read its body or write its response");
	else if (mine != core)
		PyErr_SetString(PyExc_RuntimeError, "this belongs to another "
		    "request");
	else if (core->state != CORE_RUNNING)
		PyErr_SetString(PyExc_RuntimeError, "another greenlet of this "
		    "request waits already");
	else
		return true;
	return false;
}

/* Ends a wait that the app's own greenlet is in. With the lock. */
void
py_core_end_wait(struct core *core)
{
	if (core->worker->suspend->settle != NULL)
		core->worker->suspend->settle(core);
}

/* Asks the suspend engine for the loop; 0 or -1. Without the lock. */
static int
py_core_attach(void *arg)
{
	struct worker	*w = arg;

	return w->suspend->attach(w) ? 0 : -1;
}

/* May what is the loop's be touched? */
bool
py_core_take_loop(void)
{
	struct worker	*w = py_the_worker;

	if (w == NULL || w->cores == NULL || w->forked)
		return false;
	if (py_gil_is_loop_thread())
		return true;
	if (w->suspend->attach == NULL)
		return false;
	return py_gil_without(py_core_attach, w) == 0;
}

/* The loop goes on. */
void
py_core_give_loop(void)
{
	if (!py_gil_is_loop_thread())
		py_the_worker->suspend->detach(py_the_worker);
}
