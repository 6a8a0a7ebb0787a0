/* uwsgi's functions about the client of the calling request. */
#ifndef WM_PLUGINS_PYTHON_PY_CLIENT_H
#define WM_PLUGINS_PYTHON_PY_CLIENT_H

#include <Python.h>

struct core;

extern const PyMethodDef	 py_client_methods[];

/*
 * All with the lock, by the request itself (py_core_may_wait); they may wait.
 * Sends bytes: a piece of the body if start_response was called, else as they
 * are. 0, or -1: with a Python exception only if somebody has thrown.
 */
int	 py_client_send(struct core *core, const char *data, size_t len);
/* Ends the connection; the request goes on. */
void	 py_client_disconnect(struct core *core);

#endif
