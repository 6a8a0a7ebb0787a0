/*
 * Calls a function of another server, over the uwsgi protocol.
 *
 *	connect			py_socket_dial; a connection for each call
 *	send the packet		modifier1 173, modifier2 0
 *	read four bytes		modifier1 must be 173
 *	  modifier2 0		so many bytes are the answer; 0: there is none
 *	  modifier2 5		so many bytes are variables, of which
 *				CONTENT_LENGTH says how long the answer is
 *	the end comes first	there is no answer (uWSGI's way to say so);
 *				within an answer: it was cut off
 *	close
 *
 * All of it within rpc-timeout. The buffer grows with what has come, not with
 * what was announced.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_rpc_client.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "config/config.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_socket.h"
#include "plugins/python/py_task.h"
#include "plugins/python/py_wait.h"
#include "worker/gateway/uwsgi_array.h"
#include "worker/gateway/uwsgi_parse.h"
#include "worker/request.h"
#include "worker/worker.h"

#define PY_RPC_PIECE	65536	/* read at once */

/* How a step ended. */
enum py_rpc_step {
	PY_RPC_DONE,
	PY_RPC_END,		/* the other side has ended the connection */
	PY_RPC_FAILURE,		/* why says so */
	PY_RPC_THROWN		/* a Python exception is set */
};

/* One call. */
struct py_rpc_call {
	int		 fd;
	uint64_t	 until;		/* mono clock */
	struct strbuf	 buf;		/* the packet, then what came */
	size_t		 at;		/* of it, where the answer begins */
	const char	*why;
};

/* Waits for the other side. */
static enum py_rpc_step
py_rpc_wait(struct py_rpc_call *call, short events)
{
	uint64_t	 now = clock_mono_us();
	int		 ready = 0;

	if (now < call->until)
		ready = py_wait_for(call->fd, events,
		    (double)(call->until - now) / 1e6);
	if (ready == -1)
		return PY_RPC_THROWN;
	if (ready != 0)
		return PY_RPC_DONE;
	call->why = "no answer within rpc-timeout";
	return PY_RPC_FAILURE;
}

/* One more text. */
static void
py_rpc_add(struct strbuf *buf, PyObject *text)
{
	char	 len[2];

	uwsgi_number_write(len, (size_t)PyBytes_GET_SIZE(text));
	strbuf_add(buf, len, sizeof(len));
	strbuf_add(buf, PyBytes_AS_STRING(text),
	    (size_t)PyBytes_GET_SIZE(text));
}

/* Makes the packet; -1 with ValueError. */
static int
py_rpc_pack(struct py_rpc_call *call, PyObject *name, PyObject *args)
{
	Py_ssize_t	 i, size = 2 + PyBytes_GET_SIZE(name);
	char		 head[UWSGI_PACKET_HEADER];

	for (i = 0; i < PyTuple_GET_SIZE(args); i++)
		size += 2 + PyBytes_GET_SIZE(PyTuple_GET_ITEM(args, i));
	if (size > UWSGI_PACKET_MAX) {
		PyErr_Format(PyExc_ValueError, "unable to call rpc function: "
		    "%zd bytes are more than a packet has (65535)", size);
		return -1;
	}
	uwsgi_header_write(head, UWSGI_MODIFIER_RPC, (size_t)size,
	    UWSGI_RPC_PACKET);
	strbuf_add(&call->buf, head, sizeof(head));
	py_rpc_add(&call->buf, name);
	for (i = 0; i < PyTuple_GET_SIZE(args); i++)
		py_rpc_add(&call->buf, PyTuple_GET_ITEM(args, i));
	return 0;
}

/* Sends it. */
static enum py_rpc_step
py_rpc_send(struct py_rpc_call *call)
{
	enum py_rpc_step	 step;
	size_t			 sent = 0;
	ssize_t			 n;

	while (sent < call->buf.len) {
		n = send(call->fd, call->buf.buf + sent, call->buf.len - sent,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n >= 0) {
			sent += (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN) {
			call->why = strerror(errno);
			return PY_RPC_FAILURE;
		}
		step = py_rpc_wait(call, WAIT_WRITE);
		if (step != PY_RPC_DONE)
			return step;
	}
	strbuf_truncate(&call->buf, 0);
	return PY_RPC_DONE;
}

/* Reads until so many bytes are there. */
static enum py_rpc_step
py_rpc_read(struct py_rpc_call *call, size_t wanted)
{
	enum py_rpc_step	 step;
	size_t			 more;
	ssize_t			 n;

	while (call->buf.len < wanted) {
		more = wanted - call->buf.len;
		if (more > PY_RPC_PIECE)
			more = PY_RPC_PIECE;
		strbuf_reserve(&call->buf, more);
		n = recv(call->fd, call->buf.buf + call->buf.len, more,
		    MSG_DONTWAIT);
		if (n > 0) {
			call->buf.len += (size_t)n;
			continue;
		}
		if (n == 0)
			return PY_RPC_END;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN) {
			call->why = strerror(errno);
			return PY_RPC_FAILURE;
		}
		step = py_rpc_wait(call, WAIT_READ);
		if (step != PY_RPC_DONE)
			return step;
	}
	return PY_RPC_DONE;
}

/* A number's digits; more than is taken if it is none. */
static size_t
py_rpc_number(const char *text, uint32_t len)
{
	size_t		 n = 0;
	uint32_t	 i;

	for (i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9' || n > PY_RPC_ANSWER_MAX)
			return SIZE_MAX;
		n = n * 10 + (size_t)(text[i] - '0');
	}
	return len == 0 ? SIZE_MAX : n;
}

/* CONTENT_LENGTH among the variables; SIZE_MAX: it is not there. */
static size_t
py_rpc_length(const struct strbuf *buf)
{
	struct http_view	 key, value;
	uint32_t		 at = UWSGI_PACKET_HEADER;
	const uint32_t		 end = (uint32_t)buf->len;

	while (uwsgi_array_next(buf->buf, end, &at, &key) &&
	    uwsgi_array_next(buf->buf, end, &at, &value)) {
		if (key.len == 14 && memcmp(buf->buf + key.off,
		    "CONTENT_LENGTH", 14) == 0)
			return py_rpc_number(buf->buf + value.off, value.len);
	}
	return SIZE_MAX;
}

/* Reads the answer. */
static enum py_rpc_step
py_rpc_answer(struct py_rpc_call *call)
{
	enum py_rpc_step	 step;
	size_t			 size;
	bool			 is_long;

	step = py_rpc_read(call, UWSGI_PACKET_HEADER);
	if (step != PY_RPC_DONE)
		return step;
	if ((uint8_t)call->buf.buf[0] != UWSGI_MODIFIER_RPC) {
		call->why = "what came is no answer to a call";
		return PY_RPC_FAILURE;
	}
	is_long = (uint8_t)call->buf.buf[3] == UWSGI_RPC_LONG;
	call->at = UWSGI_PACKET_HEADER;
	size = uwsgi_number_read(call->buf.buf + 1);
	step = py_rpc_read(call, call->at + size);
	if (step != PY_RPC_DONE || !is_long)
		return step;
	call->at += size;
	size = py_rpc_length(&call->buf);
	if (size <= PY_RPC_ANSWER_MAX)
		return py_rpc_read(call, call->at + size);
	call->why = "the answer is longer than 16 MiB, or says not how long "
	    "it is";
	return PY_RPC_FAILURE;
}

/* Connects, sends and reads. */
static enum py_rpc_step
py_rpc_run(struct py_rpc_call *call, PyObject *node, double seconds)
{
	enum py_rpc_step	 step;

	call->fd = py_socket_dial(node, seconds);
	if (call->fd == -2)
		return PY_RPC_THROWN;
	if (call->fd == -1) {
		call->why = "no connection";
		return PY_RPC_FAILURE;
	}
	step = py_rpc_send(call);
	if (step == PY_RPC_DONE)
		step = py_rpc_answer(call);
	close(call->fd);
	if (step == PY_RPC_END && call->buf.len > 0) {
		call->why = "the answer was cut off";
		return PY_RPC_FAILURE;
	}
	return step;
}

/* Says why there is no answer. */
static void
py_rpc_complain(PyObject *node, PyObject *name, const char *why)
{
	const char	*to = PyBytes_AS_STRING(node);
	const char	*what = PyBytes_AS_STRING(name);
	struct core	*core = py_core_current();

	if (core != NULL)
		request_log(&core->req, LOG_LEVEL_WARN,
		    "rpc: %.254s of %.254s: %s", what, to, why);
	else
		log_warn("rpc: %.254s of %.254s: %s", what, to, why);
}

/* Calls another server. */
PyObject *
py_rpc_call_node(PyObject *node, PyObject *name, PyObject *args)
{
	struct py_rpc_call	 call = { .buf = STRBUF_INIT };
	double			 seconds = py_worker()->cfg->rpc_timeout;
	enum py_rpc_step	 step;
	PyObject		*answer = NULL;

	if (py_core_current() == NULL && py_task_refuse("rpc"))
		return NULL;
	call.until = clock_mono_us() + (uint64_t)(seconds * 1e6);
	if (py_rpc_pack(&call, name, args) == -1) {
		strbuf_done(&call.buf);
		return NULL;
	}
	step = py_rpc_run(&call, node, seconds);
	if (step == PY_RPC_FAILURE)
		py_rpc_complain(node, name, call.why);
	if (step == PY_RPC_DONE && call.buf.len > call.at)
		answer = PyBytes_FromStringAndSize(call.buf.buf + call.at,
		    (Py_ssize_t)(call.buf.len - call.at));
	else if (step != PY_RPC_THROWN) {
		answer = Py_None;
		Py_INCREF(answer);
	}
	strbuf_done(&call.buf);
	return answer;
}
