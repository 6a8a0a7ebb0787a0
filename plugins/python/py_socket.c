/*
 * uwsgi.connect, recv, send and what belongs to them: sockets by their number.
 * They work for blocking ones, too, and without a request: then the thread
 * waits instead of a core.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_socket.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/fd.h"
#include "plugins/python/py_async.h"
#include "plugins/python/py_client.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_hub.h"
#include "plugins/python/py_input.h"
#include "plugins/python/py_task.h"
#include "plugins/python/py_wait.h"
#include "worker/conn.h"
#include "worker/core.h"
#include "worker/lookup.h"
#include "worker/watch.h"
#include "worker/worker.h"

#define PY_SOCKET_RECV	4096	/* the most that recv() gives */

/* The addresses, asked for in the name of a core, or blocking the thread. */
static int
py_socket_lookup(const struct address *addr, struct sockaddr_any *list,
    double timeout)
{
	struct core		*core = py_core_current();
	enum wait_reason	 reason;
	char			*cause = NULL;
	int			 n;

	if (core == NULL) {
		n = py_gil_resolve(addr, list, LOOKUP_ADDRESSES, &cause);
		free(cause);
		return n == -1 ? 0 : n;
	}
	if (!py_core_may_wait(core))
		return -1;
	n = lookup_address(core, addr, list, timeout, &reason);
	if (!PyErr_Occurred() &&
	    (reason == WAIT_READY || reason == WAIT_TIMEOUT))
		return n;
	py_wait_raise(reason);
	return -1;
}

/*
 * Finds the addresses, within timeout seconds (below 0: no limit); 0 when
 * there is none, -1 with a Python exception.
 */
static int
py_socket_resolve(PyObject *text, struct sockaddr_any *list, double timeout)
{
	struct address	 addr;
	PyObject	*bytes;
	char		*cause = NULL;
	int		 n = -1;

	if (!PyUnicode_FSConverter(text, &bytes))
		return -1;
	if (address_parse(&addr, PyBytes_AS_STRING(bytes), &cause) == -1) {
		PyErr_SetString(PyExc_ValueError, cause);
		goto out;
	}
	n = py_socket_lookup(&addr, list, timeout);
	address_done(&addr);
out:
	free(cause);
	Py_DECREF(bytes);
	return n;
}

/* Begins to connect; -1 with errno. */
static int
py_socket_begin(const struct sockaddr_any *any)
{
	int	 fd;

	fd = socket(any->sa.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (connect(fd, (const struct sockaddr *)&any->sa, any->len) == 0 ||
	    errno == EINPROGRESS)
		return fd;
	fd_close(&fd);
	return -1;
}

/* Waits for the connection; 1 it is there, 0 it failed, -1 exception. */
static int
py_socket_finish(int fd, double seconds)
{
	socklen_t	 len = sizeof(int);
	int		 error = 0, ready;

	ready = py_wait_for(fd, WAIT_WRITE, seconds);
	if (ready <= 0)
		return ready;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 &&
	    error == 0;
}

/* Connects. */
int
py_socket_dial(PyObject *text, double seconds)
{
	struct sockaddr_any	 list[LOOKUP_ADDRESSES];
	uint64_t		 start = clock_mono_us();
	double			 left;
	int			 i, n, fd, there;

	n = py_socket_resolve(text, list, seconds > 0 ? seconds : -1);
	if (n == -1)
		return -2;
	for (i = 0; i < n; i++) {
		fd = py_socket_begin(&list[i]);
		if (fd == -1)
			continue;
		left = clock_left(seconds > 0 ? seconds : -1, start);
		there = left == 0 ? 0 : py_socket_finish(fd, left);
		if (there == 1)
			return fd;
		close(fd);
		if (there == -1)
			return -2;
	}
	return -1;
}

/* connect(addr, timeout=3): a connected descriptor, or -1. New. */
static PyObject *
py_socket_connect(PyObject *self, PyObject *args, PyObject *keywords)
{
	static char	*names[] = { "addr", "timeout", NULL };
	PyObject	*text, *limit = NULL;
	double		 seconds = 3;
	int		 fd;

	(void)self;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "O|O:connect", names,
	    &text, &limit) ||
	    (limit != NULL && !py_async_seconds(limit, &seconds)) ||
	    (py_core_current() == NULL && py_task_refuse("connect")))
		return NULL;
	fd = py_socket_dial(text, seconds);
	return fd == -2 ? NULL : PyLong_FromLong(fd);
}

/* async_connect(addr): a descriptor that is being connected, or -1. New. */
static PyObject *
py_socket_async_connect(PyObject *self, PyObject *text)
{
	struct sockaddr_any	 list[LOOKUP_ADDRESSES];
	int			 i, n, fd = -1;

	(void)self;
	n = py_socket_resolve(text, list, -1);
	if (n == -1)
		return NULL;
	for (i = 0; fd == -1 && i < n; i++)
		fd = py_socket_begin(&list[i]);
	return PyLong_FromLong(fd);
}

/* Is there a peer, which has not closed its side? */
static bool
py_socket_has_peer(int fd)
{
	struct sockaddr_storage	 peer;
	struct pollfd		 pfd = { .fd = fd, .events = POLLRDHUP };
	socklen_t		 len = sizeof(int);
	int			 error;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1 ||
	    error != 0)
		return false;
	len = sizeof(peer);
	if (getpeername(fd, (struct sockaddr *)&peer, &len) == -1)
		return false;
	return poll(&pfd, 1, 0) == 0;
}

/* is_connected(fd). New. */
static PyObject *
py_socket_is_connected(PyObject *self, PyObject *arg)
{
	int	 fd = PyObject_AsFileDescriptor(arg);

	(void)self;
	if (fd != -1)
		return PyBool_FromLong(py_socket_has_peer(fd));
	if (!PyErr_ExceptionMatches(PyExc_ValueError))
		return NULL;
	PyErr_Clear();			/* -1, as connect() gives it */
	Py_RETURN_FALSE;
}

/* Receives, by recv(2) or for what is no socket by read(2). */
static ssize_t
py_socket_read(int fd, void *buf, size_t size, bool *plain)
{
	ssize_t	 n;

	if (*plain)
		return read(fd, buf, size);
	n = recv(fd, buf, size, MSG_DONTWAIT);
	if (n == -1 && errno == ENOTSOCK) {	/* it may block: wait first */
		*plain = true;
		errno = EAGAIN;
	}
	return n;
}

/* Receives; waits until there is something. -2 with a Python exception. */
static ssize_t
py_socket_recv_some(int fd, void *buf, size_t size)
{
	bool	 plain = false;
	ssize_t	 n;

	for (;;) {
		n = py_socket_read(fd, buf, size, &plain);
		if (n >= 0 || (errno != EAGAIN && errno != EINTR))
			return n;
		if (errno == EAGAIN && py_wait_for(fd, WAIT_READ, -1) == -1)
			return -2;
	}
}

/* The caller's core, if this is its client's number (or -1); a job has none. */
static struct core *
py_socket_client(int fd)
{
	struct core	*core = py_core_current();

	return core != NULL && core->job == NULL &&
	    (fd == -1 || fd == core->req.conn->fd) ? core : NULL;
}

/* A client's, which only its request may use? True with RuntimeError. */
static bool
py_socket_is_refused(int fd, const char *name)
{
	const struct core	*core = py_task_core();

	if (fd != -1 && (core == NULL || fd != core->req.conn->fd))
		return false;
	return py_async_core(name) == NULL;
}

/* recv([fd[, max]]): bytes, or None at the end and on errors. New. */
static PyObject *
py_socket_recv(PyObject *self, PyObject *args, PyObject *keywords)
{
	static char	*names[] = { "fd", "max", NULL };
	char		 buf[PY_SOCKET_RECV];
	struct core	*client;
	int		 fd = -1, max = PY_SOCKET_RECV;
	ssize_t		 n;

	(void)self;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "|ii:recv", names,
	    &fd, &max))
		return NULL;
	if (max > PY_SOCKET_RECV || max < 0)
		max = PY_SOCKET_RECV;
	client = py_socket_client(fd);
	if (client == NULL && py_socket_is_refused(fd, "recv"))
		return NULL;
	if (client != NULL) {
		if (!py_core_may_wait(client))
			return NULL;
		n = body_read(&client->req, buf, (size_t)max);
		if (n == -1 && PyErr_Occurred())
			return NULL;
	} else {
		n = py_socket_recv_some(fd, buf, (size_t)max);
		if (n == -2)
			return NULL;
	}
	if (n <= 0)
		Py_RETURN_NONE;
	return PyBytes_FromStringAndSize(buf, n);
}

/* Sends, by send(2) or for what is no socket by write(2). */
static ssize_t
py_socket_write(int fd, const void *data, size_t len, bool *plain)
{
	ssize_t	 n;

	/* A pipe that can be written takes so much without blocking. */
	if (*plain)
		return write(fd, data, len < PIPE_BUF ? len : PIPE_BUF);
	n = send(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n == -1 && errno == ENOTSOCK) {
		*plain = true;
		errno = EAGAIN;
	}
	return n;
}

/* Sends it all; waits for room. 0, -1 error, -2 with a Python exception. */
static int
py_socket_send_all(int fd, const char *data, size_t len)
{
	bool	 plain = false;
	ssize_t	 n;

	while (len > 0) {
		if (plain && py_wait_for(fd, WAIT_WRITE, -1) == -1)
			return -2;
		n = py_socket_write(fd, data, len, &plain);
		if (n >= 0) {
			data += n;
			len -= (size_t)n;
		} else if (errno != EAGAIN && errno != EINTR) {
			return -1;
		} else if (errno == EAGAIN && !plain &&
		    py_wait_for(fd, WAIT_WRITE, -1) == -1) {
			return -2;
		}
	}
	return 0;
}

/* send([fd, ]data): True, or None on errors. New. */
static PyObject *
py_socket_send(PyObject *self, PyObject *args)
{
	struct core	*client;
	Py_buffer	 data;
	int		 fd = -1, result;

	(void)self;
	if (PyTuple_GET_SIZE(args) > 1 ?
	    !PyArg_ParseTuple(args, "is*:send", &fd, &data) :
	    !PyArg_ParseTuple(args, "s*:send", &data))
		return NULL;
	client = py_socket_client(fd);
	if (client == NULL && py_socket_is_refused(fd, "send"))
		result = -2;
	else if (client == NULL)
		result = py_socket_send_all(fd, data.buf, (size_t)data.len);
	else if (!py_core_may_wait(client))
		result = -2;
	else
		result = py_client_send(client, data.buf, (size_t)data.len);
	PyBuffer_Release(&data);
	if (PyErr_Occurred())
		return NULL;
	if (result != 0)
		Py_RETURN_NONE;
	Py_RETURN_TRUE;
}

/* Another thread has closed something: who waits for it is told. */
static void
py_socket_check(void *w)
{
	watch_check(w);
}

/* Closes, and tells who waits for it; close's result and errno. */
static int
py_socket_forget(int fd)
{
	bool	 taken = py_core_take_loop();
	int	 result, saved;

	if (taken)
		watch_forget(py_worker(), fd);
	result = close(fd);
	saved = errno;
	if (taken)
		py_core_give_loop();
	else if (result == 0)
		py_hub_call(py_socket_check, py_worker());
	errno = saved;
	return result;
}

/* close(fd): who waits for it is told. New: None. */
static PyObject *
py_socket_close(PyObject *self, PyObject *args)
{
	struct core	*client;
	int		 fd;

	(void)self;
	if (!PyArg_ParseTuple(args, "i:close", &fd))
		return NULL;
	client = fd == -1 ? NULL : py_socket_client(fd);
	if (client != NULL) {
		if (!py_core_may_wait(client))
			return NULL;
		py_client_disconnect(client);
		if (PyErr_Occurred())
			return NULL;
		Py_RETURN_NONE;
	}
	if (fd != -1 && py_socket_is_refused(fd, "close"))
		return NULL;
	if (py_socket_forget(fd) == -1)
		return PyErr_SetFromErrno(PyExc_OSError);
	Py_RETURN_NONE;
}

const PyMethodDef	 py_socket_methods[] = {
	{ "connect", (PyCFunction)(void (*)(void))py_socket_connect,
	    METH_VARARGS | METH_KEYWORDS,
	    "connect(addr, timeout=3): a connected descriptor, or -1" },
	{ "async_connect", py_socket_async_connect, METH_O,
	    "async_connect(addr): a descriptor that is being connected, "
	    "or -1" },
	{ "is_connected", py_socket_is_connected, METH_O,
	    "is_connected(fd): is the other side there?" },
	{ "recv", (PyCFunction)(void (*)(void))py_socket_recv,
	    METH_VARARGS | METH_KEYWORDS, "recv(fd, max=4096): bytes, or None "
	    "at the end; without arguments the request's body" },
	{ "send", py_socket_send, METH_VARARGS,
	    "send(fd, data): True, or None; send(data) sends to the client" },
	{ "close", py_socket_close, METH_VARARGS, "close(fd)" },
	{ NULL, NULL, 0, NULL }
};
