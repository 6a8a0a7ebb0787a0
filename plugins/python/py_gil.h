/* The interpreter's lock, as the server's threads take it and give it up. */
#ifndef WM_PLUGINS_PYTHON_PY_GIL_H
#define WM_PLUGINS_PYTHON_PY_GIL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct address;
struct sockaddr_any;

/*
 * The loop thread (a process's main thread), and the threads that are cores,
 * hold the lock only while they run Python. Use, from C that may or may not be
 * called by Python:
 *
 *	bool taken = py_gil_enter();
 *	... Python ...
 *	py_gil_leave(taken);
 *
 * A core may park between the two: the hub goes on inside the start() or
 * resume() that took the lock. A core's thread has a thread state of its own,
 * which it gets when it takes the lock for the first time and keeps until
 * py_gil_thread_end; so has a witness (worker/witness.h). Only py_gil_poll,
 * py_gil_resolve, py_gil_without and py_gil_is_loop_thread may be called by
 * the app's own threads.
 */

/* Python was just initialised: this thread holds the lock, and is the one. */
void	 py_gil_init(void);
/* Takes the lock; false if this thread held it already. */
bool	 py_gil_enter(void);
/* Gives the lock up if taken is what py_gil_enter returned then. */
void	 py_gil_leave(bool taken);
bool	 py_gil_is_loop_thread(void);
/* Its number, as Python counts threads. */
unsigned long py_gil_loop_thread(void);
/* A core's thread ends: with it goes what the app keeps for each thread. */
void	 py_gil_thread_end(void);

/* For struct runtime: around a call that blocks the loop thread. */
int	 py_gil_block_begin(void);
void	 py_gil_block_end(int held);

/* With the lock given up, by any thread that holds it: poll(2), */
int	 py_gil_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
/* and address_resolve. */
int	 py_gil_resolve(const struct address *addr, struct sockaddr_any *list,
	    size_t max, char **cause);
/*
 * Any function with the lock given up, by any thread that holds it; cores may
 * run in it, when it is the loop thread's. Its result; errno is kept.
 */
int	 py_gil_without(int (*function)(void *), void *arg);

#endif
