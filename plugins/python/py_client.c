/* uwsgi's functions about the client of the calling request. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_client.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "config/config.h"
#include "plugins/python/py_async.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_environ.h"
#include "plugins/python/py_input.h"
#include "plugins/python/py_poll.h"
#include "plugins/python/py_start_response.h"
#include "plugins/python/py_task.h"
#include "plugins/python/py_wait.h"
#include "plugins/python/py_websocket.h"
#include "shm/scoreboard.h"
#include "worker/conn.h"
#include "worker/core.h"
#include "worker/request.h"
#include "worker/response.h"
#include "worker/wait.h"
#include "worker/worker.h"

#define PY_CHUNK_MAX	(1 << 20)	/* a larger one is an error */
#define PY_CHUNK_PIECE	16384		/* of a body without chunks */

/* The caller's core, if it may wait; NULL with RuntimeError. */
static struct core *
py_client_core(const char *name)
{
	struct core	*core = py_async_core(name);

	return core != NULL && py_core_may_wait(core) ? core : NULL;
}

/* connection_fd(). New. */
static PyObject *
py_client_connection_fd(PyObject *self, PyObject *unused)
{
	struct core	*core = py_async_request("connection_fd");

	int		 fd;

	(void)self, (void)unused;
	if (core == NULL)
		return NULL;
	fd = core->req.conn->fd;
	if (py_websocket_is_open(&core->req) &&
	    (fd = py_websocket_fd(core)) == -1)
		return NULL;
	return PyLong_FromLong(fd);
}

/* request_id(): how many requests this core has finished. New. */
static PyObject *
py_client_request_id(PyObject *self, PyObject *unused)
{
	struct core	*core = py_async_request("request_id");

	(void)self, (void)unused;
	return core == NULL ? NULL :
	    PyLong_FromUnsignedLongLong(sb_get(&core->sb->requests));
}

/*
 * current_request_id(): the id of the caller's request, also from its tasks;
 * None: there is none. New.
 */
static PyObject *
py_client_current_request_id(PyObject *self, PyObject *unused)
{
	const struct core	*core = py_core_current();

	(void)self, (void)unused;
	if (core == NULL)
		core = py_task_core();
	if (core == NULL || core->req.conn == NULL)
		Py_RETURN_NONE;
	return py_environ_id(&core->req);
}

/* cl(): the request's Content-Length, 0 when it has none. New. */
static PyObject *
py_client_cl(PyObject *self, PyObject *unused)
{
	struct core	*core = py_async_request("cl");

	(void)self, (void)unused;
	if (core == NULL)
		return NULL;
	return PyLong_FromLongLong(core->req.body.length < 0 ? 0 :
	    (long long)core->req.body.length);
}

/* Sends bytes to the client. */
int
py_client_send(struct core *core, const char *data, size_t len)
{
	struct py_core	*own = py_core_of(core);

	if (own->begun && core->req.resp.state != RESPONSE_NONE)
		return response_write(&core->req, data, len);
	own->begun = true;
	return response_write_raw(&core->req, data, len);
}

/* Ends the connection. */
void
py_client_disconnect(struct core *core)
{
	py_core_of(core)->begun = true;
	py_poll_of(core)->disconnected = true;
	response_disconnect(&core->req);
}

/* The same for a task, beside whatever the request is at. */
static void
py_client_drop(struct core *core)
{
	py_core_of(core)->begun = true;
	py_poll_of(core)->disconnected = true;
	response_drop(&core->req);
}

/* disconnect(). New: None. */
static PyObject *
py_client_disconnect_now(PyObject *self, PyObject *unused)
{
	struct core	*core = py_async_request("disconnect");

	(void)self, (void)unused;
	if (core == NULL)
		return NULL;
	if (py_core_current() == NULL) {
		py_client_drop(core);
		Py_RETURN_NONE;
	}
	if (!py_core_may_wait(core))
		return NULL;
	py_client_disconnect(core);
	if (PyErr_Occurred())
		return NULL;
	Py_RETURN_NONE;
}

/*
 * Reads what is there of a chunk. 1 when it is whole (empty: the body's end),
 * 0 when more must come, -1 with a Python exception.
 */
static int
py_client_chunk_step(struct core *core)
{
	struct body	*body = &core->req.body;
	struct strbuf	*chunk = &py_poll_of(core)->chunk;
	char		 piece[PY_CHUNK_PIECE];
	bool		 chunked = body->chunked && !body->collected;
	ssize_t		 n;

	for (;;) {
		n = body_read_now(&core->req, piece, sizeof(piece));
		if (n < 0) {
			py_input_raise(core, body->error);
			return -1;
		}
		if (n == 0)
			return body->done || body->got == body->length;
		strbuf_add(chunk, piece, (size_t)n);
		if (!chunked || body->decoder.left == 0)
			return 1;
		if (chunk->len + body->decoder.left <= PY_CHUNK_MAX)
			continue;
		PyErr_Format(PyExc_OSError, "chunked_read: the chunk is "
		    "larger than %d bytes", PY_CHUNK_MAX);
		return -1;
	}
}

/* The chunk that is whole. New. */
static PyObject *
py_client_chunk(struct core *core)
{
	struct strbuf	*chunk = &py_poll_of(core)->chunk;
	PyObject	*bytes;

	bytes = PyBytes_FromStringAndSize(chunk->buf, (Py_ssize_t)chunk->len);
	if (bytes != NULL)
		chunk->len = 0;
	return bytes;
}

/* Waits for the client, until a time. False with a Python exception. */
static bool
py_client_wait(struct core *core, uint64_t until)
{
	uint64_t		 now = clock_mono_us();
	enum wait_reason	 reason = WAIT_TIMEOUT;

	if (now < until)
		reason = wait_client(core, WAIT_READ,
		    (double)(until - now) / 1e6);
	if (PyErr_Occurred())
		return false;
	if (reason == WAIT_READY)
		return true;
	if (reason == WAIT_TIMEOUT)
		PyErr_SetString(PyExc_TimeoutError,
		    "chunked_read: no chunk has come");
	else
		py_wait_raise(reason);
	return false;
}

/* chunked_read([timeout]): waits for one chunk; b"" at the end. New. */
static PyObject *
py_client_chunked_read(PyObject *self, PyObject *args)
{
	struct core	*core;
	PyObject	*limit = NULL;
	uint64_t	 until;
	double		 seconds;
	int		 got;

	(void)self;
	if (!PyArg_ParseTuple(args, "|O:chunked_read", &limit) ||
	    !py_async_seconds(limit, &seconds))
		return NULL;
	core = py_client_core("chunked_read");
	if (core == NULL)
		return NULL;
	if (!(seconds > 0))
		seconds = core->worker->cfg->body_timeout;
	if (!(seconds < 1e8))
		seconds = 1e8;
	until = clock_mono_us() + (uint64_t)(seconds * 1e6);
	while ((got = py_client_chunk_step(core)) == 0)
		if (!py_client_wait(core, until))
			return NULL;
	return got == -1 ? NULL : py_client_chunk(core);
}

/* chunked_read_nb(): one chunk, None if it has not come. New. */
static PyObject *
py_client_chunked_read_nb(PyObject *self, PyObject *unused)
{
	struct core	*core = py_client_core("chunked_read_nb");
	int		 got;

	(void)self, (void)unused;
	if (core == NULL || (got = py_client_chunk_step(core)) == -1)
		return NULL;
	if (got == 0)
		Py_RETURN_NONE;
	return py_client_chunk(core);
}

/* The descriptor of a path (then *opened) or file; -1 with an exception. */
static int
py_client_open(PyObject *what, bool *opened)
{
	PyObject	*path;
	int		 fd;

	*opened = PyUnicode_Check(what) || PyBytes_Check(what);
	if (!*opened)
		return PyObject_AsFileDescriptor(what);
	if (!PyUnicode_FSConverter(what, &path))
		return -1;
	fd = fd_open_regular(PyBytes_AS_STRING(path));
	Py_DECREF(path);
	if (fd == -1)
		PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, what);
	return fd;
}

/* sendfile(what[, chunk, start, len]): sends it as the body. New: True. */
static PyObject *
py_client_sendfile(PyObject *self, PyObject *args)
{
	struct core	*core;
	PyObject	*what;
	long long	 start = 0, len = 0;
	Py_ssize_t	 chunk;
	bool		 opened;
	int		 fd, result, saved;

	(void)self;
	if (!PyArg_ParseTuple(args, "O|nLL:sendfile", &what, &chunk, &start,
	    &len))
		return NULL;
	core = py_client_core("sendfile");
	if (core == NULL || !py_response_begun(&core->req))
		return NULL;
	fd = py_client_open(what, &opened);
	if (fd == -1)
		return NULL;
	errno = 0;
	result = response_sendfile(&core->req, fd, (off_t)start,
	    len <= 0 ? -1 : len);
	saved = errno;
	if (opened)
		close(fd);
	errno = saved;
	if (result == -1 && !PyErr_Occurred() &&
	    core->req.resp.state <= RESPONSE_BODY)
		return PyErr_SetFromErrno(PyExc_OSError);
	if (result == -1 || PyErr_Occurred()) {
		py_response_raise(&core->req);
		return NULL;
	}
	Py_RETURN_TRUE;
}

const PyMethodDef	 py_client_methods[] = {
	{ "connection_fd", py_client_connection_fd, METH_NOARGS,
	    "connection_fd(): the client's descriptor" },
	{ "disconnect", py_client_disconnect_now, METH_NOARGS,
	    "disconnect(): ends the connection; the request goes on" },
	{ "current_request_id", py_client_current_request_id, METH_NOARGS,
	    "current_request_id(): the request's id in the log, or None" },
	{ "request_id", py_client_request_id, METH_NOARGS,
	    "request_id(): how many requests this core had before" },
	{ "cl", py_client_cl, METH_NOARGS,
	    "cl(): the request's Content-Length" },
	{ "chunked_read", py_client_chunked_read, METH_VARARGS,
	    "chunked_read([timeout]): the body's next chunk, b'' at its end" },
	{ "chunked_read_nb", py_client_chunked_read_nb, METH_NOARGS,
	    "chunked_read_nb(): the same, None if it has not come yet" },
	{ "sendfile", py_client_sendfile, METH_VARARGS,
	    "sendfile(path_or_file[, chunk, start, len]): sends it now" },
	{ NULL, NULL, 0, NULL }
};
