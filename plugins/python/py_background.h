/* What mules and spoolers have in common on the Python side. */
#ifndef WM_PLUGINS_PYTHON_PY_BACKGROUND_H
#define WM_PLUGINS_PYTHON_PY_BACKGROUND_H

#include <Python.h>

#include <stdbool.h>

struct worker;

/*
 * All with the lock, on the main thread. How a mule or spooler leaves while it
 * runs code of the app's that has no end: it gets SIGTERM (worker/background.h)
 * and, unless the app handles that itself, SystemExit is raised there; finally
 * and atexit run as they do after sys.exit().
 */

#define PY_BACKGROUND_GOES_ON	(-1)	/* else an exit status */

/* Once: the handler. -1 and a Python exception. */
int	 py_background_init(void);
/*
 * Says that the process is ready, and runs the app's post_fork_hook, which may
 * last as long as the process: PY_BACKGROUND_GOES_ON or an exit status.
 */
int	 py_background_hook(struct worker *w, void (*begin)(struct worker *w));
/*
 * Runs something of the app's (function, borrowed, without arguments) until it
 * returns or the process is to leave; an exit status.
 */
int	 py_background_call(PyObject *function, const char *what);
/*
 * Takes the exception that is set: an exit status; logged unless it is
 * SystemExit.
 */
int	 py_background_failed(const char *what);

#endif
