/* Waiting for the doorbell where no loop turns. */
#ifndef WM_PLUGINS_PYTHON_PY_DOORBELL_H
#define WM_PLUGINS_PYTHON_PY_DOORBELL_H

/*
 * For the main thread of a mule or spooler, and for the import of the app: what
 * is not so yet in shared memory may be so when this returns. With the lock,
 * which is given up meanwhile; runs signal handlers. Blocks until the bell
 * rings, for so many seconds (below 0: as long as it takes) or until it is time
 * to look again anyhow (DOORBELL_LOOK). 1: look again; 0: the seconds are over;
 * -1 with a Python exception. A thread of its own must not hear a bell that a
 * loop or another thread answers: it waits by its subsystem's own means.
 */
int	 py_doorbell_wait(double seconds);

#endif
