/* Answers remote procedure calls. Everything has the lock but py_rpc_serve. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_rpc_serve.h"

#include <stdio.h>
#include <string.h>

#include "plugins/asyncio/asyncio_guest.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_errors.h"
#include "plugins/python/py_exception.h"
#include "plugins/python/py_fork.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_gone.h"
#include "plugins/python/py_harakiri.h"
#include "plugins/python/py_poll.h"
#include "plugins/python/py_rpc.h"
#include "plugins/python/py_task.h"
#include "worker/core.h"
#include "worker/gateway/uwsgi_array.h"
#include "worker/gateway/uwsgi_parse.h"
#include "worker/request.h"
#include "worker/response.h"
#include "worker/worker.h"

#define PY_RPC_JOIN	16384	/* an answer up to this goes with its header */

/* The statuses that the log shows. */
static const int	 py_rpc_status[] = {
	[PY_RPC_ANSWER] = 200,
	[PY_RPC_EMPTY] = 204,
	[PY_RPC_UNKNOWN] = 404,
	[PY_RPC_FAILED] = 500,
	[PY_RPC_RAISED] = 500
};

/* The next text of the packet, which was checked. New. */
static PyObject *
py_rpc_text(const struct request *req, uint32_t *at)
{
	struct http_view	 text = { 0, 0 };

	(void)uwsgi_array_next(req->buf, req->head->size, at, &text);
	return PyBytes_FromStringAndSize(req->buf + text.off, text.len);
}

/* The texts from at on as a tuple. New. */
static PyObject *
py_rpc_texts(const struct request *req, uint32_t at)
{
	PyObject	*list = PyList_New(0), *text, *tuple;
	int		 result;

	while (list != NULL && at < req->head->size) {
		text = py_rpc_text(req, &at);
		result = text == NULL ? -1 : PyList_Append(list, text);
		Py_XDECREF(text);
		if (result == -1)
			Py_CLEAR(list);
	}
	if (list == NULL)
		return NULL;
	tuple = PyList_AsTuple(list);
	Py_DECREF(list);
	return tuple;
}

/* Runs the function. *answer is new, or NULL. */
static enum py_rpc_result
py_rpc_run(struct request *req, PyObject **answer)
{
	uint32_t		 at = UWSGI_PACKET_HEADER;
	PyObject		*name, *args = NULL;
	enum py_rpc_result	 result = PY_RPC_RAISED;

	*answer = NULL;
	if (asyncio_guest_check() == -1 || py_poll_begin(req) == -1)
		return PY_RPC_RAISED;
	name = py_rpc_text(req, &at);
	if (name != NULL)
		args = py_rpc_texts(req, at);
	if (args != NULL)
		result = py_rpc_do(name, args, answer);
	Py_XDECREF(name);
	Py_XDECREF(args);
	py_core_settle(req->core);
	return result;
}

/*
 * What stands before so many bytes of an answer; its length. out has room for
 * 64 bytes.
 */
static size_t
py_rpc_header(char *out, size_t size)
{
	char	 number[24];
	int	 n;

	if (size <= UWSGI_PACKET_MAX) {
		uwsgi_header_write(out, UWSGI_MODIFIER_RPC, size,
		    UWSGI_RPC_PACKET);
		return UWSGI_PACKET_HEADER;
	}
	n = snprintf(number, sizeof(number), "%zu", size);
	uwsgi_header_write(out, UWSGI_MODIFIER_RPC, 2 + 14 + 2 + (size_t)n,
	    UWSGI_RPC_LONG);
	out += UWSGI_PACKET_HEADER;
	uwsgi_number_write(out, 14);
	memcpy(out + 2, "CONTENT_LENGTH", 14);
	uwsgi_number_write(out + 16, (size_t)n);
	memcpy(out + 18, number, (size_t)n);
	return UWSGI_PACKET_HEADER + 18 + (size_t)n;
}

/* Sends the answer, or that there is none (NULL). */
static void
py_rpc_send(struct request *req, PyObject *answer)
{
	const char	*data = answer == NULL ? "" :
	    PyBytes_AS_STRING(answer);
	const size_t	 size = answer == NULL ? 0 :
	    (size_t)PyBytes_GET_SIZE(answer);
	char		 head[64], *whole;
	size_t		 n = 0;

	/* It has answered by itself, or the client has left. */
	if (req->resp.state != RESPONSE_NONE)
		return;
	if ((uint8_t)req->buf[3] == UWSGI_RPC_PACKET)
		n = py_rpc_header(head, size);
	if (size <= PY_RPC_JOIN) {
		whole = pool_alloc(&req->pool, n + size + 1);
		memcpy(whole, head, n);
		memcpy(whole + n, data, size);
		(void)response_write_raw(req, whole, n + size);
	} else if (n == 0 || response_write_raw(req, head, n) == 0) {
		(void)response_write_raw(req, data, size);
	}
	/* What was thrown in while it waited ends nothing any more. */
	if (PyErr_Occurred())
		PyErr_Clear();
}

/* An exception has ended the call, that may be the request's own end. */
static void
py_rpc_raised(struct request *req)
{
	if (req->resp.state == RESPONSE_BROKEN)
		PyErr_Clear();
	else if (py_gone_is_set(req)) {
		PyErr_Clear();
		response_abandon(req);
	} else if (req->core->harakiri.is_late && py_harakiri_is_set()) {
		PyErr_Clear();
		req->resp.status = 504;
	} else {
		req->failed = true;
		py_exception_log(req, "exception in an RPC function");
	}
}

/* Calls, answers and forgets. */
static void
py_rpc_answer(struct request *req)
{
	enum py_rpc_result	 result;
	PyObject		*answer;

	result = py_rpc_run(req, &answer);
	if (req->worker->forked)
		py_fork_leave();
	req->resp.status = py_rpc_status[result];
	if (result == PY_RPC_FAILED)
		req->failed = true;
	if (result == PY_RPC_RAISED)
		py_rpc_raised(req);
	py_rpc_send(req, answer);
	Py_XDECREF(answer);
	py_core_settle(req->core);
	py_poll_end(req);
	py_errors_flush(req->core);
}

/* Answers a call. */
int
py_rpc_serve(struct request *req)
{
	struct py_core	*own = py_core_of(req->core);
	bool		 taken = py_gil_enter();

	req->app_id = REQUEST_NO_APP;
	own->in_python = true;
	own->begun = false;
	if (py_task_begin(req) == -1)
		py_exception_log(req, "no context for the call");
	else {
		py_rpc_answer(req);
		if (py_task_end(req) == -1)
			py_exception_log(req, "the function has left another "
			    "context");
	}
	own->in_python = false;
	if (req->core->harakiri.is_late)
		py_harakiri_end(req->core);
	py_gil_leave(taken);
	if (req->resp.state == RESPONSE_NONE)
		response_disconnect(req);
	return 0;
}
