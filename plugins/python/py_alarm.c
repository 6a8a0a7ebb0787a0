/* uwsgi.alarm. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_alarm.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "config/config.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_gil.h"
#include "worker/alarm.h"
#include "worker/worker.h"

/* Raises one, with the lock given up. */
static int
py_alarm_raise(void *due)
{
	return alarm_raise(due);
}

/* Raises those of that name that are due. */
static void
py_alarm_all(const struct config *cfg, const char *name, const char *message,
    size_t len)
{
	struct alarm_due	 due;
	size_t			 i;

	for (i = 0; i < cfg->alarm.count; i++) {
		if (alarm_is_due(cfg, i, name, message, len, &due) &&
		    py_gil_without(py_alarm_raise, &due) == -1)
			log_error("alarm %s: sh cannot be started: %s", name,
			    strerror(errno));
	}
}

/* alarm(name, message): those that the option alarm names so. New: None. */
static PyObject *
py_alarm_alarm(PyObject *self, PyObject *args)
{
	const char	*name, *message;
	Py_ssize_t	 name_len, len;

	(void)self;
	if (!PyArg_ParseTuple(args, "s#s#:alarm", &name, &name_len, &message,
	    &len))
		return NULL;
	py_alarm_all(py_worker()->cfg, name, message, (size_t)len);
	Py_RETURN_NONE;
}

const PyMethodDef	 py_alarm_methods[] = {
	{ "alarm", py_alarm_alarm, METH_VARARGS,
	    "alarm(name, message): raises the alarms of that name" },
	{ NULL, NULL, 0, NULL }
};
