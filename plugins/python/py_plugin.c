/* The Python plugin: a runtime, and a handler for WSGI apps. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_plugin.h"

#include "config/config.h"
#include "plugins/python/py_autoreload.h"
#include "plugins/python/py_fork.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_harakiri.h"
#include "plugins/python/py_init.h"
#include "plugins/python/py_look.h"
#include "plugins/python/py_mule.h"
#include "plugins/python/py_paths.h"
#include "plugins/python/py_rpc_serve.h"
#include "plugins/python/py_signal.h"
#include "plugins/python/py_spool.h"
#include "plugins/python/py_stack.h"
#include "plugins/python/py_thread.h"
#include "plugins/python/py_worker.h"
#include "plugins/python/py_wsgi.h"
#include "worker/gateway/uwsgi_parse.h"
#include "worker/handler.h"
#include "worker/request.h"
#include "worker/runtime.h"

static const struct runtime	 python_runtime = {
	.name = "python",
	.start = py_init_start,
	.paths = py_paths_add,
	.load = py_worker_load,
	.fork_before = py_fork_before,
	.fork_parent = py_fork_parent,
	.fork_child = py_fork_child,
	.worker_start = py_worker_start,
	.worker_stop = py_worker_stop,
	.mule_run = py_mule_run,
	.spooler_run = py_spooler_run,
	.changed = py_autoreload_changed,
	.block_begin = py_gil_block_begin,
	.block_end = py_gil_block_end,
	.thread_start = py_thread_start,
	.thread_stop = py_thread_stop,
	.thread_interrupt = py_harakiri_interrupt,
	.core_stack = py_stack_core,
	.look = py_look,
	.check_signals = PyErr_CheckSignals,
	.signal = py_signal_take,
};

/* Where no app is asked for, what nobody else has is 404. */
static bool
python_wanted(const struct config *cfg)
{
	return config_has_app(cfg);
}

/*
 * Whatever nobody else has answered, unless a gateway wants neither an app nor
 * a function.
 */
static bool
python_match(struct request *req)
{
	return req->head->modifier1 == UWSGI_MODIFIER_APP ||
	    req->head->modifier1 == UWSGI_MODIFIER_RPC;
}

/* By the app, or by a function of its own that others may call. */
static int
python_run(struct request *req)
{
	if (req->head->modifier1 == UWSGI_MODIFIER_RPC)
		return py_rpc_serve(req);
	return py_wsgi_run(req);
}

static const struct handler	 python_handler = {
	.name = "wsgi",
	.wanted = python_wanted,
	.match = python_match,
	.run = python_run,
};

const struct plugin		 python_plugin = {
	.abi = PLUGIN_ABI,
	.name = "python",
	.runtime = &python_runtime,
	.handler = &python_handler,
};
