/* What runs on behalf of requests beside their own stacks. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_survey.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "base/xmalloc.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_stack.h"
#include "plugins/python/py_task.h"
#include "shm/scoreboard.h"
#include "worker/core.h"
#include "worker/suspend.h"
#include "worker/worker.h"

#define SURVEY_TRIES	100	/* at a set that changes meanwhile */
#define SURVEY_DEPTH	64	/* coroutines, or greenlets' parents */
#define SURVEY_RECENT_US	1000000
#define SURVEY_RECENT_SIZE	1000000	/* more is not kept */

/* One core's. */
struct py_survey_item {
	struct strbuf	 text;
	uint64_t	 request;	/* when it had begun, then */
	unsigned	 count;
};

struct py_survey {
	struct worker		*worker;
	struct py_survey_item	*items;		/* one for each core */
	int			 nitems;
	PyObject		*owners;	/* greenlet's, thread's: core */
};

/* A module that was imported, borrowed; NULL if it was not. */
static PyObject *
survey_module(const char *name)
{
	return PyDict_GetItemString(PyImport_GetModuleDict(), name);
}

/* Notes to which core something belongs. */
static void
survey_own(struct py_survey *survey, PyObject *steal_key,
    const struct core *core)
{
	PyObject	*id = PyLong_FromLong(core->id);

	if (steal_key != NULL && id != NULL &&
	    PyDict_SetItem(survey->owners, steal_key, id) == -1)
		PyErr_Clear();
	Py_XDECREF(steal_key);
	Py_XDECREF(id);
}

/* The core to which something belongs, by a key; -1: none. */
static int
survey_owner(const struct py_survey *survey, PyObject *steal_key)
{
	PyObject	*id = NULL;

	if (steal_key != NULL)
		id = PyDict_GetItemWithError(survey->owners, steal_key);
	Py_XDECREF(steal_key);
	return id == NULL ? -1 : (int)PyLong_AsLong(id);
}

/* Notes whose the cores' greenlets and threads are. */
static void
survey_note_owners(struct py_survey *survey)
{
	struct worker		*w = survey->worker;
	struct suspend_stacks	 stacks;
	struct sb_core_view	 view;
	const struct core	*core;
	int			 i;

	for (i = 0; i < survey->nitems; i++) {
		core = &w->cores[i];
		sb_core_read(core->sb, &view);
		if (view.state == SB_CORE_IDLE)
			continue;
		survey->items[i].request = view.start_us;
		memset(&stacks, 0, sizeof(stacks));
		stacks.thread = py_gil_loop_thread();
		if (w->suspend->stacks != NULL)
			w->suspend->stacks(core, &stacks);
		if (stacks.own != NULL)
			survey_own(survey, PyLong_FromVoidPtr(stacks.own),
			    core);
		if (stacks.parked != NULL)
			survey_own(survey, PyLong_FromVoidPtr(stacks.parked),
			    core);
		if (!stacks.is_switched)
			survey_own(survey, PyLong_FromUnsignedLong(
			    stacks.thread), core);
	}
}

/* Where a stack of a core's is to be written to; NULL: nowhere. */
static struct strbuf *
survey_text(struct py_survey *survey, int core, const char *what)
{
	struct py_survey_item	*item;

	if (core < 0 || core >= survey->nitems)
		return NULL;
	item = &survey->items[core];
	if (++item->count > PY_SURVEY_MAX)
		return NULL;
	strbuf_addf(&item->text, "  in %s of the request:\n", what);
	return &item->text;
}

/* What a coroutine, or generator, is in; and for what it waits. */
static const struct {
	const char	*frame, *next;
} survey_kinds[] = {
	{ "cr_frame",	"cr_await" },
	{ "gi_frame",	"gi_yieldfrom" },
	{ "ag_frame",	"ag_await" },
};

/* One that is; NULL for None, and what is not there. New. */
static PyObject *
survey_get(PyObject *object, const char *attribute)
{
	PyObject	*value = PyObject_GetAttrString(object, attribute);

	if (value == NULL)
		PyErr_Clear();
	else if (value == Py_None)
		Py_CLEAR(value);
	return value;
}

/* The frame of one coroutine, and the next of them; all new, or NULL. */
static PyObject *
survey_step(PyObject *coroutine, PyObject **next)
{
	PyObject	*frame = NULL;
	size_t		 i;

	*next = NULL;
	for (i = 0; i < sizeof(survey_kinds) / sizeof(survey_kinds[0]); i++) {
		frame = survey_get(coroutine, survey_kinds[i].frame);
		if (frame == NULL)
			continue;
		*next = survey_get(coroutine, survey_kinds[i].next);
		break;
	}
	return frame;
}

/* Adds the stack of a coroutine that waits for another one, and so on. */
static void
survey_add_coroutine(PyObject *coroutine, struct strbuf *out)
{
	PyObject	*at = coroutine, *frame, *next;
	int		 i;

	Py_INCREF(at);
	for (i = 0; i < SURVEY_DEPTH && at != NULL; i++) {
		frame = survey_step(at, &next);
		py_stack_frame(frame, out);
		Py_XDECREF(frame);
		Py_DECREF(at);
		at = next;
	}
	Py_XDECREF(at);
}

/* The core of a task by its loop's thread; -1: none. */
static int
survey_task_thread(const struct py_survey *survey, PyObject *task)
{
	PyObject	*loop, *thread = NULL;

	loop = PyObject_CallMethod(task, "get_loop", NULL);
	if (loop == NULL)
		PyErr_Clear();
	else
		thread = survey_get(loop, "_thread_id");
	Py_XDECREF(loop);
	return thread == NULL ? -1 : survey_owner(survey, thread);
}

/* Adds one task. */
static void
survey_add_task(struct py_survey *survey, PyObject *task)
{
	struct strbuf	*out;
	PyObject	*coroutine, *frame = NULL, *next = NULL;
	int		 core = py_task_core_of(task);

	if (core == -1)
		core = survey_task_thread(survey, task);
	coroutine = PyObject_CallMethod(task, "get_coro", NULL);
	if (coroutine != NULL)
		frame = survey_step(coroutine, &next);
	if (frame != NULL &&
	    (out = survey_text(survey, core, "a task")) != NULL)
		survey_add_coroutine(coroutine, out);
	PyErr_Clear();
	Py_XDECREF(frame);
	Py_XDECREF(next);
	Py_XDECREF(coroutine);
}

/* A set's items, which may change while they are copied. New, or NULL. */
static PyObject *
survey_copy(PyObject *set)
{
	PyObject	*list = NULL;
	int		 i;

	for (i = 0; i < SURVEY_TRIES && list == NULL; i++) {
		PyErr_Clear();
		list = PySequence_List(set);
		if (list == NULL && !PyErr_ExceptionMatches(
		    PyExc_RuntimeError))
			break;
	}
	PyErr_Clear();
	return list;
}

/* Adds the tasks that there are, of whatever loop. */
static void
survey_add_tasks(struct py_survey *survey)
{
	static const char *const sets[] = {
		"_all_tasks",			/* Python < 3.12 */
		"_scheduled_tasks", "_eager_tasks"
	};
	PyObject	*module, *set, *list;
	Py_ssize_t	 j;
	size_t		 i;

	module = survey_module("asyncio.tasks");
	for (i = 0; module != NULL && i < sizeof(sets) / sizeof(sets[0]);
	    i++) {
		set = survey_get(module, sets[i]);
		if (set == NULL)
			continue;
		list = survey_copy(set);
		Py_DECREF(set);
		for (j = 0; list != NULL && j < PyList_GET_SIZE(list); j++)
			survey_add_task(survey, PyList_GET_ITEM(list, j));
		Py_XDECREF(list);
	}
}

/* The core of a greenlet: by its context, or its parents; -1: none. */
static int
survey_greenlet_core(const struct py_survey *survey, PyObject *greenlet)
{
	PyObject	*at, *next, *context;
	int		 i, core = -1;

	context = survey_get(greenlet, "gr_context");
	if (context != NULL)
		core = py_task_core_in(context);
	Py_XDECREF(context);
	at = survey_get(greenlet, "parent");
	for (i = 0; i < SURVEY_DEPTH && at != NULL && core == -1; i++) {
		core = survey_owner(survey, PyLong_FromVoidPtr(at));
		next = survey_get(at, "parent");
		Py_DECREF(at);
		at = next;
	}
	Py_XDECREF(at);
	return core;
}

/* Adds one greenlet, unless it is a core's own or the one that is parked. */
static void
survey_add_greenlet(struct py_survey *survey, PyObject *greenlet)
{
	struct strbuf	*out;
	PyObject	*frame;

	if (survey_owner(survey, PyLong_FromVoidPtr(greenlet)) != -1)
		return;
	frame = survey_get(greenlet, "gr_frame");
	if (frame != NULL && (out = survey_text(survey,
	    survey_greenlet_core(survey, greenlet), "a greenlet")) != NULL)
		py_stack_frames(frame, out);
	Py_XDECREF(frame);
	PyErr_Clear();
}

/* Adds the greenlets that there are: the collector knows them. */
static void
survey_add_greenlets(struct py_survey *survey)
{
	PyObject	*module = survey_module("greenlet");
	PyObject	*gc = survey_module("gc"), *type = NULL, *all = NULL;
	PyObject	*object;
	Py_ssize_t	 i;

	if (module == NULL || gc == NULL ||
	    survey->worker->suspend->stacks == NULL)
		return;
	type = survey_get(module, "greenlet");
	if (type != NULL && PyType_Check(type))
		all = PyObject_CallMethod(gc, "get_objects", NULL);
	for (i = 0; all != NULL && i < PyList_GET_SIZE(all); i++) {
		object = PyList_GET_ITEM(all, i);
		if (PyObject_TypeCheck(object, (PyTypeObject *)type))
			survey_add_greenlet(survey, object);
	}
	PyErr_Clear();
	Py_XDECREF(type);
	Py_XDECREF(all);
}

/* Finds everything. */
struct py_survey *
py_survey_new(struct worker *w)
{
	struct py_survey	*survey = xcalloc(1, sizeof(*survey));

	survey->worker = w;
	survey->nitems = w->ncores + 1;
	survey->items = xcalloc((size_t)survey->nitems,
	    sizeof(*survey->items));
	survey->owners = PyDict_New();
	if (survey->owners != NULL) {
		survey_note_owners(survey);
		survey_add_tasks(survey);
		survey_add_greenlets(survey);
	}
	PyErr_Clear();
	Py_CLEAR(survey->owners);
	return survey;
}

/* Frees it. */
void
py_survey_free(struct py_survey *survey)
{
	int	 i;

	for (i = 0; i < survey->nitems; i++)
		strbuf_done(&survey->items[i].text);
	free(survey->items);
	free(survey);
}

/* What was found for a core. */
const char *
py_survey_text(const struct py_survey *survey, const struct core *core)
{
	const struct py_survey_item	*item = &survey->items[core->id];
	struct sb_core_view		 view;

	sb_core_read(core->sb, &view);
	return view.start_us == item->request ? strbuf_str(&item->text) :
	    "";
}

/* How much was found. */
static size_t
survey_size(const struct py_survey *survey)
{
	size_t	 size = 0;
	int	 i;

	for (i = 0; i < survey->nitems; i++)
		size += survey->items[i].text.len;
	return size;
}

/* What was found for a core within the last second. */
void
py_survey_add_recent(struct core *core, struct strbuf *out)
{
	static struct py_survey	*recent;
	static uint64_t		 recent_us;
	uint64_t		 now = clock_mono_us();

	if (recent_us == 0 || now - recent_us >= SURVEY_RECENT_US) {
		if (recent != NULL)
			py_survey_free(recent);
		recent = py_survey_new(core->worker);
		recent_us = now;
	}
	if (recent == NULL)
		return;
	strbuf_adds(out, py_survey_text(recent, core));
	if (survey_size(recent) > SURVEY_RECENT_SIZE) {
		py_survey_free(recent);
		recent = NULL;
	}
}
