/* uwsgi.mule_msg and what belongs to it. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_mule.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_signal.h"
#include "plugins/python/py_wait.h"
#include "shm/commons.h"
#include "shm/doorbell.h"
#include "shm/mailbox.h"
#include "worker/worker.h"

static PyObject	*py_mule_list;	/* install_mule_msg_hook's, or NULL */

/* This process's number as a mule, 0: it is none. */
static int
py_mule_number(const struct worker *w)
{
	return w->kind == PROCESS_MULE ? w->number : 0;
}

/* Reads a farm of the configuration, which was checked. */
static void
py_mule_farm(const struct worker *w, size_t i, struct farm_rule *farm)
{
	char	*cause;

	if (farm_rule_parse(farm, w->cfg->farm.items[i], mules_count(w->cfg),
	    &cause) == -1)
		free(cause);
}

/* The queue of a farm; -1: there is none of that name. */
static int
py_mule_farm_box(const struct worker *w, const char *name)
{
	struct farm_rule	 farm;
	size_t			 i;

	for (i = 0; i < w->cfg->farm.count; i++) {
		py_mule_farm(w, i, &farm);
		if (strcmp(farm.name, name) == 0)
			return mailbox_farm(w->commons->mailboxes, (int)i);
	}
	return -1;
}

/* Adds one queue. */
static void
py_mule_boxes_add(struct py_mule_boxes *b, const struct worker *w, int box)
{
	b->boxes[b->n] = box;
	b->fds[b->n].fd = w->commons->mailboxes->list[box].out;
	b->fds[b->n].events = POLLIN;
	b->n++;
}

/* What this mule listens to. */
void
py_mule_boxes_init(struct py_mule_boxes *b, struct worker *w, bool own,
    bool farms)
{
	struct farm_rule	 farm;
	size_t			 i;

	b->n = 0;
	if (own) {
		py_mule_boxes_add(b, w, w->number);
		py_mule_boxes_add(b, w, MAILBOX_ANY);
	}
	for (i = 0; farms && i < w->cfg->farm.count; i++) {
		py_mule_farm(w, i, &farm);
		if (farm.has[w->number])
			py_mule_boxes_add(b, w,
			    mailbox_farm(w->commons->mailboxes, (int)i));
	}
}

/* A message from one queue; NULL without an exception: there is none. New. */
static PyObject *
py_mule_take_from(struct worker *w, int box, size_t size, bool *ended)
{
	PyObject	*bytes;
	ssize_t		 n;

	bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
	if (bytes == NULL)
		return NULL;
	n = mailbox_take(w->commons->mailboxes, box, PyBytes_AS_STRING(bytes),
	    size);
	if (n < 0) {
		*ended = errno == EPIPE;
		Py_DECREF(bytes);
		return NULL;
	}
	if ((size_t)n > size) {
		log_warn("a message of %zd bytes is cut to %zu", n, size);
		n = (ssize_t)size;
	}
	if (_PyBytes_Resize(&bytes, n) == -1)
		return NULL;
	return bytes;
}

/* The next message. */
PyObject *
py_mule_take(struct py_mule_boxes *b, struct worker *w, size_t size)
{
	PyObject	*bytes = NULL;
	bool		 ended = false;
	size_t		 i;

	for (i = 0; bytes == NULL && i < b->n && !PyErr_Occurred(); i++) {
		if (b->fds[i].fd == -1)
			continue;
		bytes = py_mule_take_from(w, b->boxes[i], size, &ended);
		if (ended) {
			log_error("somebody has ended a queue of the mules");
			b->fds[i].fd = -1;
		}
		ended = false;
	}
	return bytes;
}

/* mule_id(): 1..N in a mule, 0 elsewhere. New. */
static PyObject *
py_mule_id(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	return PyLong_FromLong(py_mule_number(py_worker()));
}

/* Says why a message was not taken; not for each of a flood. */
static void
py_mule_refused(Py_ssize_t len, int error)
{
	static uint64_t	 said_us;	/* under the lock */
	uint64_t	 now = clock_mono_us();

	if (said_us != 0 && now - said_us < 1000000)
		return;
	said_us = now;
	errno = error;
	if (errno == EMSGSIZE || errno == ENOBUFS)
		log_warn("a message of %zd bytes is more than a queue of the "
		    "mules holds (mule-msg-size)", len);
	else if (errno == EAGAIN)
		log_warn("a queue of the mules is full (mule-msg-size)");
	else
		log_error("a message to a mule: %s", strerror(errno));
}

/* Puts a message into a queue; True, or False when it is full. New. */
static PyObject *
py_mule_put(int box, const char *data, Py_ssize_t len)
{
	const struct mailboxes	*all = py_worker()->commons->mailboxes;

	if (mailbox_put(all, box, data, (size_t)len) == 0)
		Py_RETURN_TRUE;
	py_mule_refused(len, errno);
	Py_RETURN_FALSE;
}

/* The queue that mule_msg's second argument means; -1 with an exception. */
static int
py_mule_box(const struct worker *w, PyObject *what)
{
	const char	*name;
	long		 number;
	int		 box;

	if (what == NULL || what == Py_None)
		return MAILBOX_ANY;
	if (PyLong_Check(what)) {
		number = PyLong_AsLong(what);
		if (number >= 0 && number <= w->commons->mailboxes->mules)
			return (int)number;
		if (!PyErr_Occurred() ||
		    PyErr_ExceptionMatches(PyExc_OverflowError))
			PyErr_SetString(PyExc_ValueError,
			    "invalid mule number");
		return -1;
	}
	name = PyBytes_Check(what) ? PyBytes_AS_STRING(what) :
	    PyUnicode_Check(what) ? PyUnicode_AsUTF8(what) : NULL;
	if (PyErr_Occurred())
		return -1;
	box = name == NULL ? -1 : py_mule_farm_box(w, name);
	if (box == -1)
		PyErr_SetString(PyExc_ValueError, name == NULL ?
		    "invalid mule" : "unknown farm");
	return box;
}

/* mule_msg(message, mule or farm=0): True, False: full. New. */
static PyObject *
py_mule_msg(PyObject *self, PyObject *args)
{
	struct worker	*w = py_worker();
	PyObject	*what = NULL;
	const char	*data;
	Py_ssize_t	 len;
	int		 box;

	(void)self;
	if (!PyArg_ParseTuple(args, "s#|O:mule_msg", &data, &len, &what))
		return NULL;
	if (w->commons->mailboxes == NULL) {
		PyErr_SetString(PyExc_ValueError, "no mule configured");
		return NULL;
	}
	box = py_mule_box(w, what);
	return box == -1 ? NULL : py_mule_put(box, data, len);
}

/* farm_msg(farm, message): True, False: full. New. */
static PyObject *
py_mule_farm_msg(PyObject *self, PyObject *args)
{
	struct worker	*w = py_worker();
	const char	*name, *data;
	Py_ssize_t	 len;
	int		 box = -1;

	(void)self;
	if (!PyArg_ParseTuple(args, "ss#:farm_msg", &name, &data, &len))
		return NULL;
	if (w->commons->mailboxes != NULL)
		box = py_mule_farm_box(w, name);
	if (box != -1)
		return py_mule_put(box, data, len);
	PyErr_SetString(PyExc_ValueError, "unknown farm");
	return NULL;
}

/* Is this a mule? Else ValueError. */
static bool
py_mule_is_one(struct worker *w, const char *what)
{
	if (py_mule_number(w) != 0)
		return true;
	PyErr_Format(PyExc_ValueError, "you can receive %s messages only in a "
	    "mule", what);
	return false;
}

/*
 * Waits for a message from these queues; NULL without an exception after the
 * time (below 0: none). New.
 */
static PyObject *
py_mule_wait(struct worker *w, struct py_mule_boxes *b, size_t size,
    double seconds, bool signals)
{
	struct pollfd	*bell = &b->fds[b->n];
	uint64_t	 start = clock_mono_us();
	PyObject	*bytes;
	double		 left = seconds;
	int		 got;

	bell->fd = signals ? doorbell_fd(w->commons->doorbells, w->seat) : -1;
	bell->events = POLLIN;
	for (;;) {
		bytes = py_mule_take(b, w, size);
		if (bytes != NULL || PyErr_Occurred())
			return bytes;
		/* Another mule may be quicker, and take it. */
		bell->revents = 0;
		got = py_wait_block(b->fds, (nfds_t)b->n + 1, left);
		if (got == -1 || (got == 0 && seconds >= 0))
			return NULL;
		if (bell->revents != 0) {
			doorbell_answer(w->commons->doorbells, w->seat);
			(void)py_signal_work(w);
		}
		left = clock_left(seconds, start);
	}
}

/* How much a message may have; false with an exception. */
static bool
py_mule_size_is_good(Py_ssize_t size)
{
	if (size > 0 && size <= INT_MAX)
		return true;
	PyErr_SetString(PyExc_ValueError, "buffer_size must be positive");
	return false;
}

/*
 * mule_get_msg(signals=True, farms=True, buffer_size=65536, timeout=-1): the
 * next message, b"" after the timeout. New.
 */
static PyObject *
py_mule_get_msg(PyObject *self, PyObject *args, PyObject *keywords)
{
	static char		*names[] = { "signals", "farms",
	    "buffer_size", "timeout", NULL };
	struct worker		*w = py_worker();
	struct py_mule_boxes	 b;
	PyObject		*bytes;
	Py_ssize_t		 size = 65536;
	double			 timeout = -1;
	int			 signals = 1, farms = 1;

	(void)self;
	if (!py_mule_is_one(w, "mule") ||
	    !PyArg_ParseTupleAndKeywords(args, keywords, "|ppnd:mule_get_msg",
	    names, &signals, &farms, &size, &timeout) ||
	    !py_mule_size_is_good(size))
		return NULL;
	if (isnan(timeout)) {
		PyErr_SetString(PyExc_ValueError,
		    "mule_get_msg: the timeout is not a number");
		return NULL;
	}
	py_mule_boxes_init(&b, w, true, farms != 0);
	bytes = py_mule_wait(w, &b, (size_t)size, timeout, signals != 0);
	if (bytes == NULL && !PyErr_Occurred())
		return PyBytes_FromStringAndSize("", 0);
	return bytes;
}

/* farm_get_msg(): the next message of this mule's farms. New. */
static PyObject *
py_mule_farm_get_msg(PyObject *self, PyObject *unused)
{
	struct worker		*w = py_worker();
	struct py_mule_boxes	 b;

	(void)self, (void)unused;
	if (!py_mule_is_one(w, "farm"))
		return NULL;
	py_mule_boxes_init(&b, w, false, true);
	if (b.n == 0) {
		PyErr_SetString(PyExc_ValueError, "this mule is in no farm");
		return NULL;
	}
	return py_mule_wait(w, &b, 65536, -1, true);
}

/* in_farm([name]): True, or None. New. */
static PyObject *
py_mule_in_farm(PyObject *self, PyObject *args)
{
	struct worker		*w = py_worker();
	struct farm_rule	 farm;
	const char		*name = NULL;
	size_t			 i;

	(void)self;
	if (!PyArg_ParseTuple(args, "|z:in_farm", &name))
		return NULL;
	for (i = 0; py_mule_number(w) != 0 && i < w->cfg->farm.count; i++) {
		py_mule_farm(w, i, &farm);
		if (farm.has[w->number] &&
		    (name == NULL || strcmp(name, farm.name) == 0))
			Py_RETURN_TRUE;
	}
	Py_RETURN_NONE;
}

/* mule_file([id]): a mule's script; None: it has none. New. */
static PyObject *
py_mule_file(PyObject *self, PyObject *args)
{
	struct worker	*w = py_worker();
	const char	*script;
	int		 id = py_mule_number(w);

	(void)self;
	if (!PyArg_ParseTuple(args, "|i:mule_file", &id))
		return NULL;
	if (id < 0 || id > mules_count(w->cfg)) {
		PyErr_SetString(PyExc_ValueError, "there is no mule of that "
		    "number");
		return NULL;
	}
	script = mules_script(w->cfg, id);
	if (script == NULL)
		Py_RETURN_NONE;
	return PyBytes_FromString(script);
}

/* mule_msg_recv_size(): how long a message a mule without a script takes. */
static PyObject *
py_mule_msg_recv_size(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	return PyLong_FromSize_t(py_worker()->cfg->mule_msg_recv_size);
}

/* install_mule_msg_hook(function): one more, behind mule_msg_hook. New. */
static PyObject *
py_mule_install(PyObject *self, PyObject *function)
{
	(void)self;
	if (!PyCallable_Check(function)) {
		PyErr_SetString(PyExc_TypeError,
		    "install_mule_msg_hook() takes a function");
		return NULL;
	}
	if (py_mule_list == NULL)
		py_mule_list = PyList_New(0);
	if (py_mule_list == NULL ||
	    PyList_Append(py_mule_list, function) == -1)
		return NULL;
	Py_RETURN_NONE;
}

/* What was installed so. */
PyObject *
py_mule_hooks(void)
{
	return py_mule_list;
}

const PyMethodDef	 py_mule_methods[] = {
	{ "mule_id", py_mule_id, METH_NOARGS,
	    "mule_id(): 1..N in a mule, 0 elsewhere" },
	{ "mule_msg", py_mule_msg, METH_VARARGS,
	    "mule_msg(message, to=0): to a mule, a farm, or any mule" },
	{ "mule_get_msg", (PyCFunction)(void (*)(void))py_mule_get_msg,
	    METH_VARARGS | METH_KEYWORDS,
	    "mule_get_msg(signals=True, farms=True, buffer_size=65536, "
	    "timeout=-1):\nin a mule: the next message" },
	{ "farm_msg", py_mule_farm_msg, METH_VARARGS,
	    "farm_msg(farm, message): to the mules of a farm" },
	{ "farm_get_msg", py_mule_farm_get_msg, METH_NOARGS,
	    "farm_get_msg(): in a mule: the next message of its farms" },
	{ "in_farm", py_mule_in_farm, METH_VARARGS,
	    "in_farm(name=None): is this mule in that farm, or in any?" },
	{ "mule_file", py_mule_file, METH_VARARGS,
	    "mule_file(id): the script of a mule, of this one without id" },
	{ "mule_msg_recv_size", py_mule_msg_recv_size, METH_NOARGS,
	    "mule_msg_recv_size(): the option of that name" },
	{ "install_mule_msg_hook", py_mule_install, METH_O,
	    "install_mule_msg_hook(function): called with each message" },
	{ NULL, NULL, 0, NULL }
};
