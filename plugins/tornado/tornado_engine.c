/* The loop engine that is Tornado, whose IOLoop sits on asyncio's loop. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/tornado/tornado_plugin.h"

#include <stdlib.h>

#include "base/xmalloc.h"
#include "plugins/asyncio/asyncio_engine.h"
#include "plugins/python/py_exception.h"
#include "plugins/python/py_gil.h"
#include "worker/loop.h"

/* IOLoop.current() becomes the one of the thread's loop; or *cause. */
static int
tornado_make_loop(char **cause)
{
	PyObject	*module, *class = NULL, *version = NULL, *loop = NULL;
	const char	*text = NULL;

	module = PyImport_ImportModule("tornado");
	if (module != NULL)
		version = PyObject_GetAttrString(module, "version");
	if (version != NULL)
		text = PyUnicode_AsUTF8(version);
	if (text == NULL) {
		*cause = py_exception_cause("\"tornado\": is it installed in "
		    "the app's environment?");
		goto out;
	}
	if (atoi(text) < 5) {
		*cause = xasprintf("\"tornado\": version 5 or newer is "
		    "needed, there is %s", text);
		goto out;
	}
	Py_SETREF(module, PyImport_ImportModule("tornado.ioloop"));
	if (module != NULL)
		class = PyObject_GetAttrString(module, "IOLoop");
	if (class != NULL)
		loop = PyObject_CallMethod(class, "current", NULL);
	if (loop == NULL)
		*cause = py_exception_cause("Tornado's loop");
out:
	Py_XDECREF(module);
	Py_XDECREF(version);
	Py_XDECREF(class);
	Py_XDECREF(loop);
	return loop == NULL ? -1 : 0;
}

/* In the spawner, before the app. */
static int
tornado_prepare(struct worker *w, char **cause)
{
	bool	 taken = py_gil_enter();
	int	 result;

	result = asyncio_engine_prepare(w, cause);
	if (result == 0)
		result = tornado_make_loop(cause);
	py_gil_leave(taken);
	return result;
}

static const struct loop_engine	 tornado_engine = {
	.name = "tornado",
	.prepare = tornado_prepare,
	.init = asyncio_engine_init,
	.run = asyncio_engine_run,
	.stop = asyncio_engine_stop,
};

const struct plugin		 tornado_plugin = {
	.abi = PLUGIN_ABI,
	.name = "tornado",
	.loop = &tornado_engine,
};
