/* uwsgi.register_rpc, rpc, call and rpc_list. */
#ifndef WM_PLUGINS_PYTHON_PY_RPC_H
#define WM_PLUGINS_PYTHON_PY_RPC_H

#include <Python.h>

#include <stddef.h>

/*
 * The functions that the app has registered are a process's own: those of the
 * import are every worker's, since workers are forked from that.
 */
extern const PyMethodDef	 py_rpc_methods[];

/*
 * What has come of a call. Whatever it is, the caller of uWSGI's gets bytes or
 * None.
 */
enum py_rpc_result {
	PY_RPC_ANSWER,		/* bytes, at least one */
	PY_RPC_EMPTY,		/* it has returned none, or no bytes */
	PY_RPC_UNKNOWN,		/* no such function */
	PY_RPC_FAILED,		/* it has raised, which is logged */
	PY_RPC_RAISED		/* an exception that is the caller's, too, is
				   set: ClientGone, and what is no Exception */
};

/*
 * Calls the function of that name with a tuple of bytes; *answer is new with
 * PY_RPC_ANSWER, else NULL. With the lock; it may wait.
 */
enum py_rpc_result py_rpc_do(PyObject *name, PyObject *args,
	    PyObject **answer);

#endif
