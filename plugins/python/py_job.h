/* Python in a job (worker/job.h): on its core's stack, in its own context. */
#ifndef WM_PLUGINS_PYTHON_PY_JOB_H
#define WM_PLUGINS_PYTHON_PY_JOB_H

#include <Python.h>

#include <stdbool.h>

struct core;

/*
 * In job->run, with or without the interpreter's lock: calls call(arg), which
 * gives a new reference or NULL with an exception. That is logged as one of
 * what ("the handler of signal 3"), and false is returned then.
 */
bool	 py_job_run(struct core *core, PyObject *(*call)(void *arg), void *arg,
	    const char *what);

#endif
