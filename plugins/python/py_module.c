/* The module wsgimaster, which is also called uwsgi. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_module.h"

#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "build_config.h"
#include "config/config.h"
#include "plugins/asyncio/asyncio_guest.h"
#include "plugins/python/py_alarm.h"
#include "plugins/python/py_async.h"
#include "plugins/python/py_cache.h"
#include "plugins/python/py_client.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_gone.h"
#include "plugins/python/py_harakiri.h"
#include "plugins/python/py_mule.h"
#include "plugins/python/py_lock.h"
#include "plugins/python/py_metric.h"
#include "plugins/python/py_opt.h"
#include "plugins/python/py_process.h"
#include "plugins/python/py_read.h"
#include "plugins/python/py_request.h"
#include "plugins/python/py_rpc.h"
#include "plugins/python/py_signal.h"
#include "plugins/python/py_queue.h"
#include "plugins/python/py_sharedarea.h"
#include "plugins/python/py_socket.h"
#include "plugins/python/py_spool.h"
#include "plugins/python/py_task.h"
#include "plugins/python/py_wait.h"
#include "plugins/python/py_websocket.h"
#include "shm/messages.h"
#include "shm/scoreboard.h"
#include "worker/core.h"
#include "worker/request.h"
#include "worker/worker.h"

static PyObject	*py_module;	/* ours for the whole run */

/* worker_id(): 1..N; 0 while the app is loaded before the fork. New. */
static PyObject *
py_module_worker_id(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	return PyLong_FromLong(py_worker()->id);
}

/* masterpid(). New. */
static PyObject *
py_module_masterpid(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	return PyLong_FromLong(py_worker()->sb->master_pid);
}

/* ready(): does this worker accept requests? New. */
static PyObject *
py_module_ready(PyObject *self, PyObject *unused)
{
	struct worker	*w = py_worker();

	(void)self, (void)unused;
	return PyBool_FromLong(w->id > 0 && !w->draining && !w->stopped &&
	    sb_get(&w->stats->accepting) != 0);
}

/* Tells the master something. New. */
static PyObject *
py_module_ask(int type)
{
	if (py_worker()->number == 0) {
		PyErr_SetString(PyExc_RuntimeError, "not before the fork");
		return NULL;
	}
	worker_tell_master(py_worker(), type, 0);
	Py_RETURN_TRUE;
}

/* reload(): asks for a graceful reload. New. */
static PyObject *
py_module_reload(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	return py_module_ask(MSG_ASK_RELOAD);
}

/* stop(): asks for a graceful stop. New. */
static PyObject *
py_module_stop(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	return py_module_ask(MSG_ASK_STOP);
}

/* log(text): a record in the server's log. New. */
static PyObject *
py_module_log(PyObject *self, PyObject *text)
{
	struct core	*core = py_core_current();
	PyObject	*bytes;
	int		 len;

	(void)self;
	if (PyBytes_Check(text)) {
		bytes = text;
		Py_INCREF(bytes);
	} else if (PyUnicode_Check(text))
		bytes = PyUnicode_AsEncodedString(text, "utf-8",
		    "backslashreplace");
	else {
		PyErr_Format(PyExc_TypeError, "log() takes str or bytes, not "
		    "%.100s", Py_TYPE(text)->tp_name);
		return NULL;
	}
	if (bytes == NULL)
		return NULL;
	len = (int)(PyBytes_GET_SIZE(bytes) < 1 << 20 ?
	    PyBytes_GET_SIZE(bytes) : 1 << 20);
	if (core == NULL)
		core = py_task_core();
	if (core != NULL)
		request_log(&core->req, LOG_LEVEL_INFO, "%.*s", len,
		    PyBytes_AS_STRING(bytes));
	else
		log_info("%.*s", len, PyBytes_AS_STRING(bytes));
	Py_DECREF(bytes);
	Py_RETURN_TRUE;
}

/*
 * What is different for each caller: env, the request's environ, and its
 * start_response. New.
 */
static PyObject *
py_module_getattr(PyObject *self, PyObject *name)
{
	const struct core	*core = py_core_current();
	const struct py_core	*own;
	PyObject		*value = NULL;

	(void)self;
	if (core == NULL)
		core = py_task_core();
	own = core == NULL ? NULL : py_core_of(core);
	if (own != NULL && own->env != NULL) {
		if (PyUnicode_CompareWithASCIIString(name, "env") == 0)
			value = own->env;
		else if (PyUnicode_CompareWithASCIIString(name,
		    "start_response") == 0)
			value = own->start;
	}
	if (value == NULL) {
		PyErr_Format(PyExc_AttributeError,
		    "module 'wsgimaster' has no attribute %R", name);
		return NULL;
	}
	Py_INCREF(value);
	return value;
}

static PyMethodDef	 py_module_methods[] = {
	{ "__getattr__", py_module_getattr, METH_O, NULL },
	{ "worker_id", py_module_worker_id, METH_NOARGS,
	    "worker_id(): 1..N, or 0 before the fork" },
	{ "masterpid", py_module_masterpid, METH_NOARGS,
	    "masterpid(): the master's process id" },
	{ "ready", py_module_ready, METH_NOARGS,
	    "ready(): does this worker accept requests?" },
	{ "reload", py_module_reload, METH_NOARGS,
	    "reload(): asks the master for a graceful reload" },
	{ "stop", py_module_stop, METH_NOARGS,
	    "stop(): asks the master for a graceful stop" },
	{ "log", py_module_log, METH_O,
	    "log(text): writes a record to the server's log" },
	{ "sleep", py_wait_sleep, METH_O,
	    "sleep(seconds): other requests run meanwhile" },
	{ "wait", (PyCFunction)(void (*)(void))py_wait_fd,
	    METH_VARARGS | METH_KEYWORDS,
	    "wait(fd, events='r', timeout=None): waits until the descriptor "
	    "is ready;\ngives those of events that are, '' after the timeout" },
	{ NULL, NULL, 0, NULL }
};

static struct PyModuleDef	 py_module_def = {
	PyModuleDef_HEAD_INIT,
	.m_name = "wsgimaster",
	.m_doc = "The server this app runs in.",
	.m_size = -1,
	.m_methods = py_module_methods,
};

/*
 * Functions of other files. As in uWSGI, those of a subsystem that is not asked
 * for are not there (wanted; NULL: always).
 */
static const struct {
	const PyMethodDef	*methods;
	bool			(*wanted)(const struct config *cfg);
} py_module_parts[] = {
	{ asyncio_guest_methods, NULL },
	{ py_alarm_methods, NULL },
	{ py_async_methods, NULL },
	{ py_cache_methods, NULL },
	{ py_client_methods, NULL },
	{ py_harakiri_methods, NULL },
	{ py_mule_methods, NULL },
	{ py_lock_methods, NULL },
	{ py_metric_methods, NULL },
	{ py_process_methods, NULL },
	{ py_read_methods, NULL },
	{ py_request_methods, NULL },
	{ py_rpc_methods, NULL },
	{ py_signal_methods, NULL },
	{ py_signal_wait_methods, NULL },
	{ py_queue_methods, py_queue_is_wanted },
	{ py_sharedarea_methods, py_sharedarea_is_wanted },
	{ py_socket_methods, NULL },
	{ py_spool_methods, NULL },
	{ py_spooler_methods, py_spool_is_wanted },
	{ py_websocket_methods, NULL },
	{ py_websocket_area_methods, py_sharedarea_is_wanted },
};

/* The inittab's entry. New. */
static PyObject *
py_module_init(void)
{
	PyObject	*module = PyModule_Create(&py_module_def);

	if (module != NULL && (py_gone_init(module) == -1 ||
	    py_harakiri_init(module) == -1 ||
	    py_websocket_init(module) == -1))
		Py_CLEAR(module);
	return module;
}

/* Before the interpreter is there. */
int
py_module_register(void)
{
	return PyImport_AppendInittab("wsgimaster", py_module_init);
}

/* Sets an attribute, which becomes the module's also on failure. */
static int
py_module_set(const char *name, PyObject *steal_value)
{
	int	 result;

	if (steal_value == NULL)
		return -1;
	result = PyObject_SetAttrString(py_module, name, steal_value);
	Py_DECREF(steal_value);
	return result;
}

/* version_info as uWSGI has it: four numbers and a text. New. */
static PyObject *
py_module_version_info(void)
{
	int	 part[3] = { 0, 0, 0 };

	if (sscanf(WM_VERSION, "%d.%d.%d", &part[0], &part[1], &part[2]) < 1)
		part[0] = 0;
	return Py_BuildValue("(iiiiy)", part[0], part[1], part[2], 0, "");
}

/* What the app can read of the server. */
static int
py_module_attributes(struct worker *w)
{
	char	 node[256] = "localhost";

	gethostname(node, sizeof(node) - 1);
	if (py_module_set("version", PyBytes_FromString(WM_VERSION)) == -1 ||
	    py_module_set("version_info", py_module_version_info()) == -1 ||
	    py_module_set("hostname", PyBytes_FromString(node)) == -1 ||
	    py_module_set("numproc", PyLong_FromLong(w->cfg->processes)) ==
	    -1 ||
	    py_module_set("cores", PyLong_FromLong(config_cores(w->cfg))) ==
	    -1 ||
	    py_module_set("opt", py_opt_new(w->cfg)) == -1 ||
	    py_spool_attributes(w, py_module) == -1)
		return -1;
	if (w->cfg->queue > 0 && py_module_set("queue_size",
	    PyLong_FromLong(w->cfg->queue)) == -1)
		return -1;
	return py_process_attributes(w, py_module);
}

/* Adds the functions of the subsystems that are there. */
static int
py_module_add_parts(const struct config *cfg)
{
	size_t	 i;

	for (i = 0; i < sizeof(py_module_parts) / sizeof(py_module_parts[0]);
	    i++) {
		if (py_module_parts[i].wanted != NULL &&
		    !py_module_parts[i].wanted(cfg))
			continue;
		if (PyModule_AddFunctions(py_module,
		    (PyMethodDef *)py_module_parts[i].methods) == -1)
			return -1;
	}
	return 0;
}

/* Imports it, under both names. */
int
py_module_import(struct worker *w)
{
	py_module = PyImport_ImportModule("wsgimaster");
	if (py_module == NULL || py_module_add_parts(w->cfg) == -1 ||
	    py_module_attributes(w) == -1)
		return -1;
	return PyDict_SetItemString(PyImport_GetModuleDict(), "uwsgi",
	    py_module);
}

/* An attribute, borrowed. */
PyObject *
py_module_get(const char *name)
{
	PyObject	*found;

	found = PyDict_GetItemString(PyModule_GetDict(py_module), name);
	if (found == NULL)
		PyErr_SetString(PyExc_AttributeError, name);
	return found;
}

/* An attribute that the app may have set, borrowed; NULL: has not, or None. */
PyObject *
py_module_find(const char *name)
{
	PyObject	*found;

	found = PyDict_GetItemString(PyModule_GetDict(py_module), name);
	return found == Py_None ? NULL : found;
}

/* Calls the app's function, if there is one. */
int
py_module_call_hook(const char *name)
{
	PyObject	*hook, *done;

	hook = py_module_find(name);
	if (hook == NULL)
		return 0;
	Py_INCREF(hook);
	done = PyObject_CallObject(hook, NULL);
	Py_DECREF(hook);
	Py_XDECREF(done);
	return done == NULL ? -1 : 0;
}
