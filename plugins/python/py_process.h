/* uwsgi's functions and attributes about the server and its processes. */
#ifndef WM_PLUGINS_PYTHON_PY_PROCESS_H
#define WM_PLUGINS_PYTHON_PY_PROCESS_H

#include <Python.h>

struct worker;

extern const PyMethodDef	 py_process_methods[];

/* A process's memory in bytes, 0 when it cannot be known. */
void	 py_process_memory(pid_t pid, unsigned long long *rss,
	    unsigned long long *vsz);
/* Sets sockets, loop, started_on, ... -1 with a Python exception. */
int	 py_process_attributes(struct worker *w, PyObject *module);

#endif
