/* The app's signal handlers, which run while the loop waits, too. */
#ifndef WM_PLUGINS_PYTHON_PY_SIGNALS_H
#define WM_PLUGINS_PYTHON_PY_SIGNALS_H

struct worker;

/*
 * Python runs signal.signal()'s handlers on the main thread, when that runs
 * Python the next time; under libevent's loop that may be long after, and with
 * threads never. So a signal wakes the loop, which lets them run. What one
 * raises there is logged. Other loop engines see to this themselves, and an
 * app that has called signal.set_wakeup_fd() is left alone.
 *
 * In the worker, with the lock; -1 with a Python exception.
 */
int	 py_signals_init(struct worker *w);
void	 py_signals_done(void);
/* In a child that the app has forked: its signals do not wake the parent. */
void	 py_signals_forked(void);

#endif
