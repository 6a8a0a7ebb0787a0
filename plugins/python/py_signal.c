/* uwsgi.register_signal, signal, add_timer and what belongs to them. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_signal.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/cron_times.h"
#include "base/log.h"
#include "config/config.h"
#include "config/signal_target.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_exception.h"
#include "plugins/python/py_fork.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_job.h"
#include "plugins/python/py_wait.h"
#include "shm/commons.h"
#include "shm/doorbell.h"
#include "shm/messages.h"
#include "shm/scoreboard.h"
#include "worker/background.h"
#include "worker/core.h"
#include "worker/job.h"
#include "worker/loan.h"
#include "worker/worker.h"

#define PY_SIGNAL_NOTED	1024	/* in a mule or spooler */
#define PY_SIGNAL_TRIES	50	/* to tell the master, 0.1 s each */
#define PY_SIGNAL_WARN_US 10000000

/* Ours for the whole run; NULL: none. With the lock. */
static PyObject	*py_signal_handlers[PY_SIGNALS];

/* What a mule's or spooler's control thread has noted. */
static struct {
	pthread_mutex_t	 lock;
	unsigned char	 list[PY_SIGNAL_NOTED];
	int		 count;
	uint64_t	 lost;
} py_signal_noted = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Is it one? */
int
py_signal_number(long number)
{
	if (number >= 0 && number < PY_SIGNALS)
		return (int)number;
	PyErr_Format(PyExc_ValueError, "there are signals 0..%d, not %ld",
	    PY_SIGNALS - 1, number);
	return -1;
}

/* Tells the master, which may be slow to read. -1 with an exception. */
static int
py_signal_tell(int type, int number, const char *text)
{
	struct worker	*w = py_worker();
	struct pollfd	 pfd = { .fd = w->control, .events = POLLOUT };
	int		 i, result = -1;

	for (i = 0; i < PY_SIGNAL_TRIES && result == -1; i++) {
		result = worker_ask_master(w, type, number, text);
		if (result == -1 && errno != EAGAIN)
			break;
		if (result == -1 && py_wait_block(&pfd, 1, 0.1) == -1)
			return -1;
	}
	if (result == -1)
		PyErr_SetFromErrno(PyExc_OSError);
	return result;
}

/* str or bytes as text of at most max bytes; NULL with an exception. */
static const char *
py_signal_text(PyObject *arg, const char *what, size_t max)
{
	const char	*text;
	Py_ssize_t	 len;

	if (PyBytes_Check(arg)) {
		text = PyBytes_AS_STRING(arg);
		len = PyBytes_GET_SIZE(arg);
	} else
		text = PyUnicode_AsUTF8AndSize(arg, &len);
	if (text == NULL)
		return NULL;
	if ((size_t)len <= max && strlen(text) == (size_t)len)
		return text;
	PyErr_Format(PyExc_ValueError, "the %s is longer than %zu bytes, or "
	    "has a NUL", what, max);
	return NULL;
}

/* Is it a target? What it needs may be missing, as for uWSGI. */
static bool
py_signal_check_target(int number, const char *text)
{
	const struct config	*cfg = py_worker()->cfg;
	struct signal_target	 target;
	const char		*bad = signal_target_parse(&target, text, cfg);

	if (bad != NULL) {
		PyErr_Format(PyExc_ValueError, "signal %d: target \"%s\": %s",
		    number, text, bad);
		return false;
	}
	bad = signal_target_missing(&target, cfg);
	if (bad != NULL)
		log_warn("signal %d: target \"%s\": %s", number, text, bad);
	return true;
}

/* register_signal(number, target, function). New: True. */
static PyObject *
py_signal_register(PyObject *self, PyObject *args)
{
	PyObject	*arg, *function;
	const char	*target;
	long		 n;
	int		 number;

	(void)self;
	if (!PyArg_ParseTuple(args, "lOO:register_signal", &n, &arg,
	    &function))
		return NULL;
	number = py_signal_number(n);
	if (number == -1)
		return NULL;
	if (!PyCallable_Check(function)) {
		PyErr_SetString(PyExc_TypeError, "register_signal: the "
		    "handler is no function");
		return NULL;
	}
	target = py_signal_text(arg, "target", 63);
	if (target == NULL || !py_signal_check_target(number, target))
		return NULL;
	Py_INCREF(function);
	Py_XSETREF(py_signal_handlers[number], function);
	if (py_signal_tell(MSG_SIGNAL_REGISTER, number, target) == -1)
		return NULL;
	Py_RETURN_TRUE;
}

/* Removes something by its number. New: True. */
static PyObject *
py_signal_remove(PyObject *arg, const char *what)
{
	long	 n = PyLong_AsLong(arg);
	int	 number;

	if (n == -1 && PyErr_Occurred())
		return NULL;
	number = py_signal_number(n);
	if (number == -1 ||
	    py_signal_tell(MSG_SIGNAL_REMOVE, number, what) == -1)
		return NULL;
	if (strcmp(what, "handler") == 0)
		Py_CLEAR(py_signal_handlers[number]);
	Py_RETURN_TRUE;
}

/* unregister_signal(number). New: True. */
static PyObject *
py_signal_unregister(PyObject *self, PyObject *arg)
{
	(void)self;
	return py_signal_remove(arg, "handler");
}

/* remove_timer(number). New: True. */
static PyObject *
py_signal_remove_timer(PyObject *self, PyObject *arg)
{
	(void)self;
	return py_signal_remove(arg, "timer");
}

/* remove_cron(number). New: True. */
static PyObject *
py_signal_remove_cron(PyObject *self, PyObject *arg)
{
	(void)self;
	return py_signal_remove(arg, "cron");
}

/* remove_file_monitor(number). New: True. */
static PyObject *
py_signal_remove_file(PyObject *self, PyObject *arg)
{
	(void)self;
	return py_signal_remove(arg, "file");
}

/* The master does not read as fast as this process raises. */
static void
py_signal_full(int number)
{
	static uint64_t	 warned_us, lost;
	uint64_t	 now = clock_mono_us();

	lost++;
	if (warned_us != 0 && now - warned_us < PY_SIGNAL_WARN_US)
		return;
	warned_us = now;
	log_warn("signal %d is lost: the master has not read those before "
	    "(%llu so far)", number, (unsigned long long)lost);
}

/* signal(number[, node]). New: None. */
static PyObject *
py_signal_raise(PyObject *self, PyObject *args)
{
	PyObject	*node = Py_None;
	long		 n;
	int		 number, elsewhere;

	(void)self;
	if (!PyArg_ParseTuple(args, "l|O:signal", &n, &node))
		return NULL;
	number = py_signal_number(n);
	if (number == -1)
		return NULL;
	elsewhere = PyObject_IsTrue(node);
	if (elsewhere == -1)
		return NULL;
	if (elsewhere)		/* neither None nor "" */
		return py_signal_remote(number, node);
	if (worker_ask_master(py_worker(), MSG_SIGNAL_RAISE, number, "") == 0)
		Py_RETURN_NONE;
	if (errno != EAGAIN)
		return PyErr_SetFromErrno(PyExc_OSError);
	py_signal_full(number);
	Py_RETURN_NONE;
}

/* signal_registered(number): True or None. New. */
static PyObject *
py_signal_registered(PyObject *self, PyObject *arg)
{
	long	 n = PyLong_AsLong(arg);
	int	 number;

	(void)self;
	if (n == -1 && PyErr_Occurred())
		return NULL;
	number = py_signal_number(n);
	if (number == -1)
		return NULL;
	if (py_signal_handlers[number] != NULL)
		Py_RETURN_TRUE;
	Py_RETURN_NONE;
}

/* Adds a timer. New: True. */
static PyObject *
py_signal_timer(long n, double seconds, long times)
{
	char	 text[64];
	int	 number = py_signal_number(n);

	if (number == -1)
		return NULL;
	if (!(seconds >= 0.001 && seconds <= 1e8)) {
		PyErr_SetString(PyExc_ValueError, "unable to add timer: the "
		    "time must be 0.001..1e8 seconds");
		return NULL;
	}
	if (times < 0) {
		PyErr_SetString(PyExc_ValueError, "unable to add timer: "
		    "iterations must not be below 0");
		return NULL;
	}
	snprintf(text, sizeof(text), "%lld %ld", llround(seconds * 1e6),
	    times);
	if (py_signal_tell(MSG_SIGNAL_TIMER, number, text) == -1)
		return NULL;
	Py_RETURN_TRUE;
}

/* add_timer(number, seconds). New: True. */
static PyObject *
py_signal_add_timer(PyObject *self, PyObject *args)
{
	double	 seconds;
	long	 n;

	(void)self;
	if (!PyArg_ParseTuple(args, "ld:add_timer", &n, &seconds))
		return NULL;
	return py_signal_timer(n, seconds, 0);
}

/* add_ms_timer(number, milliseconds). New: True. */
static PyObject *
py_signal_add_ms_timer(PyObject *self, PyObject *args)
{
	double	 ms;
	long	 n;

	(void)self;
	if (!PyArg_ParseTuple(args, "ld:add_ms_timer", &n, &ms))
		return NULL;
	return py_signal_timer(n, ms / 1000, 0);
}

/* add_rb_timer(number, seconds[, iterations]). New: True. */
static PyObject *
py_signal_add_rb_timer(PyObject *self, PyObject *args)
{
	double	 seconds;
	long	 n, times = 0;

	(void)self;
	if (!PyArg_ParseTuple(args, "ld|l:add_rb_timer", &n, &seconds,
	    &times))
		return NULL;
	return py_signal_timer(n, seconds, times);
}

/* add_cron(number, minute, hour, day, month, week day). New: True. */
static PyObject *
py_signal_add_cron(PyObject *self, PyObject *args)
{
	struct cron_times	 c;
	const char		*bad;
	char			 text[96];
	long			 n;
	int			 number;

	(void)self;
	if (!PyArg_ParseTuple(args, "liiiii:add_cron", &n, &c.minute, &c.hour,
	    &c.mday, &c.month, &c.wday))
		return NULL;
	number = py_signal_number(n);
	if (number == -1)
		return NULL;
	bad = cron_times_bad(&c);
	if (bad != NULL) {
		PyErr_Format(PyExc_ValueError, "unable to add cron: there is "
		    "no such %s", bad);
		return NULL;
	}
	snprintf(text, sizeof(text), "%d %d %d %d %d", c.minute, c.hour,
	    c.mday, c.month, c.wday);
	if (py_signal_tell(MSG_SIGNAL_CRON, number, text) == -1)
		return NULL;
	Py_RETURN_TRUE;
}

/* An absolute path, as this process sees it, in bytes. New. */
static PyObject *
py_signal_path(PyObject *arg)
{
	PyObject	*os, *path = NULL, *bytes = NULL;

	os = PyImport_ImportModule("os.path");
	if (os != NULL)
		path = PyObject_CallMethod(os, "abspath", "O", arg);
	if (path != NULL)
		(void)PyUnicode_FSConverter(path, &bytes);
	Py_XDECREF(os);
	Py_XDECREF(path);
	return bytes;
}

/* add_file_monitor(number, path). New: True. */
static PyObject *
py_signal_add_file(PyObject *self, PyObject *args)
{
	PyObject	*arg, *path;
	const char	*text;
	long		 n;
	int		 number, result = -1;

	(void)self;
	if (!PyArg_ParseTuple(args, "lO:add_file_monitor", &n, &arg))
		return NULL;
	number = py_signal_number(n);
	path = number == -1 ? NULL : py_signal_path(arg);
	if (path == NULL)
		return NULL;
	text = py_signal_text(path, "path",
	    sizeof(((struct message *)NULL)->text) - 1);
	if (text != NULL)
		result = py_signal_tell(MSG_SIGNAL_FILE, number, text);
	Py_DECREF(path);
	if (result == -1)
		return NULL;
	Py_RETURN_TRUE;
}

/* Calls a handler with its number; what has none is nothing. New, or NULL. */
static PyObject *
py_signal_call(void *arg)
{
	int		 number = *(int *)arg;
	PyObject	*function = py_signal_handlers[number], *result;

	py_signal_note(py_core_current(), number);
	if (function == NULL) {
		log_debug("signal %d: there is no handler here", number);
		Py_RETURN_NONE;
	}
	Py_INCREF(function);
	result = PyObject_CallFunction(function, "i", number);
	Py_DECREF(function);
	return result;
}

/* Counts it: the master waits for that. */
static void
py_signal_count(struct worker *w, bool ok)
{
	if (!ok)
		sb_add_shared(&w->stats->signal_errors, 1);
	sb_add_shared(&w->stats->signals, 1);
}

/* The job of a worker. */
static void
py_signal_job(struct core *core, void *arg)
{
	struct worker	*w = core->worker;
	int		 number = (int)(intptr_t)arg, held;
	char		 text[48];
	bool		 ok;

	snprintf(text, sizeof(text), "signal:%d", number);
	job_show(core, text);
	snprintf(text, sizeof(text), "the handler of signal %d", number);
	ok = py_job_run(core, py_signal_call, &number, text);
	py_signal_count(w, ok);
	if (loan_take(w, &held)) {
		py_signal_arrived(w, number);
		loan_give(w, held);
	}
}

/* Runs it where the caller is. */
void
py_signal_run_here(struct worker *w, int number)
{
	PyObject	*result;
	char		 text[64];

	result = py_signal_call(&number);
	py_fork_leave();	/* what it forked goes on with nothing */
	if (result == NULL) {
		snprintf(text, sizeof(text), "exception in the handler of "
		    "signal %d", number);
		py_exception_log(NULL, text);
	}
	py_signal_count(w, result != NULL);
	Py_XDECREF(result);
}

/* The control thread of a mule or spooler: its main thread shall run it. */
static void
py_signal_remember(struct worker *w, int number)
{
	bool	 full;

	pthread_mutex_lock(&py_signal_noted.lock);
	full = py_signal_noted.count == PY_SIGNAL_NOTED;
	if (!full)
		py_signal_noted.list[py_signal_noted.count++] =
		    (unsigned char)number;
	else if (py_signal_noted.lost++ % PY_SIGNAL_NOTED == 0)
		log_warn("signal %d is lost: %d wait already", number,
		    PY_SIGNAL_NOTED);
	pthread_mutex_unlock(&py_signal_noted.lock);
	doorbell_ring(w->commons->doorbells, w->seat);
}

/* The oldest of them; -1: there is none. */
static int
py_signal_next(void)
{
	int	 number = -1;

	pthread_mutex_lock(&py_signal_noted.lock);
	if (py_signal_noted.count > 0) {
		number = py_signal_noted.list[0];
		py_signal_noted.count--;
		memmove(py_signal_noted.list, py_signal_noted.list + 1,
		    (size_t)py_signal_noted.count);
	}
	pthread_mutex_unlock(&py_signal_noted.lock);
	return number;
}

/* Runs what has come. */
int
py_signal_work(struct worker *w)
{
	int	 number, n = 0;

	while ((number = py_signal_next()) != -1) {
		py_signal_run_here(w, number);
		py_signal_arrived(w, number);
		n++;
	}
	return n;
}

/* The master sends one. */
void
py_signal_take(struct worker *w, int number)
{
	if (number < 0 || number >= PY_SIGNALS)
		return;
	if (w->kind != PROCESS_WORKER)
		py_signal_remember(w, number);
	else if (!py_signal_keep(number) &&
	    job_add(w, py_signal_job, (void *)(intptr_t)number) == -1)
		sb_add_shared(&w->stats->signals, 1);
}

const PyMethodDef	 py_signal_methods[] = {
	{ "register_signal", py_signal_register, METH_VARARGS,
	    "register_signal(number, target, function): function(number) "
	    "runs there\nwhen the signal is raised" },
	{ "unregister_signal", py_signal_unregister, METH_O,
	    "unregister_signal(number): this process has no handler of it" },
	{ "signal", py_signal_raise, METH_VARARGS,
	    "signal(number): raises it" },
	{ "signal_registered", py_signal_registered, METH_O,
	    "signal_registered(number): True, or None" },
	{ "add_timer", py_signal_add_timer, METH_VARARGS,
	    "add_timer(number, seconds): raises it again and again" },
	{ "add_ms_timer", py_signal_add_ms_timer, METH_VARARGS,
	    "add_ms_timer(number, milliseconds): the same" },
	{ "add_rb_timer", py_signal_add_rb_timer, METH_VARARGS,
	    "add_rb_timer(number, seconds, iterations=0): the same, so "
	    "often; 0: for ever" },
	{ "add_cron", py_signal_add_cron, METH_VARARGS,
	    "add_cron(number, minute, hour, day, month, weekday): -1 is any, "
	    "-N each N-th" },
	{ "add_file_monitor", py_signal_add_file, METH_VARARGS,
	    "add_file_monitor(number, path): raises it when that changes" },
	{ "remove_timer", py_signal_remove_timer, METH_O,
	    "remove_timer(number): all timers of that signal" },
	{ "remove_cron", py_signal_remove_cron, METH_O,
	    "remove_cron(number): all crons of that signal" },
	{ "remove_file_monitor", py_signal_remove_file, METH_O,
	    "remove_file_monitor(number): all monitors of that signal" },
	{ NULL, NULL, 0, NULL }
};
