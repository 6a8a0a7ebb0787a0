/* Which core calls, and what the plugin keeps for each. */
#ifndef WM_PLUGINS_PYTHON_PY_CORE_H
#define WM_PLUGINS_PYTHON_PY_CORE_H

#include <Python.h>

#include <stdbool.h>

#include "base/strbuf.h"
#include "worker/core.h"

struct request;
struct worker;

/*
 * What the plugin keeps for one core, from one request to the next. The
 * objects are used again when the app has not kept them.
 */
struct py_core {
	PyObject	*start;		/* start_response, or NULL */
	PyObject	*input;		/* wsgi.input, or NULL */
	PyObject	*task;		/* py_task.c's, or NULL */
	PyObject	*context;	/* its contextvars context, or NULL */
	PyObject	*variables;	/* what was in it when it was made */
	PyObject	*env;		/* the request's environ, or NULL */
	bool		 begun;		/* start_response was called well */
	bool		 in_python;	/* a request's Python runs */
	struct strbuf	 errors;	/* wsgi.errors: a line's beginning */
};

/* The worker of this process (id 0: the spawner); set once, by start. */
struct worker *py_worker(void);
void	 py_worker_set(struct worker *w);

/* In the worker, with the lock. */
void	 py_cores_init(struct worker *w);
void	 py_cores_done(void);
/* One for each core, and a last one for whoever has none. Valid after init. */
struct py_cores {
	struct py_core	*list;
	int		 count;		/* of cores, with the jobs' */
};

extern const struct py_cores *const py_cores;

/* A core's; NULL stands for whoever has no core. */
static inline struct py_core *
py_core_of(const struct core *core)
{
	return core == NULL ? &py_cores->list[py_cores->count] :
	    core->runtime_data;
}

/*
 * The core whose request calls: on its own stack (or thread) or in a greenlet
 * that it started. NULL: another thread, the loop itself, or no worker. It may
 * be a job's (core->job, worker/job.h): one that can wait, but has no client,
 * no head and no response. py_async.h has what gives requests only.
 */
struct core *py_core_current(void);
/*
 * May whoever calls wait in the name of this core? If not: RuntimeError and
 * false, for another thread, another request, and a greenlet of a request of
 * which another greenlet waits already.
 */
bool	 py_core_may_wait(const struct core *core);
/* For py_core_settle: the core waits. */
void	 py_core_end_wait(struct core *core);

/*
 * Before the server itself goes on with a request: ends the wait that a
 * greenlet of the app's is in, so that this stack may wait again.
 */
static inline void
py_core_settle(struct core *core)
{
	if (core->state != CORE_RUNNING)
		py_core_end_wait(core);
}
/*
 * With the lock, which is given up meanwhile: may the caller, on whatever
 * thread, touch what is the loop's (worker/suspend.h)? If true, it may until
 * py_core_give_loop, and then must not run Python in between that could wait.
 */
bool	 py_core_take_loop(void);
void	 py_core_give_loop(void);

#endif
