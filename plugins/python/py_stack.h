/* The Python stack of a request or a thread, as text. */
#ifndef WM_PLUGINS_PYTHON_PY_STACK_H
#define WM_PLUGINS_PYTHON_PY_STACK_H

#include <Python.h>

struct core;
struct strbuf;

/*
 * A stack is shown as in a traceback, its innermost frame last, one line a
 * frame that ends with a newline:
 *
 *	  File "app.py", line 3, in application
 *
 * Names and numbers only: no variable and no line of source, since what a
 * request works with may be secret. Of a deep one the innermost PY_STACK_MAX
 * are shown, and how many were left out. What cannot be shown is left out; no
 * exception is raised, and one that is set stays set.
 */
#define PY_STACK_MAX	64

/*
 * For struct runtime: the request's of a core, be it running or parked, and
 * those of what it has started. On the loop thread or a core's.
 */
void	 py_stack_core(struct core *core, struct strbuf *out);

/* The same without what else it has started (py_survey.h); with the lock. */
void	 py_stack_own(struct core *core, struct strbuf *out);

/* With the lock: one frame (borrowed, NULL: none). */
void	 py_stack_frame(PyObject *frame, struct strbuf *out);
/* With the lock: those of a frame (borrowed, NULL: none) and its callers. */
void	 py_stack_frames(PyObject *frame, struct strbuf *out);

#endif
