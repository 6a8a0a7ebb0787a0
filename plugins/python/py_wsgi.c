/*
 * A request answered by a WSGI app: environ, call, body, close(). Everything
 * here has the lock but what says otherwise, and whatever sends may wait.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_wsgi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "config/config.h"
#include "plugins/asyncio/asyncio_guest.h"
#include "plugins/python/py_app.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_environ.h"
#include "plugins/python/py_errors.h"
#include "plugins/python/py_exception.h"
#include "plugins/python/py_file.h"
#include "plugins/python/py_fork.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_gone.h"
#include "plugins/python/py_harakiri.h"
#include "plugins/python/py_input.h"
#include "plugins/python/py_poll.h"
#include "plugins/python/py_start_response.h"
#include "plugins/python/py_strings.h"
#include "plugins/python/py_task.h"
#include "plugins/python/py_websocket.h"
#include "shm/scoreboard.h"
#include "worker/client_gone.h"
#include "worker/core.h"
#include "worker/request.h"
#include "worker/response.h"
#include "worker/worker.h"

#define PY_WSGI_JOIN	65536	/* a list's items up to this go as one */

/* Sends the only piece there is: its length is the body's. */
static int
py_wsgi_send_whole(struct request *req, PyObject *chunk)
{
	if (!PyBytes_Check(chunk)) {
		py_response_type_error(chunk);
		return -1;
	}
	if (py_poll_of(req->core)->disconnected)
		return 0;
	if (!py_response_begun(req))
		return -1;
	if (response_write_whole(req, PyBytes_AS_STRING(chunk),
	    (size_t)PyBytes_GET_SIZE(chunk)) == 0 && !PyErr_Occurred())
		return 0;
	py_response_raise(req);
	return -1;
}

/* How many bytes a list or tuple has; -1 with a Python exception. */
static Py_ssize_t
py_wsgi_list_size(PyObject *list)
{
	PyObject	*item;
	Py_ssize_t	 i, total = 0;

	for (i = 0; i < PySequence_Fast_GET_SIZE(list); i++) {
		item = PySequence_Fast_GET_ITEM(list, i);
		if (!PyBytes_Check(item)) {
			py_response_type_error(item);
			return -1;
		}
		total += PyBytes_GET_SIZE(item);
	}
	return total;
}

/* The pieces of a list or tuple as one bytes object. New. */
static PyObject *
py_wsgi_join(PyObject *list, Py_ssize_t size)
{
	PyObject	*item, *joined;
	Py_ssize_t	 i;
	char		*out;

	joined = PyBytes_FromStringAndSize(NULL, size);
	if (joined == NULL)
		return NULL;
	out = PyBytes_AS_STRING(joined);
	for (i = 0; i < PySequence_Fast_GET_SIZE(list); i++) {
		item = PySequence_Fast_GET_ITEM(list, i);
		memcpy(out, PyBytes_AS_STRING(item),
		    (size_t)PyBytes_GET_SIZE(item));
		out += PyBytes_GET_SIZE(item);
	}
	return joined;
}

/* The length of a body in pieces, where the app gave none. */
static void
py_wsgi_announce(struct request *req, Py_ssize_t size)
{
	struct response	*resp = &req->resp;
	char		 text[24];
	int		 n;

	if (resp->state != RESPONSE_BEGUN || resp->length != -1 ||
	    resp->status == 204 || resp->status == 304)
		return;
	n = snprintf(text, sizeof(text), "%zd", size);
	response_add(req, "Content-Length", 14, text, (size_t)n);
}

/* Sends the pieces; the app may change its list while this waits. */
static int
py_wsgi_send_pieces(struct request *req, PyObject *list)
{
	PyObject	*item;
	Py_ssize_t	 i;
	int		 result = 0;

	for (i = 0; result == 0 && i < PySequence_Fast_GET_SIZE(list); i++) {
		item = PySequence_Fast_GET_ITEM(list, i);
		Py_INCREF(item);
		result = py_response_write(req, item);
		Py_DECREF(item);
	}
	return result;
}

/* A list or tuple: everything is there already, so the length is known. */
static int
py_wsgi_send_list(struct request *req, PyObject *list)
{
	PyObject	*whole;
	Py_ssize_t	 size;
	int		 result;

	if (PySequence_Fast_GET_SIZE(list) == 1) {
		whole = PySequence_Fast_GET_ITEM(list, 0);
		Py_INCREF(whole);
	} else {
		size = py_wsgi_list_size(list);
		if (size == -1)
			return -1;
		if (size > PY_WSGI_JOIN) {
			py_wsgi_announce(req, size);
			return py_wsgi_send_pieces(req, list);
		}
		whole = py_wsgi_join(list, size);
	}
	if (whole == NULL)
		return -1;
	result = py_wsgi_send_whole(req, whole);
	Py_DECREF(whole);
	return result;
}

/*
 * Has the body one piece, so that its length is known? It says so itself; or
 * it is read from a list or tuple, as Django's responses are: then what is
 * left is there already, and nobody has to wait for it.
 */
static bool
py_wsgi_has_one(PyObject *body, PyObject *iterator)
{
	PySequenceMethods	*methods = Py_TYPE(body)->tp_as_sequence;
	Py_ssize_t		 n;

	if (Py_IS_TYPE(iterator, &PyListIter_Type) ||
	    Py_IS_TYPE(iterator, &PyTupleIter_Type))
		n = PyObject_LengthHint(iterator, 0);
	else if (methods != NULL && methods->sq_length != NULL)
		n = PyObject_Size(body);
	else
		return false;
	if (n == -1)
		PyErr_Clear();
	return n == 1;
}

/* A body of one piece, if it was right: sent when no second one comes. */
static int
py_wsgi_send_one(struct request *req, PyObject *iterator, PyObject *first)
{
	PyObject	*second;
	int		 result;

	second = PyIter_Next(iterator);
	py_core_settle(req->core);
	if (second == NULL)
		return PyErr_Occurred() ? -1 : py_wsgi_send_whole(req, first);
	result = py_response_write(req, first);
	if (result == 0)
		result = py_response_write(req, second);
	Py_DECREF(second);
	return result;
}

/* The next piece. New; NULL at the end or with a Python exception. */
static PyObject *
py_wsgi_next(struct request *req, PyObject *iterator)
{
	PyObject	*chunk = PyIter_Next(iterator);

	py_core_settle(req->core);
	return chunk;
}

/*
 * A wait that a generator has yielded for has failed, or somebody has thrown:
 * the generator gets that exception. Gives its next piece as py_wsgi_next.
 */
static PyObject *
py_wsgi_throw(struct request *req, PyObject *iterator)
{
	PyObject	*type, *value, *tb, *chunk;

	if (!PyGen_CheckExact(iterator))
		return NULL;
	PyErr_Fetch(&type, &value, &tb);
	PyErr_NormalizeException(&type, &value, &tb);
	if (tb != NULL)
		PyException_SetTraceback(value, tb);
	chunk = PyObject_CallMethod(iterator, "throw", "O", value);
	Py_XDECREF(type);
	Py_XDECREF(value);
	Py_XDECREF(tb);
	if (chunk == NULL && PyErr_ExceptionMatches(PyExc_StopIteration))
		PyErr_Clear();
	py_core_settle(req->core);
	return chunk;
}

/*
 * Lets others run (now, or when it is time), or waits for what was asked for;
 * then the next piece.
 */
static PyObject *
py_wsgi_yield(struct request *req, PyObject *iterator, bool now)
{
	if (py_poll_yield(req->core, now) == -1)
		return py_wsgi_throw(req, iterator);
	return py_wsgi_next(req, iterator);
}

/*
 * Sends a piece of a body. Apps of uWSGI's yield file wrappers as well: those
 * are read.
 */
static int
py_wsgi_send_chunk(struct request *req, PyObject *chunk)
{
	PyObject	*iterator, *item = NULL;
	int		 result = 0;

	if (!py_file_check(chunk))
		return py_response_write(req, chunk);
	iterator = PyObject_GetIter(chunk);
	while (iterator != NULL && result == 0 &&
	    (item = PyIter_Next(iterator)) != NULL) {
		result = py_response_write(req, item);
		Py_DECREF(item);
	}
	Py_XDECREF(iterator);
	return PyErr_Occurred() ? -1 : result;
}

/* Is it the empty piece, by which an app gives up its turn? */
static bool
py_wsgi_is_empty(PyObject *chunk)
{
	return PyBytes_Check(chunk) && PyBytes_GET_SIZE(chunk) == 0;
}

/*
 * Anything that can be iterated: no piece is held back while the app takes its
 * time (held.h), and behind a piece the other requests have their turn.
 */
static int
py_wsgi_send_iterable(struct request *req, PyObject *body)
{
	PyObject	*iterator, *chunk;
	bool		 one, empty;
	int		 result = 0;

	iterator = PyObject_GetIter(body);
	if (iterator == NULL)
		return -1;
	one = py_wsgi_has_one(body, iterator);
	if (py_poll_is_pending(req->core))
		chunk = py_wsgi_yield(req, iterator, true);
	else
		chunk = py_wsgi_next(req, iterator);
	while (chunk != NULL) {
		if (one && req->resp.state < RESPONSE_BODY &&
		    PyBytes_Check(chunk))
			result = py_wsgi_send_one(req, iterator, chunk);
		else if (!py_poll_of(req->core)->disconnected)
			result = py_wsgi_send_chunk(req, chunk);
		one = false;
		empty = py_wsgi_is_empty(chunk);
		Py_DECREF(chunk);
		chunk = NULL;
		if (result == 0)
			chunk = py_wsgi_yield(req, iterator, empty);
	}
	Py_DECREF(iterator);
	return PyErr_Occurred() ? -1 : result;
}

/* Sends what the app returned, to its end; -1 with a Python exception. */
static int
py_wsgi_send(struct request *req, PyObject *body)
{
	int	 result;

	py_core_settle(req->core);
	if (py_websocket_is_open(req) &&
	    (body == Py_None || PyUnicode_Check(body)))
		result = 0;
	else if (PyList_CheckExact(body) || PyTuple_CheckExact(body))
		result = py_poll_is_pending(req->core) ||
		    py_poll_of(req->core)->disconnected ?
		    py_wsgi_send_iterable(req, body) :
		    py_wsgi_send_list(req, body);
	else if (PyBytes_Check(body))
		result = py_wsgi_send_whole(req, body);
	else if (PyUnicode_Check(body)) {
		py_response_type_error(body);
		result = -1;
	} else {
		result = 0;
		if (py_file_check(body))
			result = py_file_send(req, body);
		if (result == 0)
			result = py_wsgi_send_iterable(req, body);
	}
	if (result == -1 || !py_response_begun(req))
		return -1;
	if (req->resp.state == RESPONSE_ENDED)
		return 0;
	py_core_settle(req->core);
	if (response_end(req) == 0 && !PyErr_Occurred())
		return 0;
	py_response_raise(req);
	return -1;
}

/* Calls the body's close(), whatever has happened before. */
static void
py_wsgi_close(struct request *req, PyObject *body)
{
	PyObject	*method, *result = NULL;

	if (PyList_CheckExact(body) || PyTuple_CheckExact(body) ||
	    PyBytes_CheckExact(body))
		return;
	client_gone_hush(req->conn);	/* close() may wait */
	method = PyObject_GetAttr(body, py_str->close);
	if (method != NULL)
		result = PyObject_CallObject(method, NULL);
	else if (PyErr_ExceptionMatches(PyExc_AttributeError))
		PyErr_Clear();
	Py_XDECREF(method);
	Py_XDECREF(result);
	if (!PyErr_Occurred())
		return;
	/* That has a record of its own, and is no mistake of the app's. */
	if (req->core->harakiri.is_late && py_harakiri_is_set()) {
		PyErr_Clear();
		return;
	}
	py_exception_log(req, "exception in the close() of the app's body");
	req->failed = true;
}

/* The status for a body that could not be read, 0 if it could. */
static int
py_wsgi_body_status(const struct request *req)
{
	switch (req->body.error) {
	case BODY_OK:
		return 0;
	case BODY_TIMEOUT:
		return 408;
	case BODY_TOO_LARGE:
		return 413;
	case BODY_BAD:
		return req->body.decoder.status;
	case BODY_GONE:
	case BODY_HARAKIRI:
		break;
	}
	return 400;
}

/* Shows the client the traceback, for development. */
static int
py_wsgi_show_exception(struct request *req)
{
	char	*text;
	int	 result = -1;

	text = py_exception_text();
	py_core_settle(req->core);	/* a __str__ may have waited */
	request_log(req, LOG_LEVEL_ERROR, "exception in the app\n%s", text);
	if (response_begin(req, "500 Internal Server Error", 25) == NULL &&
	    response_add(req, "Content-Type", 12,
	    "text/plain; charset=utf-8", 25) == NULL)
		result = response_write_whole(req, text, strlen(text));
	if (result == 0 && req->resp.state != RESPONSE_ENDED)
		result = response_end(req);
	free(text);
	return result;
}

/*
 * An exception has ended a request that was told to end: that is no mistake of
 * the app's, unless it is another one. Gives what run() returns.
 */
static int
py_wsgi_failed_late(struct request *req)
{
	if (py_harakiri_is_set())
		PyErr_Clear();
	else {
		req->failed = true;
		py_exception_log(req, "exception in the app, whose time was "
		    "over (harakiri)");
	}
	response_fail(req, 504);
	return 0;
}

/*
 * An exception has ended the request. A client that left, or did not send its
 * body, is no mistake of the app's: no traceback. Gives what run() returns.
 */
static int
py_wsgi_failed(struct request *req)
{
	int	 status = py_wsgi_body_status(req);

	py_core_settle(req->core);
	if (py_websocket_failed(req))
		return 0;
	if (req->resp.state == RESPONSE_BROKEN) {
		PyErr_Clear();
		return 0;
	}
	if (py_gone_is_set(req)) {
		PyErr_Clear();
		response_abandon(req);
		return 0;
	}
	if (req->core->harakiri.told > 0 ||
	    (req->core->harakiri.is_late && py_harakiri_is_set()))
		return py_wsgi_failed_late(req);
	if (status != 0 && PyErr_ExceptionMatches(PyExc_OSError)) {
		PyErr_Clear();
		request_log(req, LOG_LEVEL_INFO, "request body: %s",
		    body_error_text(req->body.error));
		response_fail(req, status);
		return 0;
	}
	req->failed = true;
	if (req->worker->cfg->catch_exceptions &&
	    req->resp.state < RESPONSE_BODY)
		return py_wsgi_show_exception(req);
	py_exception_log(req, "exception in the app");
	return -1;
}

/* Ours for the whole run; NULL: none. */
static PyObject	*py_wsgi_after;

/* The app's after_req_hook, if it has assigned one by now. */
void
py_wsgi_take_hook(PyObject *hook)
{
	Py_XINCREF(hook);
	Py_XSETREF(py_wsgi_after, hook);
}

/* The response is out: calls the hook, whose failure is logged. */
static void
py_wsgi_call_hook(struct request *req)
{
	PyObject	*done;

	client_gone_hush(req->conn);	/* it may wait */
	done = PyObject_CallNoArgs(py_wsgi_after);
	if (done == NULL && req->core->harakiri.is_late &&
	    py_harakiri_is_set())
		PyErr_Clear();
	else if (done == NULL)
		py_exception_log(req, "exception in after_req_hook");
	Py_XDECREF(done);
}

/* Does the request bring a body? */
static bool
py_wsgi_has_body(const struct request *req)
{
	return req->head->content_length > 0 || req->head->chunked ||
	    req->head->to_end;
}

/* Ends a child that the app has forked. */
static inline void
py_wsgi_leave(const struct request *req)
{
	if (req->worker->forked)
		py_fork_leave();
}

/* The app's answer; new, NULL with a Python exception. */
static PyObject *
py_wsgi_call(struct request *req, const struct py_app *app)
{
	PyObject	*args[3] = { NULL, NULL, NULL };
	PyObject	*input = NULL, *body;

	if (asyncio_guest_check() == -1)
		return NULL;
	if (py_wsgi_has_body(req) && (input = py_input_take(req)) == NULL)
		return NULL;
	args[2] = py_start_response_take(req);
	if (args[2] == NULL)
		return NULL;
	if (py_poll_begin(req) == -1)
		return NULL;
	args[1] = py_environ_new(req, app, input);
	if (args[1] == NULL)
		return NULL;
	py_poll_set_environ(req, args[1]);
	Py_INCREF(args[1]);
	Py_XSETREF(py_core_of(req->core)->env, args[1]);
	body = PyObject_Vectorcall(app->callable, args + 1,
	    2 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
	Py_DECREF(args[1]);
	return body;
}

/* Asks the app and sends what it says. Gives what run() returns. */
static int
py_wsgi_answer(struct request *req, const struct py_app *app)
{
	PyObject	*body;
	int		 result = 0;

	body = py_wsgi_call(req, app);
	py_wsgi_leave(req);
	if (body == NULL || py_wsgi_send(req, body) == -1) {
		py_wsgi_leave(req);
		result = py_wsgi_failed(req);
	}
	if (body != NULL) {
		py_wsgi_close(req, body);
		Py_DECREF(body);
	}
	py_wsgi_leave(req);
	if (py_wsgi_after != NULL)
		py_wsgi_call_hook(req);
	py_core_settle(req->core);
	if (py_wsgi_has_body(req))
		py_input_detach(req);
	py_start_response_detach(req);
	py_poll_end(req);
	Py_CLEAR(py_core_of(req->core)->env);
	py_errors_flush(req->core);
	return result;
}

/* The same, in a context (contextvars) of the request's own. */
static int
py_wsgi_answer_in_context(struct request *req, const struct py_app *app)
{
	int	 result;

	if (py_task_begin(req) == -1) {
		py_exception_log(req, "no context for the request");
		return -1;
	}
	result = py_wsgi_answer(req, app);
	if (py_task_end(req) == -1)
		py_exception_log(req, "the app has left another context");
	return result;
}

/* Answers a request, with or without the lock. */
int
py_wsgi_run(struct request *req)
{
	const struct py_app	*app;
	struct sb_app		*did;
	bool			 taken;
	int			 result;

	app = py_app_find(req->path, req->path_len);
	if (app == NULL && py_app_any()) {
		response_fail(req, 404);
		return 0;
	}
	if (app == NULL) {
		request_log(req, LOG_LEVEL_ERROR, "no Python application");
		return -1;
	}
	req->app_id = app->id;
	req->row = app->id < SB_APPS ? (unsigned)app->id : SB_APP_OTHER;
	taken = py_gil_enter();
	py_core_of(req->core)->in_python = true;
	result = py_wsgi_answer_in_context(req, app);
	py_core_of(req->core)->in_python = false;
	if (req->core->harakiri.is_late)
		py_harakiri_end(req->core);
	py_gil_leave(taken);
	did = &req->worker->stats->apps[req->row];
	sb_add_shared(&did->requests, 1);
	if (req->failed)
		sb_add_shared(&did->exceptions, 1);
	return result;
}
