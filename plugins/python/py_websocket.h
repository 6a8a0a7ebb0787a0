/* uwsgi.websocket_handshake, _recv, _send and what belongs to them. */
#ifndef WM_PLUGINS_PYTHON_PY_WEBSOCKET_H
#define WM_PLUGINS_PYTHON_PY_WEBSOCKET_H

#include <Python.h>

#include <stdbool.h>

struct core;
struct request;

extern const PyMethodDef	 py_websocket_methods[];
/* Only where there are shared areas. */
extern const PyMethodDef	 py_websocket_area_methods[];

/* All with the lock. Once: makes WebsocketError; -1 with a Python exception. */
int	 py_websocket_init(PyObject *module);
/* Has the request become one? Then nothing of what its app returns is sent. */
bool	 py_websocket_is_open(const struct request *req);
/*
 * An exception has ended the request: is it that of a websocket that is over,
 * or of one that could not be? Then it is cleared, and the client answered.
 */
bool	 py_websocket_failed(struct request *req);
/* What connection_fd() gives in a websocket; -1 with a Python exception. */
int	 py_websocket_fd(struct core *core);

#endif
