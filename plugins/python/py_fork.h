/* Python around the spawner's forks. */
#ifndef WM_PLUGINS_PYTHON_PY_FORK_H
#define WM_PLUGINS_PYTHON_PY_FORK_H

/*
 * struct runtime's: before takes the lock; parent and child, one of which
 * follows in each process, give it up.
 */
void	 py_fork_before(void);
void	 py_fork_parent(void);
void	 py_fork_child(void);

#endif
