/* Answers remote procedure calls, for struct handler. */
#ifndef WM_PLUGINS_PYTHON_PY_RPC_SERVE_H
#define WM_PLUGINS_PYTHON_PY_RPC_SERVE_H

struct request;

/*
 * Runs what a uwsgi packet with modifier1 173 asks for (see
 * worker/gateway/uwsgi_array.h) on the core's stack, with or without the lock,
 * and answers as the packet's modifier2 says: by a packet of the answer's
 * size, or by its bytes alone. No answer is an empty packet. The log's
 * statuses are those of HTTP: 200, 204 no answer, 404 no such function, 500 it
 * has raised.
 */
int	 py_rpc_serve(struct request *req);

#endif
