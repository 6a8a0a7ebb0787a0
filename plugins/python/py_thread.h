/* A thread that is a core, as Python sees it. */
#ifndef WM_PLUGINS_PYTHON_PY_THREAD_H
#define WM_PLUGINS_PYTHON_PY_THREAD_H

struct core;
struct worker;

/*
 * In the worker's main thread, with the lock: what must be there before any
 * other thread runs Python. -1 with a Python exception.
 */
int	 py_thread_init(struct worker *w);

/*
 * struct runtime's thread_start and thread_stop: on the core's own thread,
 * without the lock. The thread state lasts from the one to the other, and so
 * does what the app keeps for each thread (threading.local, Django's
 * connections).
 */
void	 py_thread_start(struct core *core);
void	 py_thread_stop(void);

/*
 * In a child that the app has forked, with the lock: a core's thread is the
 * child's main thread, also for the module threading.
 */
void	 py_thread_forked(void);

#endif
