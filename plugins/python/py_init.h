/* Starts Python in the spawner. */
#ifndef WM_PLUGINS_PYTHON_PY_INIT_H
#define WM_PLUGINS_PYTHON_PY_INIT_H

struct worker;

/*
 * struct runtime's start: environment, working directory, interpreter,
 * sys.path, modules. Afterwards the lock is given up. -1 and *cause.
 */
int	 py_init_start(struct worker *w, char **cause);

#endif
