/* All stacks of a worker, for a witness. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_look.h"

#include "base/strbuf.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_stack.h"
#include "plugins/python/py_survey.h"
#include "shm/scoreboard.h"
#include "worker/core.h"
#include "worker/runtime.h"
#include "worker/worker.h"

#define LOOK_CORES	100	/* before others get the lock */

/* A look that goes on. */
struct py_look {
	struct worker			*worker;
	const struct runtime_look	*look;
	void				*arg;
	struct strbuf			 text;
};

/* One core, if it has a request. */
static bool
py_look_core(struct py_look *l, struct core *core,
    const struct py_survey *survey)
{
	strbuf_truncate(&l->text, 0);
	if (sb_get(&core->sb->state) == SB_CORE_IDLE)
		return true;
	py_stack_own(core, &l->text);
	strbuf_adds(&l->text, py_survey_text(survey, core));
	return l->look->core(l->arg, core, strbuf_str(&l->text));
}

/* All cores, who runs first, letting others have the lock now and then. */
static bool
py_look_cores(struct py_look *l)
{
	struct py_survey	*survey = py_survey_new(l->worker);
	struct core		*first = l->worker->running;
	bool			 goes_on = true;
	int			 i;

	if (first != NULL)
		goes_on = py_look_core(l, first, survey);
	for (i = 0; i <= l->worker->ncores && goes_on; i++) {
		if (i % LOOK_CORES == LOOK_CORES - 1) {
			l->look->leave(l->arg);
			py_gil_leave(true);
			(void)py_gil_enter();
			if (!l->look->enter(l->arg)) {
				py_survey_free(survey);
				return false;
			}
		}
		if (&l->worker->cores[i] != first)
			goes_on = py_look_core(l, &l->worker->cores[i],
			    survey);
	}
	py_survey_free(survey);
	return true;
}

/* The name of a thread, in UTF-8. New, or NULL: it has none. */
static PyObject *
py_look_thread_name(PyObject *ident)
{
	PyObject	*module, *threads = NULL, *thread, *name = NULL;
	PyObject	*bytes = NULL;

	module = PyDict_GetItemString(PyImport_GetModuleDict(), "threading");
	if (module != NULL)
		threads = PyObject_GetAttrString(module, "_active");
	if (threads != NULL && PyDict_Check(threads)) {
		thread = PyDict_GetItemWithError(threads, ident);
		if (thread != NULL)
			name = PyObject_GetAttrString(thread, "_name");
	}
	if (name != NULL && PyUnicode_Check(name))
		bytes = PyUnicode_AsEncodedString(name, "utf-8",
		    "backslashreplace");
	PyErr_Clear();
	Py_XDECREF(name);
	Py_XDECREF(threads);
	return bytes;
}

/* One thread. The loop's is the main one, whatever gevent thinks of it. */
static bool
py_look_thread(struct py_look *l, PyObject *ident, PyObject *frame)
{
	PyObject	*name = NULL;
	unsigned long	 number = PyLong_AsUnsignedLong(ident);
	bool		 is_loop = number == py_gil_loop_thread(), goes_on;

	strbuf_truncate(&l->text, 0);
	py_stack_frames(frame, &l->text);
	if (!is_loop)
		name = py_look_thread_name(ident);
	goes_on = l->look->thread(l->arg, is_loop ? "MainThread" :
	    name == NULL ? "?" : PyBytes_AS_STRING(name),
	    strbuf_str(&l->text));
	Py_XDECREF(name);
	return goes_on;
}

/* All threads that run Python, or the loop's only. */
static void
py_look_threads(struct py_look *l, bool all)
{
	PyObject	*function, *frames = NULL, *ident, *frame;
	Py_ssize_t	 at = 0;
	bool		 goes_on = true;

	function = PySys_GetObject("_current_frames");	/* borrowed */
	if (function != NULL)
		frames = PyObject_CallNoArgs(function);
	while (frames != NULL && goes_on &&
	    PyDict_Next(frames, &at, &ident, &frame)) {
		if (all || PyLong_AsUnsignedLong(ident) ==
		    py_gil_loop_thread())
			goes_on = py_look_thread(l, ident, frame);
	}
	PyErr_Clear();
	Py_XDECREF(frames);
}

/* What holds the loop. */
static void
py_look_holder(struct py_look *l)
{
	struct core		*core = l->worker->running;
	struct py_survey	*survey;

	if (core == NULL ||
	    sb_get(&core->sb->state) != SB_CORE_RUNNING) {
		py_look_threads(l, false);
		return;
	}
	survey = py_survey_new(l->worker);
	(void)py_look_core(l, core, survey);
	py_survey_free(survey);
}

/* Looks. */
void
py_look(struct worker *w, bool all, const struct runtime_look *look, void *arg)
{
	struct py_look	 l = { .worker = w, .look = look, .arg = arg,
	    .text = STRBUF_INIT };
	bool		 goes_on = true;

	(void)py_gil_enter();
	if (look->enter(arg)) {
		if (!all)
			py_look_holder(&l);
		else if ((goes_on = py_look_cores(&l)))
			py_look_threads(&l, true);
		if (goes_on)
			look->leave(arg);
	}
	py_gil_thread_end();
	strbuf_done(&l.text);
}
