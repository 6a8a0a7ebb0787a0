/* metric_get() and its kin: the app's metrics, and uWSGI's own. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_metric.h"

#include <stdbool.h>
#include <string.h>

#include "base/listen_queue.h"
#include "config/config.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_process.h"
#include "shm/commons.h"
#include "shm/listener.h"
#include "shm/metrics.h"
#include "shm/metrics_own.h"
#include "worker/worker.h"

/* A name, str or bytes, borrowed; NULL with an exception. */
static const char *
py_metric_name(PyObject *name)
{
	Py_ssize_t	 len;
	const char	*text;
	char		*bytes;

	if (!PyUnicode_Check(name))
		return PyBytes_AsStringAndSize(name, &bytes, NULL) == -1 ?
		    NULL : bytes;
	text = PyUnicode_AsUTF8AndSize(name, &len);
	if (text == NULL || strlen(text) == (size_t)len)
		return text;
	PyErr_SetString(PyExc_ValueError, "embedded null character");
	return NULL;
}

/* A number of 64 bits; false with an exception. */
static bool
py_metric_value(PyObject *number, int64_t *value)
{
	*value = PyLong_AsLongLong(number);
	return *value != -1 || !PyErr_Occurred();
}

/* Changes one: True, or None if there is none, or it cannot be. New. */
static PyObject *
py_metric_op(const char *function, enum metric_op op, PyObject *const *args,
    Py_ssize_t n)
{
	struct metric	*metric;
	const char	*name;
	int64_t		 value = 1;

	if (n < 1 || n > 2) {
		PyErr_Format(PyExc_TypeError, "%s() takes a name and, if it "
		    "is not 1, a number (%zd given)", function, n);
		return NULL;
	}
	name = py_metric_name(args[0]);
	if (name == NULL || (n == 2 && !py_metric_value(args[1], &value)))
		return NULL;
	metric = metric_find(py_worker()->commons->metrics, name);
	if (metric == NULL || !metric_change(metric, op, value))
		Py_RETURN_NONE;
	Py_RETURN_TRUE;
}

#define PY_METRIC_OP(name, op)						\
	static PyObject *						\
	py_metric_##name(PyObject *self, PyObject *const *args,	\
	    Py_ssize_t n)						\
	{								\
		(void)self;						\
		return py_metric_op("metric_" #name, op, args, n);	\
	}

PY_METRIC_OP(set, METRIC_SET)
PY_METRIC_OP(inc, METRIC_INC)
PY_METRIC_OP(dec, METRIC_DEC)
PY_METRIC_OP(mul, METRIC_MUL)
PY_METRIC_OP(div, METRIC_DIV)
PY_METRIC_OP(set_max, METRIC_SET_MAX)
PY_METRIC_OP(set_min, METRIC_SET_MIN)

/* The length of a socket's listen queue; 0 where it is not known. */
static unsigned
py_metric_backlog(const void *arg, int i)
{
	const struct listeners	*all = arg;
	unsigned		 max;
	int			 n;

	n = listen_queue_length(all->items[i].fd, all->items[i].is_unix, &max);
	return n > 0 ? (unsigned)n : 0;
}

/* metric_get(name): 0 if there is none. New. */
static PyObject *
py_metric_get(PyObject *self, PyObject *arg)
{
	struct worker		*w = py_worker();
	struct metrics_own	 own = { .sb = w->sb,
	    .workers = w->cfg->processes,
	    .no_cores = w->cfg->metrics_no_cores,
	    .sockets = (int)w->listeners->count,
	    .memory = py_process_memory, .backlog = py_metric_backlog,
	    .backlog_arg = w->listeners };
	const char		*name = py_metric_name(arg);
	struct metric		*metric;
	int64_t			 value = 0;

	(void)self;
	if (name == NULL)
		return NULL;
	metric = metric_find(w->commons->metrics, name);
	if (metric != NULL)
		value = metric_get(metric);
	else if (w->cfg->enable_metrics)
		(void)metrics_own_get(&own, name, &value);
	return PyLong_FromLongLong(value);
}

#define ROW(name, does)							\
	{ "metric_" #name,						\
	    (PyCFunction)(void (*)(void))py_metric_##name,		\
	    METH_FASTCALL,						\
	    "metric_" #name "(name, n=1): " does "; None if there is no " \
	    "such metric" }

const PyMethodDef	 py_metric_methods[] = {
	{ "metric_get", py_metric_get, METH_O,
	    "metric_get(name): its value; 0 if there is no such metric" },
	ROW(set, "sets it to n"),
	ROW(inc, "adds n"),
	ROW(dec, "takes n off"),
	ROW(mul, "multiplies it by n"),
	ROW(div, "divides it by n, towards 0"),
	ROW(set_max, "sets it to n if that is more"),
	ROW(set_min, "sets it to n if that is less, but more than it "
	    "began with"),
	{ NULL, NULL, 0, NULL }
};
