/*
 * uwsgi.websocket_handshake, _recv, _send and what belongs to them.
 *
 * Whoever the request has started may call them: its own stack, its greenlets
 * and tasks, and with request_context= any thread. What touches the websocket
 * does so with the loop lent (py_core_take_loop); Python objects are made when
 * it is given back. Who may wait in the request's name parks its core.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_websocket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "build_config.h"
#include "config/config.h"
#include "plugins/python/py_async.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_exception.h"
#include "plugins/python/py_gone.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_harakiri.h"
#include "plugins/python/py_poll.h"
#include "plugins/python/py_sharedarea.h"
#include "plugins/python/py_task.h"
#include "plugins/python/py_wait.h"
#include "worker/conn.h"
#include "worker/core.h"
#include "worker/loop.h"
#include "worker/request.h"
#include "worker/response.h"
#include "worker/suspend.h"
#include "worker/websocket/websocket.h"
#include "worker/websocket/websocket_utf8.h"
#include "worker/worker.h"

#ifdef WM_HAVE_WEBSOCKETS

/* What a TimeoutError says. */
#define PY_WEBSOCKET_NONE_CAME	"no message has come"
#define PY_WEBSOCKET_SLOW	"the client is slow"

static PyObject	*py_websocket_error;	/* the type; ours for the whole run */

/* Whose websocket. */
struct py_websocket_who {
	struct core	*core;		/* with the loop lent only */
	int		 id;		/* the core's */
	uint64_t	 serial;
	bool		 waits;		/* the caller may, in its name */
};

/* Why there is no more, copied while the loop was lent. */
struct py_websocket_end {
	bool	 over;
	int	 code;			/* 0: there is no websocket */
	size_t	 reason_len;
	char	 reason[WEBSOCKET_REASON];
};

/* Makes the type. */
int
py_websocket_init(PyObject *module)
{
	py_websocket_error = PyErr_NewExceptionWithDoc(
	    "wsgimaster.WebsocketError",
	    "A websocket that is over (code, reason), or that a request cannot "
	    "become (status, reason).", PyExc_OSError, NULL);
	if (py_websocket_error == NULL ||
	    PyObject_SetAttrString(py_websocket_error, "code", Py_None) == -1 ||
	    PyObject_SetAttrString(py_websocket_error, "status", Py_None) ==
	    -1 || PyObject_SetAttrString(py_websocket_error, "reason",
	    Py_None) == -1)
		return -1;
	return PyObject_SetAttrString(module, "WebsocketError",
	    py_websocket_error);
}

/* Raises it: a number under a name (0: none), and the reason. Gives NULL. */
static PyObject *
py_websocket_raise(const char *text, const char *name, int number,
    const char *reason, size_t len)
{
	PyObject	*error, *why, *value = NULL;

	error = PyObject_CallFunction(py_websocket_error, "s", text);
	why = PyUnicode_DecodeUTF8(reason, (Py_ssize_t)len, "replace");
	if (error != NULL && why != NULL && number != 0)
		value = PyLong_FromLong(number);
	if (error != NULL && why != NULL &&
	    PyObject_SetAttrString(error, "reason", why) == 0 &&
	    (value == NULL || PyObject_SetAttrString(error, name, value) ==
	    0) && !PyErr_Occurred())
		PyErr_SetObject(py_websocket_error, error);
	Py_XDECREF(value);
	Py_XDECREF(why);
	Py_XDECREF(error);
	return NULL;
}

/* The same for a websocket that is over. */
static PyObject *
py_websocket_raise_end(const char *text, const struct py_websocket_end *end)
{
	static const char	 none[] = "there is no websocket";

	if (end->code == 0)
		return py_websocket_raise(text, "code", 0, none,
		    sizeof(none) - 1);
	return py_websocket_raise(text, "code", end->code, end->reason,
	    end->reason_len);
}

/* Whom the caller means. False with a Python exception. */
static bool
py_websocket_find(const char *name, PyObject *context,
    struct py_websocket_who *who)
{
	const struct core	*current = py_core_current();

	if (context != NULL && context != Py_None) {
		if (!py_task_named(context, &who->core, &who->id,
		    &who->serial))
			return false;
	} else {
		who->core = py_async_request(name);
		if (who->core == NULL)
			return false;
		who->id = who->core->id;
		who->serial = who->core->req.serial;
	}
	who->waits = current != NULL && current == who->core &&
	    current->req.serial == who->serial &&
	    current->state == CORE_RUNNING;
	return true;
}

/* The websocket, with the loop lent; NULL: there is none, or no more. */
static struct websocket *
py_websocket_of(const struct py_websocket_who *who)
{
	const struct conn	*c = who->core->req.conn;

	return c == NULL || c->websocket == NULL ||
	    c->websocket->serial != who->serial ? NULL : c->websocket;
}

/* Why it is over, with the loop lent. */
static void
py_websocket_note_end(const struct websocket *ws, struct py_websocket_end *end)
{
	end->over = true;
	end->code = 0;
	if (ws == NULL)
		return;
	end->code = ws->code;
	end->reason_len = ws->reason_len;
	memcpy(end->reason, ws->reason, ws->reason_len);
}

/* The loop; false with a Python exception. */
static bool
py_websocket_take_loop(const char *name)
{
	if (py_core_take_loop())
		return true;
	PyErr_Format(PyExc_RuntimeError, "%s() works in the threads of "
	    "requests only", name);
	return false;
}

/* A text argument, borrowed: str, bytes or None. False with an exception. */
static bool
py_websocket_text(PyObject *arg, const char **s, size_t *len)
{
	Py_ssize_t	 n = 0;

	*s = NULL;
	*len = 0;
	if (arg == NULL || arg == Py_None)
		return true;
	if (PyBytes_Check(arg)) {
		*s = PyBytes_AS_STRING(arg);
		n = PyBytes_GET_SIZE(arg);
	} else if (PyUnicode_Check(arg)) {
		*s = PyUnicode_AsUTF8AndSize(arg, &n);
		if (*s == NULL)
			return false;
	} else {
		PyErr_Format(PyExc_TypeError, "str or bytes is wanted, not "
		    "%.100s", Py_TYPE(arg)->tp_name);
		return false;
	}
	*len = (size_t)n;
	return true;
}

/* It becomes one; false with a Python exception. */
static bool
py_websocket_shake(struct core *core, const struct websocket_terms *terms)
{
	const char	*why;
	int		 status;

	status = websocket_refusal(&core->req, terms, &why);
	if (status != 0) {
		py_websocket_raise("unable to complete websocket handshake",
		    "status", status, why, strlen(why));
		return false;
	}
	if (!py_websocket_take_loop("websocket_handshake"))
		return false;
	py_core_of(core)->begun = true;
	py_poll_of(core)->disconnected = true;
	websocket_begin(&core->req, terms);
	py_core_give_loop();
	return true;
}

/* websocket_handshake(key=None, origin=None, proto=None). New: None. */
static PyObject *
py_websocket_handshake(PyObject *self, PyObject *args, PyObject *keywords)
{
	static char		*names[] = { "key", "origin", "proto", NULL };
	struct websocket_terms	 terms;
	PyObject		*key = NULL, *origin = NULL, *proto = NULL;
	struct core		*core;

	(void)self;
	if (!PyArg_ParseTupleAndKeywords(args, keywords,
	    "|OOO:websocket_handshake", names, &key, &origin, &proto) ||
	    !py_websocket_text(key, &terms.key, &terms.key_len) ||
	    !py_websocket_text(origin, &terms.origin, &terms.origin_len) ||
	    !py_websocket_text(proto, &terms.protocols, &terms.protocols_len))
		return NULL;
	core = py_async_core("websocket_handshake");
	if (core == NULL || !py_core_may_wait(core) ||
	    !py_websocket_shake(core, &terms))
		return NULL;
	Py_RETURN_NONE;
}

/* Its bytes; frees it. New. */
static PyObject *
py_websocket_bytes(struct websocket_message *steal_m)
{
	PyObject	*bytes;

	bytes = PyBytes_FromStringAndSize((const char *)steal_m->data,
	    (Py_ssize_t)steal_m->len);
	free(steal_m);
	return bytes;
}

/*
 * What has come: the next message (new), or the end (NULL, an exception).
 * False: nothing has, as yet.
 */
static bool
py_websocket_take(const char *name, const struct py_websocket_who *who,
    PyObject **result)
{
	struct websocket_message	*m = NULL;
	struct py_websocket_end		 end = { .over = false };
	struct websocket		*ws;

	*result = NULL;
	if (!py_websocket_take_loop(name))
		return true;
	ws = py_websocket_of(who);
	if (ws != NULL && ws->polled)
		websocket_look(ws);
	if (ws != NULL)
		m = websocket_take(ws);
	if (ws == NULL || (m == NULL && ws->state == WEBSOCKET_OVER))
		py_websocket_note_end(ws, &end);
	py_core_give_loop();
	if (m != NULL)
		*result = py_websocket_bytes(m);
	else if (end.over)
		py_websocket_raise_end("unable to receive websocket message",
		    &end);
	return m != NULL || end.over;
}

/* The bell of a websocket; -1 with a Python exception. */
static int
py_websocket_bell(const char *name, const struct py_websocket_who *who)
{
	struct websocket	*ws;
	int			 fd = -1;

	if (!py_websocket_take_loop(name))
		return -1;
	ws = py_websocket_of(who);
	errno = EBADF;
	if (ws != NULL)
		fd = websocket_bell(ws);
	py_core_give_loop();
	if (fd == -1)
		PyErr_SetFromErrno(PyExc_OSError);
	return fd;
}

/* For connection_fd(). */
int
py_websocket_fd(struct core *core)
{
	const struct py_websocket_who	 who = { .core = core,
		.serial = core->req.serial };

	return py_websocket_bell("connection_fd", &who);
}

/*
 * A greenlet of gevent's that is not the request's own waits in gevent's way.
 * False with a Python exception.
 */
static bool
py_websocket_wait_gevent(int fd, double seconds)
{
	PyObject	*module, *result = NULL;

	module = PyImport_ImportModule("gevent.socket");
	if (module != NULL)
		result = PyObject_CallMethod(module, "wait_read", "id", fd,
		    seconds);
	Py_XDECREF(module);
	Py_XDECREF(result);
	return result != NULL;
}

/* The time is over: TimeoutError, and false. */
static bool
py_websocket_late(const char *name, const char *why)
{
	PyErr_Format(PyExc_TimeoutError, "%s: %s", name, why);
	return false;
}

/* Was that nothing but a wait's end? Then it is forgotten. */
static bool
py_websocket_is_late(void)
{
	if (!PyErr_ExceptionMatches(PyExc_TimeoutError))
		return false;
	PyErr_Clear();
	return true;
}

/*
 * The request's own core waits until it is so, or has been told that its
 * client is gone; late: what is said when the time is over. False with a Python
 * exception.
 */
static bool
py_websocket_park(const char *name, struct core *core,
    bool (*is_so)(struct core *), double left, const char *late)
{
	enum wait_reason	 reason = websocket_wait(core, is_so, left);

	if (PyErr_Occurred())
		return false;
	if (reason == WAIT_READY || reason == WAIT_GONE)
		return true;
	if (reason == WAIT_TIMEOUT)
		return py_websocket_late(name, late);
	py_wait_raise(reason);
	return false;
}

/*
 * Somebody beside the request waits, for a moment at least. False with a Python
 * exception.
 */
static bool
py_websocket_wait_beside(const char *name, const struct py_websocket_who *who,
    double left)
{
	struct pollfd	 pfd = { .events = POLLIN };
	/* The bell may be closed, and be another one, before it is polled. */
	const double	 slice = left < 0 || left > 1 ? 1 : left;
	int		 got;

	pfd.fd = py_websocket_bell(name, who);
	if (pfd.fd == -1)
		return false;
	if (py_gil_is_loop_thread()) {
		if (strcmp(py_worker()->loop->name, "gevent") == 0)
			return py_websocket_wait_gevent(pfd.fd, slice) ||
			    (slice != left && py_websocket_is_late());
		PyErr_Format(PyExc_RuntimeError, "%s() waits on the request's "
		    "own stack only, and nobody else may wait there: here "
		    "use websocket_recv_nb, and connection_fd()", name);
		return false;
	}
	got = py_wait_block(&pfd, 1, slice);
	if (got == 0 && slice != left)
		return true;
	if (got == 0)
		return py_websocket_late(name, PY_WEBSOCKET_NONE_CAME);
	return got > 0;
}

/* Waits for a message. False with a Python exception. */
static bool
py_websocket_wait(const char *name, const struct py_websocket_who *who,
    double left)
{
	if (!who->waits)
		return py_websocket_wait_beside(name, who, left);
	return py_websocket_park(name, who->core, websocket_is_readable, left,
	    PY_WEBSOCKET_NONE_CAME);
}

/* websocket_recv(request_context=None, timeout=None). New. */
static PyObject *
py_websocket_recv(PyObject *self, PyObject *args, PyObject *keywords)
{
	static char		*names[] = { "request_context", "timeout",
		NULL };
	static const char	 name[] = "websocket_recv";
	PyObject		*context = NULL, *limit = NULL, *result;
	struct py_websocket_who	 who;
	double			 timeout;
	uint64_t		 start;

	(void)self;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "|OO:websocket_recv",
	    names, &context, &limit) ||
	    !py_wait_timeout(limit, &timeout) ||
	    !py_websocket_find(name, context, &who))
		return NULL;
	start = timeout < 0 ? 0 : clock_mono_us();
	while (!py_websocket_take(name, &who, &result))
		if (!py_websocket_wait(name, &who, clock_left(timeout, start)))
			return NULL;
	return result;
}

/* websocket_recv_nb(request_context=None): b"" when nothing is there. New. */
static PyObject *
py_websocket_recv_nb(PyObject *self, PyObject *args, PyObject *keywords)
{
	static char		*names[] = { "request_context", NULL };
	static const char	 name[] = "websocket_recv_nb";
	PyObject		*context = NULL, *result;
	struct py_websocket_who	 who;

	(void)self;
	if (!PyArg_ParseTupleAndKeywords(args, keywords,
	    "|O:websocket_recv_nb", names, &context) ||
	    !py_websocket_find(name, context, &who))
		return NULL;
	if (!py_websocket_take(name, &who, &result))
		result = PyBytes_FromStringAndSize(NULL, 0);
	return result;
}

/* A letter that waits for room, for py_gil_without. */
struct py_websocket_letter {
	const struct py_websocket_who	*who;
	double				 seconds;
};

/* The same. */
static int
py_websocket_post_wait(void *arg)
{
	const struct py_websocket_letter	*l = arg;

	websocket_post_wait(py_worker(), l->who->id, l->who->serial,
	    l->seconds);
	return 0;
}

/*
 * A thread that may not touch the loop's things writes a letter. False with a
 * Python exception.
 */
static bool
py_websocket_post(const char *name, const struct py_websocket_who *who,
    enum websocket_letter_kind kind, int code, const void *data, size_t len,
    double timeout)
{
	struct worker			*w = py_worker();
	struct py_websocket_letter	 letter = { who, 0 };
	const double			 limit = timeout >= 0 ? timeout :
	    w->cfg->write_timeout;
	const uint64_t			 start = clock_mono_us();
	enum websocket_posted		 posted;

	while ((posted = websocket_post(w, kind, who->id, who->serial,
	    code, data, len)) == WEBSOCKET_POST_FULL) {
		letter.seconds = clock_left(limit, start);
		if (letter.seconds <= 0)
			return py_websocket_late(name, PY_WEBSOCKET_SLOW);
		if (letter.seconds > 1)
			letter.seconds = 1;
		(void)py_gil_without(py_websocket_post_wait, &letter);
		if (PyErr_CheckSignals() == -1)
			return false;
	}
	if (posted == WEBSOCKET_POSTED)
		return true;
	py_websocket_raise("unable to send websocket message", "code", 0,
	    "the websocket is over", 21);
	return false;
}

/* Is the caller a thread that cannot touch the loop's things? */
static bool
py_websocket_is_aside(void)
{
	const struct worker	*w = py_worker();

	return !py_gil_is_loop_thread() && w->suspend->attach == NULL &&
	    w->cores != NULL && !w->forked;
}

/* Tries to send; false with a Python exception. */
static bool
py_websocket_put(const char *name, const struct py_websocket_who *who,
    bool text, const Py_buffer *data, enum websocket_sent *sent,
    struct py_websocket_end *end)
{
	struct websocket	*ws;

	if (!py_websocket_take_loop(name))
		return false;
	ws = py_websocket_of(who);
	if (ws != NULL && ws->polled)
		websocket_look(ws);
	*sent = ws == NULL ? WEBSOCKET_CLOSED : websocket_send(ws, text,
	    data->buf, (size_t)data->len);
	if (*sent == WEBSOCKET_CLOSED)
		py_websocket_note_end(ws, end);
	py_core_give_loop();
	return true;
}

/* The queue is full: waits, or says so. False with a Python exception. */
static bool
py_websocket_wait_room(const char *name, const struct py_websocket_who *who,
    double left)
{
	if (who->waits)
		return py_websocket_park(name, who->core, websocket_has_room,
		    left, PY_WEBSOCKET_SLOW);
	PyErr_Format(PyExc_BlockingIOError, "%s: the client is slow, and its "
	    "queue full", name);
	return false;
}

/* Sends all of it. New: None. */
static PyObject *
py_websocket_send_data(const char *name, const struct py_websocket_who *who,
    bool text, const Py_buffer *data, double timeout)
{
	const uint64_t		 start = timeout < 0 ? 0 : clock_mono_us();
	struct py_websocket_end	 end;
	enum websocket_sent	 sent;

	if (py_websocket_is_aside()) {
		if (!py_websocket_post(name, who, text ?
		    WEBSOCKET_LETTER_TEXT : WEBSOCKET_LETTER_BINARY, 0,
		    data->buf, (size_t)data->len, timeout))
			return NULL;
		Py_RETURN_NONE;
	}
	do {
		if (!py_websocket_put(name, who, text, data, &sent, &end))
			return NULL;
		if (sent == WEBSOCKET_SENT)
			Py_RETURN_NONE;
		if (sent == WEBSOCKET_CLOSED)
			return py_websocket_raise_end(text ?
			    "unable to send websocket message" :
			    "unable to send websocket binary message", &end);
	} while (py_websocket_wait_room(name, who,
	    clock_left(timeout, start)));
	return NULL;
}

/* The bytes of a message: str, or anything with a buffer. */
static bool
py_websocket_data(PyObject *message, Py_buffer *data)
{
	const char	*s;
	Py_ssize_t	 len;

	if (!PyUnicode_Check(message))
		return PyObject_GetBuffer(message, data, PyBUF_SIMPLE) == 0;
	s = PyUnicode_AsUTF8AndSize(message, &len);
	return s != NULL && PyBuffer_FillInfo(data, message, (void *)s, len,
	    1, PyBUF_SIMPLE) == 0;
}

/* Sends a message, if it may be what it is said to be. New: None. */
static PyObject *
py_websocket_send_checked(const char *name,
    const struct py_websocket_who *who, bool text, PyObject *message,
    double timeout)
{
	PyObject	*result = NULL;
	Py_buffer	 data;

	if (!py_websocket_data(message, &data))
		return NULL;
	if (text && !PyUnicode_Check(message) &&
	    !websocket_utf8_is(data.buf, (size_t)data.len))
		PyErr_Format(PyExc_ValueError, "%s: the text is not UTF-8: "
		    "send it as binary", name);
	else
		result = py_websocket_send_data(name, who, text, &data,
		    timeout);
	PyBuffer_Release(&data);
	return result;
}

/* send(message, request_context=None, timeout=None). New: None. */
static PyObject *
py_websocket_send_any(const char *name, bool text, PyObject *args,
    PyObject *keywords)
{
	static char		*names[] = { "message", "request_context",
		"timeout", NULL };
	PyObject		*message, *context = NULL, *limit = NULL;
	struct py_websocket_who	 who;
	double			 timeout;

	if (!PyArg_ParseTupleAndKeywords(args, keywords, "O|OO", names,
	    &message, &context, &limit) ||
	    !py_wait_timeout(limit, &timeout) ||
	    !py_websocket_find(name, context, &who))
		return NULL;
	return py_websocket_send_checked(name, &who, text, message, timeout);
}

/* websocket_send(): text. New: None. */
static PyObject *
py_websocket_send(PyObject *self, PyObject *args, PyObject *keywords)
{
	(void)self;
	return py_websocket_send_any("websocket_send", true, args, keywords);
}

/* websocket_send_binary(). New: None. */
static PyObject *
py_websocket_send_binary(PyObject *self, PyObject *args, PyObject *keywords)
{
	(void)self;
	return py_websocket_send_any("websocket_send_binary", false, args,
	    keywords);
}

/*
 * send(id, pos, len=0, request_context=None, timeout=None): some bytes of a
 * shared area, as they are now. New: None.
 */
static PyObject *
py_websocket_send_area(const char *name, bool text, PyObject *args,
    PyObject *keywords)
{
	static char		*names[] = { "id", "pos", "len",
		"request_context", "timeout", NULL };
	PyObject		*context = NULL, *limit = NULL, *message;
	PyObject		*result;
	struct py_websocket_who	 who;
	double			 timeout;
	long long		 pos, len = 0;
	int			 id;

	if (!PyArg_ParseTupleAndKeywords(args, keywords, "iL|LOO", names,
	    &id, &pos, &len, &context, &limit) ||
	    !py_wait_timeout(limit, &timeout) ||
	    !py_websocket_find(name, context, &who))
		return NULL;
	message = py_sharedarea_bytes(name, id, pos, len);
	if (message == NULL)
		return NULL;
	result = py_websocket_send_checked(name, &who, text, message, timeout);
	Py_DECREF(message);
	return result;
}

/* websocket_send_from_sharedarea(): text. New: None. */
static PyObject *
py_websocket_send_from_sharedarea(PyObject *self, PyObject *args,
    PyObject *keywords)
{
	(void)self;
	return py_websocket_send_area("websocket_send_from_sharedarea", true,
	    args, keywords);
}

/* websocket_send_binary_from_sharedarea(). New: None. */
static PyObject *
py_websocket_send_binary_from_sharedarea(PyObject *self, PyObject *args,
    PyObject *keywords)
{
	(void)self;
	return py_websocket_send_area("websocket_send_binary_from_sharedarea",
	    false, args, keywords);
}

/* websocket_close(code=1000, reason="", request_context=None). New: None. */
static PyObject *
py_websocket_close(PyObject *self, PyObject *args, PyObject *keywords)
{
	static char		*names[] = { "code", "reason",
		"request_context", NULL };
	PyObject		*reason = NULL, *context = NULL;
	struct py_websocket_who	 who;
	struct websocket	*ws;
	const char		*text;
	size_t			 len;
	int			 code = WEBSOCKET_NORMAL;

	(void)self;
	if (!PyArg_ParseTupleAndKeywords(args, keywords,
	    "|iOO:websocket_close", names, &code, &reason, &context) ||
	    !py_websocket_find("websocket_close", context, &who) ||
	    !py_websocket_text(reason, &text, &len))
		return NULL;
	if (!websocket_code_is_valid(code) || len > WEBSOCKET_REASON ||
	    !websocket_utf8_is(text, len)) {
		PyErr_Format(PyExc_ValueError, "websocket_close: the code is "
		    "1000-1003, 1007-1014 or 3000-4999, the reason at most %d "
		    "bytes of UTF-8", WEBSOCKET_REASON);
		return NULL;
	}
	if (py_websocket_is_aside()) {
		if (!py_websocket_post("websocket_close", &who,
		    WEBSOCKET_LETTER_CLOSE, code, text, len, -1))
			return NULL;
		Py_RETURN_NONE;
	}
	if (!py_websocket_take_loop("websocket_close"))
		return NULL;
	ws = py_websocket_of(&who);
	if (ws != NULL && ws->state == WEBSOCKET_OPEN) {
		ws->deaf = true;
		websocket_close(ws, code, text == NULL ? "" : text, len);
	}
	py_core_give_loop();
	Py_RETURN_NONE;
}

/* request_context(): names the request, for request_context=. New. */
static PyObject *
py_websocket_context(PyObject *self, PyObject *unused)
{
	struct core	*core = py_async_request("request_context");

	(void)self, (void)unused;
	return core == NULL ? NULL : py_task_new(core);
}

/* Has the request become one? */
bool
py_websocket_is_open(const struct request *req)
{
	return req->conn->websocket != NULL;
}

/* Answers a request that cannot become one. */
static void
py_websocket_refuse(struct request *req, int status)
{
	const char	*reason = response_reason(status);
	char		 line[64];
	int		 n;

	n = PyOS_snprintf(line, sizeof(line), "%d %s", status, reason);
	if (response_begin(req, line, (size_t)n) != NULL)
		return;
	response_add(req, "Content-Type", 12, "text/plain", 10);
	if (status == 426)
		response_add(req, "Sec-WebSocket-Version", 21, "13", 2);
	n = PyOS_snprintf(line, sizeof(line), "%s\n", reason);
	(void)response_write_whole(req, line, (size_t)n);
}

/* The status of the error that is set, its reason in the log; 0: none. */
static int
py_websocket_status(struct request *req)
{
	PyObject	*type, *error, *tb, *status, *reason;
	const char	*text = NULL;
	int		 number = 0;

	PyErr_Fetch(&type, &error, &tb);
	PyErr_NormalizeException(&type, &error, &tb);
	status = PyObject_GetAttrString(error, "status");
	reason = PyObject_GetAttrString(error, "reason");
	if (status != NULL && PyLong_Check(status))
		number = (int)PyLong_AsLong(status);
	if (reason != NULL && PyUnicode_Check(reason))
		text = PyUnicode_AsUTF8(reason);
	PyErr_Clear();
	if (number >= 400 && number < 600)
		request_log(req, LOG_LEVEL_INFO, "no websocket: %s",
		    text == NULL ? "?" : text);
	else
		number = 0;
	Py_XDECREF(status);
	Py_XDECREF(reason);
	PyErr_Restore(type, error, tb);
	return number;
}

/* An exception has ended the request. */
bool
py_websocket_failed(struct request *req)
{
	const bool	 ours = PyErr_ExceptionMatches(py_websocket_error);
	int		 status;

	if (req->conn->websocket == NULL) {
		if (!ours || req->resp.state > RESPONSE_BEGUN)
			return false;
		status = py_websocket_status(req);
		if (status == 0)
			return false;
		PyErr_Clear();
		py_websocket_refuse(req, status);
		return true;
	}
	if (ours || py_gone_is_set(req) ||
	    (req->core->harakiri.is_late && py_harakiri_is_set())) {
		PyErr_Clear();
		return true;
	}
	req->failed = true;
	py_exception_log(req, "exception in the app");
	return true;
}

const PyMethodDef	 py_websocket_methods[] = {
	{ "websocket_handshake",
	    (PyCFunction)(void (*)(void))py_websocket_handshake,
	    METH_VARARGS | METH_KEYWORDS, "websocket_handshake(key=None, "
	    "origin=None, proto=None): this request becomes a websocket" },
	{ "websocket_recv", (PyCFunction)(void (*)(void))py_websocket_recv,
	    METH_VARARGS | METH_KEYWORDS, "websocket_recv("
	    "request_context=None, timeout=None): the next message; "
	    "WebsocketError when it is over" },
	{ "websocket_recv_nb",
	    (PyCFunction)(void (*)(void))py_websocket_recv_nb,
	    METH_VARARGS | METH_KEYWORDS, "websocket_recv_nb("
	    "request_context=None): the next message, b'' if none is there" },
	{ "websocket_send", (PyCFunction)(void (*)(void))py_websocket_send,
	    METH_VARARGS | METH_KEYWORDS, "websocket_send(message, "
	    "request_context=None, timeout=None): sends text" },
	{ "websocket_send_binary",
	    (PyCFunction)(void (*)(void))py_websocket_send_binary,
	    METH_VARARGS | METH_KEYWORDS, "websocket_send_binary(message, "
	    "request_context=None, timeout=None): sends bytes" },
	{ "websocket_close", (PyCFunction)(void (*)(void))py_websocket_close,
	    METH_VARARGS | METH_KEYWORDS, "websocket_close(code=1000, "
	    "reason='', request_context=None): says goodbye" },
	{ "request_context", py_websocket_context, METH_NOARGS,
	    "request_context(): names this request, for request_context=" },
	{ NULL, NULL, 0, NULL }
};

const PyMethodDef	 py_websocket_area_methods[] = {
	{ "websocket_send_from_sharedarea",
	    (PyCFunction)(void (*)(void))py_websocket_send_from_sharedarea,
	    METH_VARARGS | METH_KEYWORDS, "websocket_send_from_sharedarea("
	    "id, pos, len=0, request_context=None, timeout=None): sends bytes "
	    "of a shared area as text" },
	{ "websocket_send_binary_from_sharedarea", (PyCFunction)
	    (void (*)(void))py_websocket_send_binary_from_sharedarea,
	    METH_VARARGS | METH_KEYWORDS,
	    "websocket_send_binary_from_sharedarea(id, pos, len=0, "
	    "request_context=None, timeout=None): sends them as they are" },
	{ NULL, NULL, 0, NULL }
};

#else

/* WebsocketError is there, for those who catch it. */
int
py_websocket_init(PyObject *module)
{
	return PyObject_SetAttrString(module, "WebsocketError",
	    PyExc_OSError);
}

/* Says why it does not work. Gives NULL. */
static PyObject *
py_websocket_none(PyObject *self, PyObject *args, PyObject *keywords)
{
	(void)self, (void)args, (void)keywords;
	PyErr_SetString(PyExc_OSError, "this wsgimaster was built without "
	    "websockets (--without-websockets)");
	return NULL;
}

/* Never. */
bool
py_websocket_is_open(const struct request *req)
{
	(void)req;
	return false;
}

/* The same. */
bool
py_websocket_failed(struct request *req)
{
	(void)req;
	return false;
}

/* The same. */
int
py_websocket_fd(struct core *core)
{
	(void)core;
	return -1;
}

#define PY_WEBSOCKET_NONE(name)						\
	{ name, (PyCFunction)(void (*)(void))py_websocket_none,		\
	    METH_VARARGS | METH_KEYWORDS, "not built in" }

const PyMethodDef	 py_websocket_methods[] = {
	PY_WEBSOCKET_NONE("websocket_handshake"),
	PY_WEBSOCKET_NONE("websocket_recv"),
	PY_WEBSOCKET_NONE("websocket_recv_nb"),
	PY_WEBSOCKET_NONE("websocket_send"),
	PY_WEBSOCKET_NONE("websocket_send_binary"),
	PY_WEBSOCKET_NONE("websocket_close"),
	PY_WEBSOCKET_NONE("request_context"),
	{ NULL, NULL, 0, NULL }
};

const PyMethodDef	 py_websocket_area_methods[] = {
	PY_WEBSOCKET_NONE("websocket_send_from_sharedarea"),
	PY_WEBSOCKET_NONE("websocket_send_binary_from_sharedarea"),
	{ NULL, NULL, 0, NULL }
};

#endif
