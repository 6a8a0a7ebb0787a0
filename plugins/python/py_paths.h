/* Where Python reads what it runs from. */
#ifndef WM_PLUGINS_PYTHON_PY_PATHS_H
#define WM_PLUGINS_PYTHON_PY_PATHS_H

struct strlist;

/*
 * Adds sys.prefix, its kin and the folders of sys.path. Python is started;
 * without the lock.
 */
void	 py_paths_add(struct strlist *paths);

#endif
