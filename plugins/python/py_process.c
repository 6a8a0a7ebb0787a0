/* uwsgi's functions and attributes about the server and its processes. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/listen_queue.h"
#include "config/config.h"
#include "plugins/python/py_app.h"
#include "plugins/python/py_core.h"
#include "shm/listener.h"
#include "shm/scoreboard.h"
#include "worker/loop.h"
#include "worker/worker.h"

/* What workers() tells of one worker id. */
struct py_process_sums {
	const struct sb_slot	*slot;		/* the newest, or NULL */
	uint64_t		 requests;
	uint64_t		 exceptions;
	uint64_t		 running_us;
	uint64_t		 bytes_out;
	uint32_t		 respawns;
};

/* A process's memory in bytes, 0 when it cannot be known. */
void
py_process_memory(pid_t pid, unsigned long long *rss, unsigned long long *vsz)
{
	char			 path[32];
	unsigned long long	 page = (unsigned long long)
	    sysconf(_SC_PAGESIZE);
	FILE			*f;

	*rss = *vsz = 0;
	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	f = pid > 0 ? fopen(path, "re") : NULL;
	if (f == NULL)
		return;
	if (fscanf(f, "%llu %llu", vsz, rss) != 2)
		*rss = *vsz = 0;
	fclose(f);
	*rss *= page;
	*vsz *= page;
}

/* mem(): (rss, vsz). New. */
static PyObject *
py_process_mem(PyObject *self, PyObject *unused)
{
	unsigned long long	 rss, vsz;

	(void)self, (void)unused;
	py_process_memory((int)getpid(), &rss, &vsz);
	return Py_BuildValue("(KK)", rss, vsz);
}

/* All processes of a worker id, dead and alive. */
static struct py_process_sums
py_process_sum(struct worker *w, int id)
{
	const struct sb_total	*total = sb_total(w->sb, id);
	struct py_process_sums	 sums = { .requests = total->requests,
	    .exceptions = total->exceptions,
	    .running_us = total->running_us, .bytes_out = total->bytes_out,
	    .respawns = total->respawns };
	const struct sb_slot	*slot;
	uint32_t		 i;

	for (i = 0; i < w->sb->slots; i++) {
		slot = sb_slot(w->sb, i);
		if (sb_get(&slot->state) == SB_SLOT_FREE ||
		    slot->worker_id != id)
			continue;
		if (sums.slot == NULL ||
		    slot->generation > sums.slot->generation)
			sums.slot = slot;
		sums.requests += sb_get(&slot->requests);
		sums.exceptions += sb_get(&slot->exceptions);
		sums.running_us += sb_get(&slot->running_us);
		sums.bytes_out += sb_get(&slot->bytes_out);
	}
	return sums;
}

/* total_requests(): of all workers since the start. New. */
static PyObject *
py_process_total_requests(PyObject *self, PyObject *unused)
{
	struct worker	*w = py_worker();
	uint64_t	 total = 0;
	int		 id;

	(void)self, (void)unused;
	for (id = 1; id <= w->cfg->processes; id++)
		total += py_process_sum(w, id).requests;
	return PyLong_FromUnsignedLongLong(total);
}

/* uWSGI's word for what a worker does. */
static const char *
py_process_status(const struct sb_slot *slot)
{
	if (slot == NULL || sb_get(&slot->state) != SB_SLOT_READY)
		return "cheap";
	return sb_get(&slot->busy_cores) > 0 ? "busy" : "idle";
}

/* One app of a worker; slot NULL: there is no process. New. */
static PyObject *
py_process_app(const struct config *cfg, const struct py_app *app,
    const struct sb_slot *slot)
{
	const struct sb_app	*did = slot == NULL || app->id >= SB_APPS ?
	    NULL : &slot->apps[app->id];

	return Py_BuildValue("{s:i,s:i,s:y,s:i,s:i,s:N,s:K,s:K,s:y}",
	    "id", app->id, "modifier1", 0, "mountpoint", app->prefix,
	    "startup_time", app->seconds, "interpreter", 0,
	    "callable", PyLong_FromVoidPtr(app->callable),
	    "requests", (unsigned long long)(did == NULL ? 0 :
	    sb_get(&did->requests)),
	    "exceptions", (unsigned long long)(did == NULL ? 0 :
	    sb_get(&did->exceptions)),
	    "chdir", cfg->chdir != NULL ? cfg->chdir : "");
}

/* The apps of a worker. New. */
static PyObject *
py_process_apps(const struct config *cfg, const struct sb_slot *slot)
{
	const struct py_app	*app;
	PyObject		*list = PyList_New(0), *item, *apps;
	int			 id, result;

	for (id = 0; list != NULL && (app = py_app_get(id)) != NULL; id++) {
		item = py_process_app(cfg, app, slot);
		result = item == NULL ? -1 : PyList_Append(list, item);
		Py_XDECREF(item);
		if (result == -1)
			Py_CLEAR(list);
	}
	if (list == NULL)
		return NULL;
	apps = PyList_AsTuple(list);
	Py_DECREF(list);
	return apps;
}

/* One worker id. New. */
static PyObject *
py_process_worker(struct worker *w, int id)
{
	struct py_process_sums	 sums = py_process_sum(w, id);
	const struct sb_slot	*slot = sums.slot;
	unsigned long long	 rss, vsz;
	PyObject		*apps = py_process_apps(w->cfg, slot);
	int			 pid = slot == NULL ? 0 : sb_get(&slot->pid);

	if (apps == NULL)
		return NULL;
	py_process_memory(pid, &rss, &vsz);
	return Py_BuildValue("{s:i,s:i,s:K,s:K,s:i,s:K,s:y,s:K,s:K,s:K,s:K,"
	    "s:I,s:K,s:K,s:N}", "id", id, "pid", pid,
	    "requests", (unsigned long long)sums.requests,
	    "delta_requests", (unsigned long long)(slot == NULL ? 0 :
	    sb_get(&slot->requests)), "signals",
	    (int)(slot == NULL ? 0 : sb_get(&slot->signals)),
	    "exceptions", (unsigned long long)sums.exceptions,
	    "status", py_process_status(slot), "rss", rss, "vsz", vsz,
	    "running_time", (unsigned long long)sums.running_us,
	    "last_spawn", (unsigned long long)(slot == NULL ? 0 :
	    slot->spawned_us / 1000000),
	    "respawn_count", (unsigned)sums.respawns,
	    "tx", (unsigned long long)sums.bytes_out,
	    "avg_rt", (unsigned long long)(slot == NULL ? 0 :
	    sb_get(&slot->avg_us)), "apps", apps);
}

/* workers(): a tuple of dicts. New. */
static PyObject *
py_process_workers(PyObject *self, PyObject *unused)
{
	struct worker	*w = py_worker();
	PyObject	*workers, *worker;
	int		 id;

	(void)self, (void)unused;
	workers = PyTuple_New(w->cfg->processes);
	for (id = 1; workers != NULL && id <= w->cfg->processes; id++) {
		worker = py_process_worker(w, id);
		if (worker == NULL)
			Py_CLEAR(workers);
		else
			PyTuple_SET_ITEM(workers, id - 1, worker);
	}
	return workers;
}

/* logsize(): of the log file, 0 when the log is none. New. */
static PyObject *
py_process_logsize(PyObject *self, PyObject *unused)
{
	const char	*path = py_worker()->cfg->logto;
	struct stat	 st;

	(void)self, (void)unused;
	if (path == NULL || stat(path, &st) == -1)
		st.st_size = 0;
	return PyLong_FromLongLong((long long)st.st_size);
}

/* micros(): microseconds since 1970. New. */
static PyObject *
py_process_micros(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	return PyLong_FromUnsignedLongLong(clock_real_us());
}

/* listen_queue(id=0): connections that nobody has accepted yet. New. */
static PyObject *
py_process_listen_queue(PyObject *self, PyObject *args)
{
	const struct listeners	*all = py_worker()->listeners;
	unsigned		 max;
	int			 id = 0, n;

	(void)self;
	if (!PyArg_ParseTuple(args, "|i:listen_queue", &id))
		return NULL;
	if (id < 0 || (size_t)id >= all->count) {
		PyErr_Format(PyExc_ValueError, "listen_queue: there is no "
		    "socket %d", id);
		return NULL;
	}
	n = listen_queue_length(all->items[id].fd, all->items[id].is_unix,
	    &max);
	return n == -1 ? PyErr_SetFromErrno(PyExc_OSError) :
	    PyLong_FromLong(n);
}

/* accepting([yes]): shall this worker take connections? New: None. */
static PyObject *
py_process_accepting(PyObject *self, PyObject *args)
{
	int	 on = 1;

	(void)self;
	if (!PyArg_ParseTuple(args, "|p:accepting", &on))
		return NULL;
	py_worker()->accept_held = !on;
	/* The hub looks at it before it polls again: let it turn. */
	if (py_core_take_loop())
		py_core_give_loop();
	Py_RETURN_NONE;
}

/* Where the kernel shows this process's arguments; false: unknown. */
static bool
py_process_arguments(char **start, size_t *len)
{
	unsigned long	 from = 0, to = 0;
	char		 stat[2048], *c;
	size_t		 n;
	FILE		*f = fopen("/proc/self/stat", "re");
	int		 field;

	if (f == NULL)
		return false;
	n = fread(stat, 1, sizeof(stat) - 1, f);
	fclose(f);
	stat[n] = '\0';
	c = strrchr(stat, ')');		/* the end of field 2 */
	for (field = 2; c != NULL && field < 48; field++)
		c = strchr(c + 1, ' ');
	if (c == NULL || sscanf(c, "%lu %lu", &from, &to) != 2 || to <= from)
		return false;
	*start = (char *)from;
	*len = to - from;
	return true;
}

/* The short name, the main thread's: that is the process's. */
static void
py_process_comm(const char *name)
{
	int	 fd = open("/proc/self/comm", O_WRONLY | O_CLOEXEC);

	if (fd == -1)
		return;
	(void)fd_write_all(fd, name, strlen(name));
	close(fd);
}

/* setprocname(name): what ps and top show. New: None. */
static PyObject *
py_process_setprocname(PyObject *self, PyObject *args)
{
	const char	*name;
	char		*start;
	size_t		 len, n;

	(void)self;
	if (!PyArg_ParseTuple(args, "s:setprocname", &name))
		return NULL;
	py_process_comm(name);
	if (py_process_arguments(&start, &len)) {
		n = strlen(name) < len ? strlen(name) : len - 1;
		memset(start, 0, len);
		memcpy(start, name, n);
	}
	Py_RETURN_NONE;
}

const PyMethodDef	 py_process_methods[] = {
	{ "mem", py_process_mem, METH_NOARGS,
	    "mem(): this process's memory in bytes, (rss, vsz)" },
	{ "total_requests", py_process_total_requests, METH_NOARGS,
	    "total_requests(): of all workers since the start" },
	{ "workers", py_process_workers, METH_NOARGS,
	    "workers(): a dict for each worker" },
	{ "logsize", py_process_logsize, METH_NOARGS,
	    "logsize(): the log file's size" },
	{ "micros", py_process_micros, METH_NOARGS,
	    "micros(): microseconds since 1970" },
	{ "listen_queue", py_process_listen_queue, METH_VARARGS,
	    "listen_queue(id=0): connections that wait for accept" },
	{ "accepting", py_process_accepting, METH_VARARGS,
	    "accepting(yes=True): shall this worker accept connections?" },
	{ "setprocname", py_process_setprocname, METH_VARARGS,
	    "setprocname(name): this process's name for ps" },
	{ NULL, NULL, 0, NULL }
};

/* The listeners' descriptors. New. */
static PyObject *
py_process_sockets(const struct listeners *all)
{
	PyObject	*list = PyList_New(0), *fd;
	size_t		 i;
	int		 result = 0;

	for (i = 0; list != NULL && i < all->count; i++) {
		fd = PyLong_FromLong(all->items[i].fd);
		result = fd == NULL ? -1 : PyList_Append(list, fd);
		Py_XDECREF(fd);
		if (result == -1)
			Py_CLEAR(list);
	}
	return list;
}

/* Sets an attribute and drops the value's reference. */
static int
py_process_set(PyObject *module, const char *name, PyObject *steal_value)
{
	int	 result;

	if (steal_value == NULL)
		return -1;
	result = PyObject_SetAttrString(module, name, steal_value);
	Py_DECREF(steal_value);
	return result;
}

/* Sets an attribute to None. */
static int
py_process_set_none(PyObject *module, const char *name)
{
	Py_INCREF(Py_None);
	return py_process_set(module, name, Py_None);
}

/* The loop engine's name, None for libevent alone. New. */
static PyObject *
py_process_loop(const struct worker *w)
{
	if (w->loop == &loop_libevent)
		Py_RETURN_NONE;
	return PyBytes_FromString(w->loop->name);
}

/* What does not change. */
int
py_process_attributes(struct worker *w, PyObject *module)
{
	if (py_process_set(module, "sockets",
	    py_process_sockets(w->listeners)) == -1 ||
	    py_process_set(module, "loop", py_process_loop(w)) == -1 ||
	    py_process_set(module, "started_on", PyLong_FromUnsignedLongLong(
	    w->sb->started_us / 1000000)) == -1 ||
	    py_process_set(module, "buffer_size",
	    PyLong_FromSize_t(w->cfg->buffer_size)) == -1 ||
	    py_process_set(module, "is_a_reload",
	    PyBool_FromLong(w->generation > 1)) == -1 ||
	    py_process_set(module, "has_threads", PyBool_FromLong(1)) == -1 ||
	    py_process_set_none(module, "applications") == -1 ||
	    py_process_set_none(module, "unbit") == -1)
		return -1;
	if (w->cfg->mode != NULL && py_process_set(module, "mode",
	    PyBytes_FromString(w->cfg->mode)) == -1)
		return -1;
	return w->cfg->pidfile == NULL ? 0 : py_process_set(module, "pidfile",
	    PyBytes_FromString(w->cfg->pidfile));
}
