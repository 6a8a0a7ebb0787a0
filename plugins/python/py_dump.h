/* Stacks that Python writes by itself, without its lock. */
#ifndef WM_PLUGINS_PYTHON_PY_DUMP_H
#define WM_PLUGINS_PYTHON_PY_DUMP_H

/*
 * In the spawner, with the lock: from now on SIGNAL_DUMP (messages.h) makes
 * this process, and those that it forks, write the stacks of all threads to
 * standard error, which is the log: by a handler in C (faulthandler), so also
 * while a C function keeps the lock. Parked greenlets are not among them. -1
 * with a Python exception.
 */
int	 py_dump_init(void);

#endif
