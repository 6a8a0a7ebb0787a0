/* Calls the hub: from other threads, and when a signal has come. */
#ifndef WM_PLUGINS_PYTHON_PY_HUB_H
#define WM_PLUGINS_PYTHON_PY_HUB_H

struct worker;

/*
 * A pipe that the base watches. Python's own C handler of signals writes to
 * it (signal.set_wakeup_fd), so that the app's handlers run at once, also
 * while the base waits; loop engines that have a way of their own for that
 * (asyncio's) keep it, and so does an app that has called set_wakeup_fd
 * itself. What a handler raises is logged. In the worker, with the lock.
 */
int	 py_hub_init(struct worker *w);		/* -1: a Python exception */
void	 py_hub_done(void);
/* In a child that the app has forked: it does not wake its parent. */
void	 py_hub_forked(void);
/* What Python's handler of signals writes to; -1: not this. */
int	 py_hub_signal_fd(void);
/*
 * Any thread, with the lock: the hub calls function(arg) soon, with the lock.
 * In order; not in the spawner and not when the worker leaves. What is asked
 * for again before it was done is done once, so that the queue stays short.
 */
void	 py_hub_call(void (*function)(void *arg), void *arg);

#endif
