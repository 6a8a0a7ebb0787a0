/* Python around forks: the spawner's, and those of the app. */
#ifndef WM_PLUGINS_PYTHON_PY_FORK_H
#define WM_PLUGINS_PYTHON_PY_FORK_H

#include <Python.h>

/*
 * struct runtime's: before takes the lock; parent and child, one of which
 * follows in each process, give it up.
 */
void	 py_fork_before(void);
void	 py_fork_parent(void);
void	 py_fork_child(void);

/* With the lock: from now on the app's children are told apart. */
int	 py_fork_init(void);
/*
 * In a child that the app has forked, when the request's app (or a signal
 * handler of the app's on the loop's stack) has come to its end, with or
 * without an exception: the child ends here, as a script would, but for
 * atexit. Elsewhere nothing happens.
 */
void	 py_fork_leave(void);

#endif
