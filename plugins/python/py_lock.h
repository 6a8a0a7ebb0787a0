/* lock(), unlock() and is_locked(): locks between all processes. */
#ifndef WM_PLUGINS_PYTHON_PY_LOCK_H
#define WM_PLUGINS_PYTHON_PY_LOCK_H

#include <Python.h>

#include <stdbool.h>

#include "worker/locks.h"

struct lock;

extern const PyMethodDef py_lock_methods[];

/*
 * For C, with the lock of the interpreter, which is given up while it waits:
 * takes l in the name of the calling request (whose core is parked) or thread.
 * Seconds below 0: as long as it takes. 1: taken; 0: not in that time; -1 with
 * a Python exception; name is the caller's.
 */
int	 py_lock_take(struct lock *l, bool is_reader, double seconds,
	    const char *name);
/* Who calls. */
struct locks_who py_lock_who(void);

#endif
