/*
 * Calls a function of another server, over the uwsgi protocol.
 *
 *	connect			py_packet.h; a connection for each call
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

#include <stdbool.h>
#include <string.h>

#include "base/log.h"
#include "base/strbuf.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_packet.h"
#include "plugins/python/py_task.h"
#include "worker/gateway/uwsgi_array.h"
#include "worker/gateway/uwsgi_parse.h"
#include "worker/request.h"

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
py_rpc_pack(struct py_packet *call, PyObject *name, PyObject *args)
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

/* Reads the answer; at becomes where it begins in the buffer. */
static enum py_packet_step
py_rpc_answer(struct py_packet *call, size_t *at)
{
	enum py_packet_step	 step;
	size_t			 size;
	bool			 is_long;

	step = py_packet_read(call, UWSGI_PACKET_HEADER);
	if (step != PY_PACKET_DONE)
		return step;
	if ((uint8_t)call->buf.buf[0] != UWSGI_MODIFIER_RPC) {
		call->why = "what came is no answer to a call";
		return PY_PACKET_FAILURE;
	}
	is_long = (uint8_t)call->buf.buf[3] == UWSGI_RPC_LONG;
	*at = UWSGI_PACKET_HEADER;
	size = uwsgi_number_read(call->buf.buf + 1);
	step = py_packet_read(call, *at + size);
	if (step != PY_PACKET_DONE || !is_long)
		return step;
	*at += size;
	size = py_rpc_length(&call->buf);
	if (size <= PY_RPC_ANSWER_MAX)
		return py_packet_read(call, *at + size);
	call->why = "the answer is longer than 16 MiB, or says not how long "
	    "it is";
	return PY_PACKET_FAILURE;
}

/* Connects, sends and reads. */
static enum py_packet_step
py_rpc_run(struct py_packet *call, PyObject *node, size_t *at)
{
	enum py_packet_step	 step = py_packet_send(call, node);

	if (step == PY_PACKET_DONE)
		step = py_rpc_answer(call, at);
	if (step == PY_PACKET_END && call->buf.len > 0) {
		call->why = "the answer was cut off";
		return PY_PACKET_FAILURE;
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
	struct py_packet	 call;
	enum py_packet_step	 step;
	PyObject		*answer = NULL;
	size_t			 at = 0;

	if (py_core_current() == NULL && py_task_refuse("rpc"))
		return NULL;
	py_packet_init(&call);
	if (py_rpc_pack(&call, name, args) == -1) {
		py_packet_done(&call);
		return NULL;
	}
	step = py_rpc_run(&call, node, &at);
	if (step == PY_PACKET_FAILURE)
		py_rpc_complain(node, name, call.why);
	if (step == PY_PACKET_DONE && call.buf.len > at)
		answer = PyBytes_FromStringAndSize(call.buf.buf + at,
		    (Py_ssize_t)(call.buf.len - at));
	else if (step != PY_PACKET_THROWN) {
		answer = Py_None;
		Py_INCREF(answer);
	}
	py_packet_done(&call);
	return answer;
}
