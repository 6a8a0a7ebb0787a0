/* uwsgi.spool and what belongs to it, and the process that runs tasks. */
#ifndef WM_PLUGINS_PYTHON_PY_SPOOL_H
#define WM_PLUGINS_PYTHON_PY_SPOOL_H

#include <Python.h>

#include <stdbool.h>

struct config;
struct spool_packet;
struct worker;

/* Always there, and only with a spooler. */
extern const PyMethodDef	 py_spool_methods[];
extern const PyMethodDef	 py_spooler_methods[];
bool	 py_spool_is_wanted(const struct config *cfg);
/* SPOOL_OK and its kin, spoolers. With the lock; -1: a Python exception. */
int	 py_spool_attributes(struct worker *w, PyObject *module);

/*
 * A task as its handler gets it: keys and values are bytes, but the keys
 * "spooler_task_name" and "body" are str, as uWSGI's. New, with the lock.
 */
PyObject *py_spool_dict(const char *name, const struct spool_packet *packet);

/* struct runtime's spooler_run. */
int	 py_spooler_run(struct worker *w, void (*begin)(struct worker *w),
	    char **cause);

#endif
