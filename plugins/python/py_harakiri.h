/* wsgimaster.Harakiri, which a request gets when its time is over. */
#ifndef WM_PLUGINS_PYTHON_PY_HARAKIRI_H
#define WM_PLUGINS_PYTHON_PY_HARAKIRI_H

#include <Python.h>

#include <stdbool.h>

struct core;

/*
 * A BaseException: "except Exception", by which apps and frameworks go on
 * after any error, shall not make a request go on that is to end. With the
 * lock, but for py_harakiri_interrupt.
 */

extern const PyMethodDef	 py_harakiri_methods[];

/* Once: makes it, and gives it to the module; -1 with a Python exception. */
int	 py_harakiri_init(PyObject *module);
/* One that says for how long the core's request has run. New, never NULL. */
PyObject *py_harakiri_new(const struct core *core);
/* Raises it; the core may be NULL. */
void	 py_harakiri_raise(const struct core *core);
/* Is the exception that is set this one? */
bool	 py_harakiri_is_set(void);
/*
 * For struct runtime: raises it in a core's thread. Without the lock. And at
 * the end of the request's Python, where it was late: what was raised, and has
 * not come yet, does not come any more.
 */
void	 py_harakiri_interrupt(struct core *core);
void	 py_harakiri_end(struct core *core);

#endif
