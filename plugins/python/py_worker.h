/* Python's part in a worker's start and end. */
#ifndef WM_PLUGINS_PYTHON_PY_WORKER_H
#define WM_PLUGINS_PYTHON_PY_WORKER_H

struct worker;

/* struct runtime's load, worker_start and worker_stop; without the lock. */
int	 py_worker_load(struct worker *w, char **cause);
int	 py_worker_start(struct worker *w, char **cause);
void	 py_worker_stop(struct worker *w);

#endif
