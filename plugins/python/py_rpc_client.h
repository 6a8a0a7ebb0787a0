/* Calls a function of another server, over the uwsgi protocol. */
#ifndef WM_PLUGINS_PYTHON_PY_RPC_CLIENT_H
#define WM_PLUGINS_PYTHON_PY_RPC_CLIENT_H

#include <Python.h>

/* The longest answer that is taken; a call has to fit into a packet. */
#define PY_RPC_ANSWER_MAX	(16u << 20)

/*
 * Calls node ("host:port" or a unix socket's path), name and args (a tuple)
 * being bytes. Parks the calling request, or blocks the thread, until there is
 * an answer, for rpc-timeout at most. With the lock. New: bytes; None if there
 * is no answer (which is logged, unless the other side has said so); NULL with
 * a Python exception: ValueError for what cannot be sent, and whatever has
 * ended the wait.
 */
PyObject *py_rpc_call_node(PyObject *node, PyObject *name, PyObject *args);

#endif
