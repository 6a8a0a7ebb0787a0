/* The Python stack of a request or a thread, as text. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <frameobject.h>

#include "plugins/python/py_stack.h"

#include <stdbool.h>

#include "base/strbuf.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_survey.h"
#include "shm/scoreboard.h"
#include "worker/core.h"
#include "worker/suspend.h"
#include "worker/worker.h"

/* What is remembered of a frame. */
struct py_stack_line {
	PyCodeObject	*code;		/* a reference */
	int		 number;
};

/* The innermost frames; [0] is the innermost. */
struct py_stack_lines {
	struct py_stack_line	 list[PY_STACK_MAX];
	size_t			 count;
	size_t			 left_out;	/* of the outer ones */
};

/* Adds a name, in whatever way it can be written on one line. */
static void
py_stack_add_name(struct strbuf *out, PyObject *code, const char *attribute)
{
	PyObject	*name, *bytes = NULL;
	const char	*at = "?";

	name = PyObject_GetAttrString(code, attribute);
	if (name != NULL && PyUnicode_Check(name))
		bytes = PyUnicode_AsEncodedString(name, "utf-8",
		    "backslashreplace");
	if (bytes != NULL)
		at = PyBytes_AS_STRING(bytes);
	else
		PyErr_Clear();
	for (; *at != '\0'; at++)
		strbuf_addc(out, (unsigned char)*at < ' ' ? '?' : *at);
	Py_XDECREF(bytes);
	Py_XDECREF(name);
}

/* Adds the line of one frame. */
static void
py_stack_add_line(struct strbuf *out, const struct py_stack_line *line)
{
	strbuf_adds(out, "  File \"");
	py_stack_add_name(out, (PyObject *)line->code, "co_filename");
	strbuf_addf(out, "\", line %d, in ", line->number);
	py_stack_add_name(out, (PyObject *)line->code, "co_name");
	strbuf_addc(out, '\n');
}

/* Remembers a frame and its callers; steals the frame. */
static void
py_stack_collect(struct py_stack_lines *lines, PyFrameObject *frame)
{
	struct py_stack_line	*line;
	PyFrameObject		*back;

	lines->count = lines->left_out = 0;
	for (; frame != NULL; frame = back) {
		if (lines->count < PY_STACK_MAX) {
			line = &lines->list[lines->count++];
			line->code = PyFrame_GetCode(frame);
			line->number = PyFrame_GetLineNumber(frame);
		} else
			lines->left_out++;
		back = PyFrame_GetBack(frame);
		Py_DECREF(frame);
	}
}

/* Writes down and lets go what was collected. */
static void
py_stack_write(struct py_stack_lines *lines, struct strbuf *out)
{
	size_t	 i;

	if (lines->left_out > 0)
		strbuf_addf(out, "  (%zu outer frames left out)\n",
		    lines->left_out);
	for (i = lines->count; i-- > 0;) {
		py_stack_add_line(out, &lines->list[i]);
		Py_DECREF(lines->list[i].code);
	}
}

/*
 * No garbage is collected in between: that could run anything, and switch to
 * another stack. Was it on?
 */
static bool
py_stack_begin(void)
{
#if PY_VERSION_HEX >= 0x030a0000
	return PyGC_Disable() == 1;
#else
	return false;
#endif
}

/* Garbage is collected again. */
static void
py_stack_end(bool was_on)
{
#if PY_VERSION_HEX >= 0x030a0000
	if (was_on)
		PyGC_Enable();
#else
	(void)was_on;
#endif
}

/* One frame. */
void
py_stack_frame(PyObject *frame, struct strbuf *out)
{
	struct py_stack_line	 line;
	PyObject		*type, *value, *tb;
	bool			 was_on;

	if (frame == NULL || !PyFrame_Check(frame))
		return;
	PyErr_Fetch(&type, &value, &tb);
	was_on = py_stack_begin();
	line.code = PyFrame_GetCode((PyFrameObject *)frame);
	line.number = PyFrame_GetLineNumber((PyFrameObject *)frame);
	py_stack_add_line(out, &line);
	Py_DECREF(line.code);
	py_stack_end(was_on);
	PyErr_Restore(type, value, tb);
}

/* A frame's stack. */
void
py_stack_frames(PyObject *frame, struct strbuf *out)
{
	struct py_stack_lines	 lines;
	PyObject		*type, *value, *tb;
	bool			 was_on;

	if (frame == NULL || !PyFrame_Check(frame))
		return;
	PyErr_Fetch(&type, &value, &tb);
	was_on = py_stack_begin();
	Py_INCREF(frame);
	py_stack_collect(&lines, (PyFrameObject *)frame);
	py_stack_write(&lines, out);
	py_stack_end(was_on);
	PyErr_Restore(type, value, tb);
}

/* The frame that a thread is in, by its number. New, or NULL. */
static PyObject *
py_stack_of_thread(unsigned long ident)
{
	PyObject	*function, *all = NULL, *key, *frame = NULL;

	function = PySys_GetObject("_current_frames");	/* borrowed */
	key = PyLong_FromUnsignedLong(ident);
	if (function != NULL && key != NULL)
		all = PyObject_CallNoArgs(function);
	if (all != NULL && PyDict_Check(all)) {
		frame = PyDict_GetItemWithError(all, key);
		Py_XINCREF(frame);
	}
	Py_XDECREF(all);
	Py_XDECREF(key);
	return frame;
}

/*
 * The frame of a greenlet that is switched away. New; NULL when it runs, or
 * has no Python on its stack.
 */
static PyObject *
py_stack_of_greenlet(PyObject *greenlet)
{
	PyObject	*frame;

	frame = PyObject_GetAttrString(greenlet, "gr_frame");
	if (frame == Py_None)
		Py_CLEAR(frame);
	return frame;
}

/* The stacks of a core that has a request. With the lock. */
static void
py_stack_request(struct core *core, struct strbuf *out)
{
	struct suspend_stacks	 stacks = { .thread = py_gil_loop_thread() };
	const struct worker	*w = core->worker;
	PyObject		*frame = NULL;

	if (w->suspend->stacks != NULL)
		w->suspend->stacks(core, &stacks);
	if (stacks.own != NULL)
		frame = py_stack_of_greenlet(stacks.own);
	/* Its own stack runs, which was parked nowhere: it is the thread's. */
	if (frame == NULL && (!stacks.is_switched ||
	    sb_get(&core->sb->state) == SB_CORE_RUNNING))
		frame = py_stack_of_thread(stacks.thread);
	PyErr_Clear();
	py_stack_frames(frame, out);
	Py_XDECREF(frame);
	if (stacks.parked == NULL || stacks.parked == stacks.own)
		return;
	frame = py_stack_of_greenlet(stacks.parked);
	PyErr_Clear();
	if (frame != NULL)
		strbuf_adds(out, "  in a greenlet of the request:\n");
	py_stack_frames(frame, out);
	Py_XDECREF(frame);
}

/* A core's own stack. */
void
py_stack_own(struct core *core, struct strbuf *out)
{
	PyObject	*type, *value, *tb;

	PyErr_Fetch(&type, &value, &tb);
	py_stack_request(core, out);
	PyErr_Restore(type, value, tb);
}

/* Everything of a core's request. */
void
py_stack_core(struct core *core, struct strbuf *out)
{
	struct py_survey	*survey;
	PyObject		*type, *value, *tb;
	bool			 taken;

	if (sb_get(&core->sb->state) == SB_CORE_IDLE)
		return;
	taken = py_gil_enter();
	PyErr_Fetch(&type, &value, &tb);
	py_stack_request(core, out);
	survey = py_survey_new(core->worker, core);
	strbuf_adds(out, py_survey_text(survey, core));
	py_survey_free(survey);
	PyErr_Restore(type, value, tb);
	py_gil_leave(taken);
}
