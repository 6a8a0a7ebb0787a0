/* The interpreter's lock: the one file that touches thread state. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_gil.h"

#include <errno.h>
#include <pthread.h>

#include "base/address.h"

/*
 * Of the loop thread and of each core's thread: held says whether it holds
 * the lock because of us; while an extension has given it up (time.sleep) none
 * of our code runs there. The app's own threads have neither.
 */
static _Thread_local bool		 gil_held;
static _Thread_local PyThreadState	*gil_saved;
static pthread_t			 gil_thread;

/* The initialising thread holds the lock. */
void
py_gil_init(void)
{
	gil_thread = pthread_self();
	gil_held = true;
}

/* Takes the lock unless it is ours already. */
bool
py_gil_enter(void)
{
	if (gil_held)
		return false;
	if (gil_saved == NULL)
		gil_saved = PyThreadState_New(PyInterpreterState_Main());
	PyEval_RestoreThread(gil_saved);
	gil_held = true;
	return true;
}

/* Gives the lock up if it was taken. */
void
py_gil_leave(bool taken)
{
	if (!taken)
		return;
	gil_held = false;
	gil_saved = PyEval_SaveThread();
}

/* Is this the thread that turns the loop? */
bool
py_gil_is_loop_thread(void)
{
	return pthread_equal(pthread_self(), gil_thread) != 0;
}

/* Its number. */
unsigned long
py_gil_loop_thread(void)
{
	return (unsigned long)gil_thread;
}

/* Deletes the thread state of the calling thread, a core's. */
void
py_gil_thread_end(void)
{
	if (gil_saved == NULL)		/* it had no request */
		return;
	py_gil_enter();
	PyThreadState_Clear(gil_saved);
	gil_saved = NULL;
	gil_held = false;
	PyThreadState_DeleteCurrent();
}

/* Gives the lock up around a blocking call, if it is held. */
int
py_gil_block_begin(void)
{
	int	 held = gil_held;

	py_gil_leave(held);
	return held;
}

/* Takes back what block_begin gave up. */
void
py_gil_block_end(int held)
{
	if (held)
		py_gil_enter();
}

/* Blocks in poll(2) without the lock; errno is poll's. */
int
py_gil_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	int	 result;

	Py_BEGIN_ALLOW_THREADS
	result = poll(fds, n, timeout_ms);
	Py_END_ALLOW_THREADS
	return result;
}

/* Asks the name service without the lock. */
int
py_gil_resolve(const struct address *addr, struct sockaddr_any *list,
    size_t max, char **cause)
{
	int	 result;

	Py_BEGIN_ALLOW_THREADS
	result = address_resolve(addr, list, max, cause);
	Py_END_ALLOW_THREADS
	return result;
}

/* Calls a function without the lock; its result and errno. */
int
py_gil_without(int (*function)(void *), void *arg)
{
	int	 result, saved;

	if (py_gil_is_loop_thread()) {
		py_gil_leave(true);
		result = function(arg);
		saved = errno;
		py_gil_enter();
	} else {
		Py_BEGIN_ALLOW_THREADS
		result = function(arg);
		saved = errno;
		Py_END_ALLOW_THREADS
	}
	errno = saved;
	return result;
}
