/* uwsgi.spool and what belongs to it. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_spool.h"

#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/strlist.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_wait.h"
#include "shm/commons.h"
#include "shm/spoolers.h"
#include "worker/offload.h"
#include "worker/spool/spool_folder.h"
#include "worker/spool/spool_name.h"
#include "worker/spool/spool_packet.h"
#include "worker/spool/spool_task.h"
#include "worker/spool/spool_write.h"
#include "worker/spool/spooler.h"
#include "worker/spool/spools.h"
#include "worker/suspend.h"
#include "worker/worker.h"

/* So many tasks are written at the same time, while their cores are parked. */
#define PY_SPOOL_THREADS	4

/* A task that is to be written; it may outlive the request. */
struct py_spool {
	struct offload			 work;
	const struct spools		*spools;
	const struct commons		*commons;
	const struct spool_place	*place;
	struct strbuf			 packet;
	struct strbuf			 body;
	int				 priority;
	uint64_t			 at_us;
	char				*path;		/* when it is written */
	int				 error;		/* when it is not */
};

static struct offload_pool	 py_spool_pool =
    OFFLOAD_POOL(py_spool_pool, PY_SPOOL_THREADS);

/* Writes it, and wakes its spoolers. Any thread. */
static void
py_spool_write(struct offload *work)
{
	struct py_spool		*job = (struct py_spool *)work;
	struct spool_order	 order = { .folder = job->place->path,
	    .priority = job->priority, .at_us = job->at_us,
	    .packet = job->packet.buf, .packet_len = job->packet.len,
	    .body = job->body.buf, .body_len = job->body.len };

	if (spool_write(&order, &job->path) == 0)
		spools_ring(job->spools, job->place, job->commons);
	else
		job->error = errno;
}

/* Frees it. Any thread. */
static void
py_spool_free(struct offload *work)
{
	struct py_spool	*job = (struct py_spool *)work;

	strbuf_done(&job->packet);
	strbuf_done(&job->body);
	free(job->path);
	free(job);
}

/* An empty one. */
static struct py_spool *
py_spool_new(struct worker *w)
{
	struct py_spool	*job = xcalloc(1, sizeof(*job));

	job->work.run = py_spool_write;
	job->work.free = py_spool_free;
	job->work.must_run = true;
	job->work.fd = -1;
	job->spools = w->spools;
	job->commons = w->commons;
	job->place = &w->spools->items[0];
	job->priority = SPOOL_PRIORITY_NONE;
	spool_packet_begin(&job->packet);
	return job;
}

/* Bytes of a key or value: str is UTF-8, numbers are decimal. New. */
static PyObject *
py_spool_bytes(PyObject *value)
{
	PyObject	*text, *bytes;

	if (PyBytes_Check(value)) {
		Py_INCREF(value);
		return value;
	}
	if (PyUnicode_Check(value))
		return PyUnicode_AsUTF8String(value);
	if (PyObject_CheckBuffer(value))
		return PyBytes_FromObject(value);
	if (!PyLong_Check(value) && !PyFloat_Check(value)) {
		PyErr_Format(PyExc_ValueError, "spooler callable dictionary "
		    "must contains only bytes (or str, or numbers), not "
		    "%.100s", Py_TYPE(value)->tp_name);
		return NULL;
	}
	text = PyObject_Str(value);
	bytes = text == NULL ? NULL : PyUnicode_AsUTF8String(text);
	Py_XDECREF(text);
	return bytes;
}

/* "spooler": which one. */
static int
py_spool_set_place(struct py_spool *job, PyObject *value)
{
	job->place = spools_find(job->spools, PyBytes_AS_STRING(value),
	    (size_t)PyBytes_GET_SIZE(value));
	if (job->place != NULL)
		return 0;
	PyErr_Format(PyExc_ValueError, "there is no spooler %R", value);
	return -1;
}

/* "priority": a number, which becomes a folder's name. */
static int
py_spool_set_priority(struct py_spool *job, PyObject *value)
{
	job->priority = spool_name_priority(PyBytes_AS_STRING(value),
	    (size_t)PyBytes_GET_SIZE(value));
	if (job->priority != SPOOL_PRIORITY_NONE)
		return 0;
	PyErr_Format(PyExc_ValueError, "a spooler's priority is a number from "
	    "0 to %d, not %R", SPOOL_PRIORITY_MAX, value);
	return -1;
}

/* "at": seconds since 1970. */
static int
py_spool_set_at(struct py_spool *job, PyObject *value)
{
	double	 at;

	at = PyOS_string_to_double(PyBytes_AS_STRING(value), NULL, NULL);
	if (at == -1 && PyErr_Occurred())
		return -1;
	if (!isfinite(at) || at > 1e12) {
		PyErr_Format(PyExc_ValueError, "a spooler's \"at\" is seconds "
		    "since 1970, not %R", value);
		return -1;
	}
	job->at_us = at <= 0 ? 0 : (uint64_t)(at * 1e6);
	return 0;
}

/* "body": as large as it likes. */
static int
py_spool_set_body(struct py_spool *job, PyObject *value)
{
	if ((size_t)PyBytes_GET_SIZE(value) > SPOOL_BODY_MAX) {
		PyErr_SetString(PyExc_ValueError,
		    "a spooler's body has at most 1 GiB");
		return -1;
	}
	strbuf_truncate(&job->body, 0);		/* the last one counts */
	strbuf_add(&job->body, PyBytes_AS_STRING(value),
	    (size_t)PyBytes_GET_SIZE(value));
	return 0;
}

/* Keys that mean something to the spooler; all but "body" stay variables. */
static const struct py_spool_key {
	const char	*name;
	int		(*set)(struct py_spool *job, PyObject *value);
	bool		 is_variable;
} py_spool_keys[] = {
	{ "spooler", py_spool_set_place, true },
	{ "priority", py_spool_set_priority, true },
	{ "at", py_spool_set_at, true },
	{ "body", py_spool_set_body, false },
};

/* Which one is it? NULL: an ordinary one. */
static const struct py_spool_key *
py_spool_find_key(PyObject *key)
{
	size_t	 i;

	for (i = 0; i < sizeof(py_spool_keys) / sizeof(*py_spool_keys); i++) {
		if (strcmp(py_spool_keys[i].name, PyBytes_AS_STRING(key)) ==
		    0 && strlen(py_spool_keys[i].name) ==
		    (size_t)PyBytes_GET_SIZE(key))
			return &py_spool_keys[i];
	}
	return NULL;
}

/* Adds one that is bytes; -1 with an exception. */
static int
py_spool_add_bytes(struct py_spool *job, PyObject *key, PyObject *value)
{
	const struct py_spool_key	*known = py_spool_find_key(key);

	if (known != NULL && known->set(job, value) == -1)
		return -1;
	if (known != NULL && !known->is_variable)
		return 0;
	if (PyBytes_GET_SIZE(key) == 0)
		PyErr_SetString(PyExc_ValueError,
		    "a spooler's keys cannot be empty");
	else if (spool_packet_add(&job->packet, PyBytes_AS_STRING(key),
	    (size_t)PyBytes_GET_SIZE(key), PyBytes_AS_STRING(value),
	    (size_t)PyBytes_GET_SIZE(value)) == 0)
		return 0;
	else
		PyErr_SetString(PyExc_ValueError, "a task's keys and values "
		    "have at most 64 KiB together; \"body\" may be larger");
	return -1;
}

/* Adds one; -1 with an exception. */
static int
py_spool_add(struct py_spool *job, PyObject *key, PyObject *value)
{
	PyObject	*name = NULL, *bytes = NULL;
	int		 result = -1;

	name = py_spool_bytes(key);
	if (name != NULL)
		bytes = py_spool_bytes(value);
	if (bytes != NULL)
		result = py_spool_add_bytes(job, name, bytes);
	Py_XDECREF(name);
	Py_XDECREF(bytes);
	return result;
}

/* Adds all of a dict; -1 with an exception. */
static int
py_spool_add_all(struct py_spool *job, PyObject *dict)
{
	PyObject	*items, *item;
	Py_ssize_t	 i;
	int		 result = 0;

	items = PyDict_Items(dict);
	if (items == NULL)
		return -1;
	for (i = 0; result == 0 && i < PyList_GET_SIZE(items); i++) {
		item = PyList_GET_ITEM(items, i);
		result = py_spool_add(job, PyTuple_GET_ITEM(item, 0),
		    PyTuple_GET_ITEM(item, 1));
	}
	Py_DECREF(items);
	return result;
}

/* What was given, as a task; NULL with an exception. */
static struct py_spool *
py_spool_parse(PyObject *args, PyObject *keywords)
{
	struct py_spool	*job;
	PyObject	*dict = NULL;

	if (PyTuple_GET_SIZE(args) > 0)
		dict = PyTuple_GET_ITEM(args, 0);
	if (PyTuple_GET_SIZE(args) > 1 ||
	    (dict != NULL && !PyDict_Check(dict)) ||
	    (dict == NULL && keywords == NULL)) {
		PyErr_SetString(PyExc_ValueError, "The argument of spooler "
		    "callable must be a dictionary");
		return NULL;
	}
	job = py_spool_new(py_worker());
	if ((dict == NULL || py_spool_add_all(job, dict) == 0) &&
	    (keywords == NULL || py_spool_add_all(job, keywords) == 0))
		return job;
	offload_drop(&job->work);
	return NULL;
}

/*
 * The core to park while others go on; NULL: the caller's thread is its own,
 * or somebody waits in its request's name already, or there is no other core.
 */
static struct core *
py_spool_core(void)
{
	const struct suspend_engine	*suspend = py_worker()->suspend;
	struct core			*core = py_core_current();

	if (core == NULL || !suspend->can_park || suspend->attach != NULL)
		return NULL;
	if (py_core_may_wait(core))
		return core;
	PyErr_Clear();
	return NULL;
}

/* For py_gil_without. */
static int
py_spool_here(void *arg)
{
	struct offload	*work = arg;

	work->run(work);
	return 0;
}

/* spool(dict) or spool(**keywords): the task's path. New. */
static PyObject *
py_spool_spool(PyObject *self, PyObject *args, PyObject *keywords)
{
	struct py_spool		*job = py_spool_parse(args, keywords);
	struct core		*core;
	enum wait_reason	 reason = WAIT_READY;
	PyObject		*path = NULL;

	(void)self;
	if (job == NULL)
		return NULL;
	core = py_spool_core();
	if (core == NULL)
		py_gil_without(py_spool_here, &job->work);
	else
		reason = offload_run(&py_spool_pool, core, &job->work, -1);
	if (reason != WAIT_READY || PyErr_Occurred())
		py_wait_raise(reason);
	else if (job->path != NULL)
		path = PyBytes_FromString(job->path);
	else {
		errno = job->error;
		PyErr_SetFromErrnoWithFilename(PyExc_OSError,
		    job->place->path);
	}
	offload_drop(&job->work);
	return path;
}

/* One key and value, both taken. */
static int
py_spool_dict_set(PyObject *dict, PyObject *steal_key, PyObject *steal_value)
{
	int	 result = -1;

	if (steal_key != NULL && steal_value != NULL)
		result = PyDict_SetItem(dict, steal_key, steal_value);
	Py_XDECREF(steal_key);
	Py_XDECREF(steal_value);
	return result;
}

/* A task. New. */
PyObject *
py_spool_dict(const char *name, const struct spool_packet *packet)
{
	PyObject		*dict = PyDict_New();
	struct spool_var	 var;
	size_t			 at = 0;
	int			 result;

	if (dict == NULL)
		return NULL;
	result = py_spool_dict_set(dict,
	    PyUnicode_FromString("spooler_task_name"),
	    PyBytes_FromString(name));
	while (result == 0 && spool_packet_next(packet, &at, &var))
		result = py_spool_dict_set(dict,
		    PyBytes_FromStringAndSize(var.key,
		    (Py_ssize_t)var.key_len),
		    PyBytes_FromStringAndSize(var.value,
		    (Py_ssize_t)var.value_len));
	if (result == 0 && packet->body_len > 0)
		result = py_spool_dict_set(dict, PyUnicode_FromString("body"),
		    PyBytes_FromStringAndSize(packet->body,
		    (Py_ssize_t)packet->body_len));
	if (result == -1)
		Py_CLEAR(dict);
	return dict;
}

/* For py_gil_without: reads a task's file. */
struct py_spool_peek {
	const char		*path;
	const char		*offence;
	char			*data;
	struct spool_packet	 packet;
};

/* Reads it. */
static int
py_spool_peek(void *arg)
{
	struct py_spool_peek	*peek = arg;

	peek->offence = spool_task_peek(peek->path, &peek->data,
	    &peek->packet);
	return 0;
}

/* spooler_get_task(path): its dict; None: it is none. New. */
static PyObject *
py_spool_get_task(PyObject *self, PyObject *path)
{
	struct py_spool_peek	 peek = { .data = NULL };
	PyObject		*bytes, *dict = NULL;

	(void)self;
	if (!PyUnicode_FSConverter(path, &bytes))
		return NULL;
	peek.path = PyBytes_AS_STRING(bytes);
	py_gil_without(py_spool_peek, &peek);
	if (peek.offence == NULL)
		dict = py_spool_dict(peek.path, &peek.packet);
	free(peek.data);
	Py_DECREF(bytes);
	if (peek.offence != NULL)
		Py_RETURN_NONE;
	return dict;
}

/* For py_gil_without: the paths of all tasks of the server's own spoolers. */
static int
py_spool_list(void *arg)
{
	const struct spools	*spools = py_worker()->spools;
	struct spool_folder	 folder;
	size_t			 i;

	for (i = 0; i < spools->count; i++) {
		if (spools->items[i].is_external ||
		    spool_folder_open(&folder, spools->items[i].path) == -1)
			continue;
		spool_folder_list(&folder, arg);
		spool_folder_close(&folder);
	}
	return 0;
}

/* spooler_jobs(): their paths. New. */
static PyObject *
py_spool_jobs(PyObject *self, PyObject *unused)
{
	struct strlist	 paths = { NULL, 0 };
	PyObject	*list = PyList_New(0), *path;
	size_t		 i;

	(void)self, (void)unused;
	if (list == NULL)
		return NULL;
	py_gil_without(py_spool_list, &paths);
	for (i = 0; list != NULL && i < paths.count; i++) {
		path = PyBytes_FromString(paths.items[i]);
		if (path == NULL || PyList_Append(list, path) == -1)
			Py_CLEAR(list);
		Py_XDECREF(path);
	}
	strlist_done(&paths);
	return list;
}

/* A spooler process's pid, 0 while there is none. */
static long
py_spool_pid_of(int number)
{
	const struct spoolers	*all = py_worker()->commons->spoolers;

	return number > all->count ? 0 :
	    (long)atomic_load(&all->rows[number - 1].pid);
}

/* spooler_pid(): of the first one. New. */
static PyObject *
py_spool_pid(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	return PyLong_FromLong(py_spool_pid_of(1));
}

/* spooler_pids(): of all. New. */
static PyObject *
py_spool_pids(PyObject *self, PyObject *unused)
{
	int		 n = py_worker()->commons->spoolers->count, i;
	PyObject	*list = PyList_New(n), *pid;

	(void)self, (void)unused;
	for (i = 0; list != NULL && i < n; i++) {
		pid = PyLong_FromLong(py_spool_pid_of(i + 1));
		if (pid == NULL)
			Py_CLEAR(list);
		else
			PyList_SET_ITEM(list, i, pid);
	}
	return list;
}

/* set_spooler_frequency(seconds), 0: as configured. True. New. */
static PyObject *
py_spool_set_frequency(PyObject *self, PyObject *arg)
{
	struct worker	*w = py_worker();
	double		 seconds = PyFloat_AsDouble(arg);
	size_t		 i;

	(void)self;
	if (seconds == -1 && PyErr_Occurred())
		return NULL;
	if (seconds != 0 && !(seconds >= 0.1 && seconds <= 86400)) {
		PyErr_SetString(PyExc_ValueError, "a spooler's frequency is "
		    "from 0.1 to 86400 seconds");
		return NULL;
	}
	atomic_store(&w->commons->spoolers->frequency_us,
	    (uint64_t)(seconds * 1e6));
	/* Who waits for the old one. */
	for (i = 0; i < w->spools->count; i++)
		spools_ring(w->spools, &w->spools->items[i], w->commons);
	Py_RETURN_TRUE;
}

/* spooler_dir(): this spooler's folder; ValueError elsewhere. New. */
static PyObject *
py_spool_dir(PyObject *self, PyObject *unused)
{
	struct worker	*w = py_worker();

	(void)self, (void)unused;
	if (w->kind == PROCESS_SPOOLER)
		return PyBytes_FromString(spools_of(w->spools,
		    w->number)->path);
	PyErr_SetString(PyExc_ValueError, "This process is not a spooler");
	return NULL;
}

/* i_am_the_spooler(): True, or None. New. */
static PyObject *
py_spool_am_i(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	if (py_worker()->kind == PROCESS_SPOOLER)
		Py_RETURN_TRUE;
	Py_RETURN_NONE;
}

const PyMethodDef	 py_spool_methods[] = {
	{ "i_am_the_spooler", py_spool_am_i, METH_NOARGS,
	    "i_am_the_spooler(): True in a spooler, else None" },
	{ "spooler_dir", py_spool_dir, METH_NOARGS,
	    "spooler_dir(): in a spooler: its folder" },
	{ NULL, NULL, 0, NULL }
};

const PyMethodDef	 py_spooler_methods[] = {
	{ "spool", (PyCFunction)(void (*)(void))py_spool_spool,
	    METH_VARARGS | METH_KEYWORDS,
	    "spool(dict) or spool(**keywords): puts a task into a spooler; "
	    "its path" },
	{ "send_to_spooler", (PyCFunction)(void (*)(void))py_spool_spool,
	    METH_VARARGS | METH_KEYWORDS, "send_to_spooler(): as spool()" },
	{ "set_spooler_frequency", py_spool_set_frequency, METH_O,
	    "set_spooler_frequency(seconds): how often spoolers look" },
	{ "spooler_jobs", py_spool_jobs, METH_NOARGS,
	    "spooler_jobs(): the paths of all tasks" },
	{ "spooler_pid", py_spool_pid, METH_NOARGS,
	    "spooler_pid(): of the first spooler" },
	{ "spooler_pids", py_spool_pids, METH_NOARGS,
	    "spooler_pids(): of all spoolers" },
	{ "spooler_get_task", py_spool_get_task, METH_O,
	    "spooler_get_task(path): a task as its handler gets it" },
	{ NULL, NULL, 0, NULL }
};

/* Is there any? */
bool
py_spool_is_wanted(const struct config *cfg)
{
	return cfg->spooler.count > 0 || cfg->spooler_external.count > 0;
}

/* The folders, as bytes. New. */
static PyObject *
py_spool_tuple(const struct spools *spools)
{
	PyObject	*tuple = PyTuple_New((Py_ssize_t)spools->count), *path;
	size_t		 i;

	for (i = 0; tuple != NULL && i < spools->count; i++) {
		path = PyBytes_FromString(spools->items[i].path);
		if (path == NULL)
			Py_CLEAR(tuple);
		else
			PyTuple_SET_ITEM(tuple, (Py_ssize_t)i, path);
	}
	return tuple;
}

/* The attributes. */
int
py_spool_attributes(struct worker *w, PyObject *module)
{
	PyObject	*tuple;
	int		 result;

	if (PyModule_AddIntMacro(module, SPOOL_OK) == -1 ||
	    PyModule_AddIntMacro(module, SPOOL_RETRY) == -1 ||
	    PyModule_AddIntMacro(module, SPOOL_IGNORE) == -1)
		return -1;
	if (w->spools == NULL)
		return 0;
	tuple = py_spool_tuple(w->spools);
	if (tuple == NULL)
		return -1;
	result = PyObject_SetAttrString(module, "spoolers", tuple);
	Py_DECREF(tuple);
	return result;
}
