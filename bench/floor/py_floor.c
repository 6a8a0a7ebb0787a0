/*
 * The practical floor for a WSGI server in C on this CPython: epoll, one
 * recv, a small HTTP/1.1 head parser, a fresh environ per request (a copy of
 * a template dict whose values are shared objects, with the per-request ones
 * replaced), the app called through vectorcall, one send per response.
 *
 * It does what PEP 3333 needs for the race's workloads and no more: no
 * limits, no timeouts, no chunked request bodies, and a slow client blocks
 * the worker (poll on write). Not a server to run for anything else.
 *
 * Usage: py_floor PORT WORKERS MODULE:CALLABLE   (PYTHONPATH is honoured)
 */
#define PY_SSIZE_T_CLEAN
#define _GNU_SOURCE
#include <Python.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define IN_SIZE	   65536
#define OUT_SIZE   65536
#define COPY_LIMIT 16384 /* bodies up to this join the head's send */
#define MAX_EVENTS 256
#define MAX_BODY   (8 << 20)

/* ---- constants shared by every request ---- */

static PyObject *k_method, *k_path, *k_query, *k_uri, *k_proto, *k_raddr,
    *k_rport, *k_clen, *k_ctype, *k_input;
static PyObject *v_empty, *v_get, *v_http11, *v_http10, *v_root, *v_no_input;
static PyObject *template_env, *the_app, *start_response_fn, *write_fn,
    *s_close;

struct conn {
	int fd;
	PyObject *addr, *port;	/* REMOTE_ADDR, REMOTE_PORT */
	char *in;		/* only while a request is incomplete */
	size_t in_len, in_cap;
	bool nodelay;		/* set once a response came in pieces */
	struct conn *next_free;
};
static struct conn *free_conns;

/* The response in progress; a sync worker has one. */
static struct {
	int  fd;
	bool http11, close, head_sent, chunked, started, has_length, failed,
	    nodelay;
	PyObject *status, *headers;
} rsp;

static char out[OUT_SIZE + COPY_LIMIT + 64];

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- wsgi.input ---- */

typedef struct {
	PyObject_HEAD
	PyObject *body;
	Py_ssize_t pos;
} Input;

static PyObject *
input_take(Input *in, Py_ssize_t want)
{
	Py_ssize_t left = PyBytes_GET_SIZE(in->body) - in->pos;
	if (want < 0 || want > left)
		want = left;
	if (in->pos == 0 && want == left && left) {
		in->pos = want;
		return Py_NewRef(in->body);
	}
	PyObject *r = PyBytes_FromStringAndSize(
	    PyBytes_AS_STRING(in->body) + in->pos, want);
	if (r)
		in->pos += want;
	return r;
}

static bool
size_arg(PyObject *const *args, Py_ssize_t n, Py_ssize_t *size)
{
	*size = -1;
	if (n > 0 && args[0] != Py_None) {
		*size = PyLong_AsSsize_t(args[0]);
		if (*size == -1 && PyErr_Occurred())
			return false;
	}
	return true;
}

static PyObject *
input_read(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	Py_ssize_t size;
	return size_arg(args, n, &size) ? input_take((Input *)self, size) :
					  NULL;
}

static PyObject *
input_readline(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	Input	  *in = (Input *)self;
	Py_ssize_t size, left = PyBytes_GET_SIZE(in->body) - in->pos;
	if (!size_arg(args, n, &size))
		return NULL;
	if (size < 0 || size > left)
		size = left;
	char *from = PyBytes_AS_STRING(in->body) + in->pos;
	char *nl = memchr(from, '\n', (size_t)size);
	return input_take(in, nl ? nl + 1 - from : size);
}

static PyObject *
input_next(PyObject *self)
{
	PyObject *line = input_readline(self, NULL, 0);
	if (line && PyBytes_GET_SIZE(line) == 0)
		Py_CLEAR(line);
	return line;
}

static PyObject *
input_readlines(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	(void)args, (void)n;
	return PySequence_List(self);
}

static void
input_dealloc(PyObject *self)
{
	Py_XDECREF(((Input *)self)->body);
	PyObject_Free(self);
}

static PyMethodDef input_methods[] = {
	{ "read", (PyCFunction)(void (*)(void))input_read, METH_FASTCALL,
	    NULL },
	{ "readline", (PyCFunction)(void (*)(void))input_readline,
	    METH_FASTCALL, NULL },
	{ "readlines", (PyCFunction)(void (*)(void))input_readlines,
	    METH_FASTCALL, NULL },
	{ NULL, NULL, 0, NULL }
};

static PyTypeObject Input_Type = {
	PyVarObject_HEAD_INIT(NULL, 0).tp_name = "floor.Input",
	.tp_basicsize = sizeof(Input),
	.tp_flags = Py_TPFLAGS_DEFAULT,
	.tp_dealloc = input_dealloc,
	.tp_methods = input_methods,
	.tp_iter = PyObject_SelfIter,
	.tp_iternext = input_next,
};

static PyObject *
input_new(const char *data, size_t len)
{
	Input *in = PyObject_New(Input, &Input_Type);
	if (!in)
		return NULL;
	in->pos = 0;
	in->body = PyBytes_FromStringAndSize(data, (Py_ssize_t)len);
	if (!in->body)
		Py_CLEAR(in);
	return (PyObject *)in;
}

/* ---- header names: Accept-Encoding -> HTTP_ACCEPT_ENCODING ---- */

#define NAME_SLOTS 256
static struct {
	PyObject      *key;
	unsigned short len;
	char raw[60]; /* as sent, case kept: clients repeat themselves */
} names[NAME_SLOTS];

static PyObject *
header_key(const char *s, size_t len)
{
	unsigned h = 2166136261u;
	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * 16777619u;
	unsigned slot = h % NAME_SLOTS;
	if (names[slot].key && names[slot].len == len &&
	    !memcmp(names[slot].raw, s, len))
		return Py_NewRef(names[slot].key);

	char up[5 + 256] = "HTTP_";
	if (len > 256)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		char c = s[i];
		if (c == '_')
			return NULL; /* taken for '-': dropped */
		up[5 + i] = c == '-'	   ? '_' :
		    (c >= 'a' && c <= 'z') ? (char)(c - 32) :
					     c;
	}
	PyObject *key = PyUnicode_DecodeLatin1(up, (Py_ssize_t)(5 + len), NULL);
	if (!key)
		return NULL;
	PyUnicode_InternInPlace(&key);
	if (len <= sizeof(names[slot].raw)) {
		Py_XDECREF(names[slot].key);
		names[slot].key = Py_NewRef(key);
		names[slot].len = (unsigned short)len;
		memcpy(names[slot].raw, s, len);
	}
	return key;
}

/* ---- sending ---- */

static bool
send_all(const void *a, size_t alen, const void *b, size_t blen)
{
	struct iovec  iov[2] = { { (void *)a, alen }, { (void *)b, blen } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = blen ? 2 : 1 };

	for (;;) {
		ssize_t n = blen ?
		    sendmsg(rsp.fd, &msg, MSG_NOSIGNAL) :
		    send(rsp.fd, iov[0].iov_base, iov[0].iov_len, MSG_NOSIGNAL);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			if (errno != EAGAIN)
				return rsp.failed = true, false;
			struct pollfd p = { .fd = rsp.fd, .events = POLLOUT };
			Py_BEGIN_ALLOW_THREADS poll(&p, 1, 10000);
			Py_END_ALLOW_THREADS continue;
		}
		size_t done = (size_t)n;
		for (int i = 0; i < 2; i++) {
			size_t step =
			    done < iov[i].iov_len ? done : iov[i].iov_len;
			iov[i].iov_base = (char *)iov[i].iov_base + step;
			iov[i].iov_len -= step;
			done -= step;
		}
		if (iov[0].iov_len == 0) {
			if (iov[1].iov_len == 0)
				return true;
			iov[0] = iov[1];
			iov[1].iov_len = 0;
			msg.msg_iovlen = 1;
			blen = 0;
		}
	}
}

/* Latin-1 text of a str, NULL with an exception set if it is not that. */
static const char *
latin1(PyObject *o, size_t *len)
{
	if (!PyUnicode_Check(o) || PyUnicode_READY(o) < 0 ||
	    PyUnicode_KIND(o) != PyUnicode_1BYTE_KIND) {
		PyErr_SetString(
		    PyExc_TypeError, "status and headers must be latin-1 str");
		return NULL;
	}
	*len = (size_t)PyUnicode_GET_LENGTH(o);
	return (const char *)PyUnicode_1BYTE_DATA(o);
}

static bool
put(size_t *at, const char *s, size_t len)
{
	if (*at + len > OUT_SIZE) {
		PyErr_SetString(PyExc_ValueError, "response head too large");
		return false;
	}
	memcpy(out + *at, s, len);
	*at += len;
	return true;
}
#define PUT(at, lit) put(at, lit, sizeof(lit) - 1)

/* Writes the head into out; known is the body length, or -1. */
static Py_ssize_t
build_head(Py_ssize_t known)
{
	size_t	    at = 0, len;
	const char *s;

	if (!rsp.started) {
		PyErr_SetString(
		    PyExc_RuntimeError, "start_response was not called");
		return -1;
	}
	if (!PUT(&at, "HTTP/1.1 ") || !(s = latin1(rsp.status, &len)) ||
	    !put(&at, s, len))
		return -1;
	for (Py_ssize_t i = 0; i < PyList_GET_SIZE(rsp.headers); i++) {
		PyObject *pair = PyList_GET_ITEM(rsp.headers, i);
		if (!PyTuple_CheckExact(pair) || PyTuple_GET_SIZE(pair) != 2) {
			PyErr_SetString(PyExc_TypeError,
			    "headers must be a list of 2-tuples");
			return -1;
		}
		if (!PUT(&at, "\r\n") ||
		    !(s = latin1(PyTuple_GET_ITEM(pair, 0), &len)) ||
		    !put(&at, s, len))
			return -1;
		if (len == 14 && !strncasecmp(s, "content-length", 14))
			rsp.has_length = true;
		if (!PUT(&at, ": ") ||
		    !(s = latin1(PyTuple_GET_ITEM(pair, 1), &len)) ||
		    memchr(s, '\n', len) || !put(&at, s, len)) {
			if (!PyErr_Occurred())
				PyErr_SetString(PyExc_ValueError,
				    "newline in header value");
			return -1;
		}
	}
	if (!rsp.has_length) {
		if (known >= 0) {
			char num[48];
			int n = snprintf(num, sizeof(num),
			    "\r\nContent-Length: %zd", known);
			if (!put(&at, num, (size_t)n))
				return -1;
		} else if (rsp.http11) {
			rsp.chunked = true;
			if (!PUT(&at, "\r\nTransfer-Encoding: chunked"))
				return -1;
		} else {
			rsp.close = true;
		}
	}
	if (rsp.close && !PUT(&at, "\r\nConnection: close"))
		return -1;
	if (!PUT(&at, "\r\n\r\n"))
		return -1;
	rsp.head_sent = true;
	return (Py_ssize_t)at;
}

/* Sends one body piece (and the head before it); last says none follows. */
static bool
emit(PyObject *piece, Py_ssize_t known, bool last)
{
	size_t	    at = 0, len = 0;
	const char *data = NULL;

	if (piece) {
		if (!PyBytes_Check(piece)) {
			PyErr_SetString(
			    PyExc_TypeError, "body items must be bytes");
			return false;
		}
		data = PyBytes_AS_STRING(piece);
		len = (size_t)PyBytes_GET_SIZE(piece);
	}
	if (!rsp.head_sent) {
		Py_ssize_t n = build_head(known);
		if (n < 0)
			return false;
		at = (size_t)n;
	}
	if (!last &&
	    !rsp.nodelay) { /* a response in pieces must not wait for ACKs */
		int one = 1;
		setsockopt(rsp.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		rsp.nodelay = true;
	}
	if (rsp.chunked && len)
		at += (size_t)sprintf(out + at, "%zx\r\n", len);
	if (len > COPY_LIMIT) {
		if (!send_all(out, at, data, len))
			return false;
		at = 0;
	} else if (len) {
		memcpy(out + at, data, len);
		at += len;
	}
	if (rsp.chunked) {
		if (len) {
			memcpy(out + at, "\r\n", 2);
			at += 2;
		}
		if (last) {
			memcpy(out + at, "0\r\n\r\n", 5);
			at += 5;
		}
	}
	return at == 0 || send_all(out, at, NULL, 0);
}

static PyObject *
py_write(PyObject *self, PyObject *piece)
{
	(void)self;
	if (!emit(piece, -1, false)) {
		if (!PyErr_Occurred())
			PyErr_SetString(PyExc_OSError, "write failed");
		return NULL;
	}
	Py_RETURN_NONE;
}

static PyObject *
py_start_response(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	(void)self;
	if (n < 2 || n > 3 || !PyList_Check(args[1])) {
		PyErr_SetString(PyExc_TypeError,
		    "start_response(status, headers[, exc_info])");
		return NULL;
	}
	bool exc = n == 3 && args[2] != Py_None;
	if (rsp.started && !exc) {
		PyErr_SetString(
		    PyExc_RuntimeError, "start_response called twice");
		return NULL;
	}
	if (exc && rsp.head_sent) {
		PyErr_SetString(PyExc_RuntimeError, "headers already sent");
		return NULL;
	}
	Py_XSETREF(rsp.status, Py_NewRef(args[0]));
	Py_XSETREF(rsp.headers, Py_NewRef(args[1]));
	rsp.started = true;
	return Py_NewRef(write_fn);
}

static PyMethodDef start_response_def = { "start_response",
	(PyCFunction)(void (*)(void))py_start_response, METH_FASTCALL, NULL };
static PyMethodDef write_def = { "write", py_write, METH_O, NULL };

/* ---- one request ---- */

static void
run_app(PyObject *env)
{
	PyObject *stack[3] = { NULL, env, start_response_fn };
	PyObject *body = PyObject_Vectorcall(
	    the_app, stack + 1, 2 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
	if (!body)
		goto error;
	if (PyList_CheckExact(body) && PyList_GET_SIZE(body) == 1) {
		PyObject *piece = PyList_GET_ITEM(body, 0);
		if (!emit(piece,
			PyBytes_Check(piece) ? PyBytes_GET_SIZE(piece) : -1,
			true))
			goto error;
	} else {
		Py_ssize_t count =
		    PyList_CheckExact(body) ? PyList_GET_SIZE(body) : -1;
		PyObject *it = PyObject_GetIter(body), *piece;
		if (!it)
			goto error;
		while ((piece = PyIter_Next(it))) {
			bool ok = true;
			if (!PyBytes_Check(piece) || PyBytes_GET_SIZE(piece))
				ok = emit(piece, -1, false);
			Py_DECREF(piece);
			if (!ok)
				break;
		}
		Py_DECREF(it);
		if (PyErr_Occurred() || rsp.failed ||
		    !emit(NULL, count == 0 ? 0 : -1, true))
			goto error;
	}
	goto done;

error:
	if (PyErr_Occurred())
		PyErr_Print();
	rsp.close = true;
	if (!rsp.head_sent && !rsp.failed) {
		static const char bad[] =
		    "HTTP/1.1 500 Internal Server Error\r\n"
		    "Content-Length: 0\r\nConnection: close\r\n\r\n";
		send_all(bad, sizeof(bad) - 1, NULL, 0);
	}
done:
	if (body) {
		if (!PyList_CheckExact(body) && !PyTuple_CheckExact(body)) {
			PyObject *close_m = NULL;
			_PyObject_LookupAttr(body, s_close, &close_m);
			if (close_m) {
				PyObject *r = PyObject_CallNoArgs(close_m);
				if (!r)
					PyErr_Print();
				Py_XDECREF(r);
				Py_DECREF(close_m);
			}
		}
		Py_DECREF(body);
	}
}

static bool
set_text(PyObject *env, PyObject *key, const char *s, size_t len)
{
	PyObject *v = PyUnicode_DecodeLatin1(s, (Py_ssize_t)len, NULL);
	bool	  ok = v && PyDict_SetItem(env, key, v) == 0;
	Py_XDECREF(v);
	return ok;
}

static int
hexval(char c)
{
	return c >= '0' && c <= '9'	       ? c - '0' :
	    (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 :
						 -1;
}

static bool
set_path(PyObject *env, const char *s, size_t len)
{
	if (len == 1 && *s == '/')
		return true; /* the template says so */
	if (!memchr(s, '%', len))
		return set_text(env, k_path, s, len);
	char  *tmp = malloc(len);
	size_t n = 0;
	for (size_t i = 0; tmp && i < len; i++) {
		int hi, lo;
		if (s[i] == '%' && i + 2 < len &&
		    (hi = hexval(s[i + 1])) >= 0 &&
		    (lo = hexval(s[i + 2])) >= 0) {
			tmp[n++] = (char)(hi << 4 | lo);
			i += 2;
		} else {
			tmp[n++] = s[i];
		}
	}
	bool ok = tmp && set_text(env, k_path, tmp, n);
	free(tmp);
	return ok;
}

/*
 * Handles one request at s[0..len). Returns the bytes used, 0 if it is
 * incomplete, -1 if it cannot be served (the connection is then closed).
 */
static ssize_t
request(struct conn *c, const char *s, size_t len)
{
	const char *end = memmem(s, len, "\r\n\r\n", 4);
	if (!end)
		return len >= IN_SIZE ? -1 : 0;
	size_t	    head = (size_t)(end + 4 - s), body_len = 0;
	const char *eol = memchr(s, '\r', head);
	const char *sp1 = memchr(s, ' ', (size_t)(eol - s));
	const char *sp2 =
	    sp1 ? memchr(sp1 + 1, ' ', (size_t)(eol - sp1 - 1)) : NULL;
	if (!sp2 || eol - sp2 != 9 || memcmp(sp2 + 1, "HTTP/1.", 7))
		return -1;

	rsp.fd = c->fd;
	rsp.http11 = sp2[8] == '1';
	rsp.close = !rsp.http11;
	rsp.head_sent = rsp.chunked = rsp.started = rsp.has_length =
	    rsp.failed = false;
	rsp.nodelay = c->nodelay;

	PyObject *env = PyDict_Copy(template_env);
	if (!env)
		return -1;
	bool   ok = true;
	size_t mlen = (size_t)(sp1 - s);
	if (!(mlen == 3 && !memcmp(s, "GET", 3)))
		ok &= set_text(env, k_method, s, mlen);
	if (!rsp.http11)
		ok &= PyDict_SetItem(env, k_proto, v_http10) == 0;
	const char *target = sp1 + 1;
	size_t	    tlen = (size_t)(sp2 - target);
	const char *q = memchr(target, '?', tlen);
	ok &= set_path(env, target, q ? (size_t)(q - target) : tlen);
	if (q)
		ok &= set_text(env, k_query, q + 1, (size_t)(sp2 - q - 1));
	ok &= set_text(env, k_uri, target, tlen);
	ok &= PyDict_SetItem(env, k_raddr, c->addr) == 0;
	ok &= PyDict_SetItem(env, k_rport, c->port) == 0;

	for (const char *line = eol + 2; line < end; line = eol + 2) {
		eol = memchr(line, '\r', (size_t)(end + 2 - line));
		const char *colon = memchr(line, ':', (size_t)(eol - line));
		if (!colon || colon == line || eol[1] != '\n') {
			ok = false;
			break;
		}
		size_t	    nlen = (size_t)(colon - line);
		const char *v = colon + 1;
		while (v < eol && (*v == ' ' || *v == '\t'))
			v++;
		size_t vlen = (size_t)(eol - v);
		while (vlen && (v[vlen - 1] == ' ' || v[vlen - 1] == '\t'))
			vlen--;
		if (nlen == 14 && !strncasecmp(line, "content-length", 14)) {
			for (size_t i = 0; i < vlen; i++) {
				if (v[i] < '0' || v[i] > '9' ||
				    body_len > MAX_BODY)
					ok = false;
				body_len = body_len * 10 + (size_t)(v[i] - '0');
			}
			ok &= vlen > 0 && set_text(env, k_clen, v, vlen);
			continue;
		}
		if (nlen == 12 && !strncasecmp(line, "content-type", 12)) {
			ok &= set_text(env, k_ctype, v, vlen);
			continue;
		}
		if (nlen == 17 && !strncasecmp(line, "transfer-encoding", 17))
			ok = false;
		if (nlen == 10 && !strncasecmp(line, "connection", 10)) {
			if (vlen == 5 && !strncasecmp(v, "close", 5))
				rsp.close = true;
			else if (vlen == 10 &&
			    !strncasecmp(v, "keep-alive", 10) && !rsp.http11)
				rsp.close = false;
		}
		PyObject *key = header_key(line, nlen);
		if (key) {
			PyObject *old = PyDict_GetItemWithError(env, key);
			if (old) {
				PyObject *joined = PyUnicode_FromFormat(
				    "%U,%.*s", old, (int)vlen, v);
				ok &= joined &&
				    PyDict_SetItem(env, key, joined) == 0;
				Py_XDECREF(joined);
			} else {
				ok &= set_text(env, key, v, vlen);
			}
			Py_DECREF(key);
		}
	}
	if (!ok || body_len > MAX_BODY) {
		PyErr_Clear();
		Py_DECREF(env);
		return -1;
	}
	if (len < head + body_len) {
		Py_DECREF(env); /* parsed again when the rest is here */
		return 0;
	}
	if (body_len) {
		PyObject *in = input_new(s + head, body_len);
		if (!in || PyDict_SetItem(env, k_input, in) < 0)
			die("input");
		Py_DECREF(in);
	}
	run_app(env);
	c->nodelay = rsp.nodelay;
	Py_DECREF(env);
	Py_CLEAR(rsp.status);
	Py_CLEAR(rsp.headers);
	return rsp.close || rsp.failed ? -1 : (ssize_t)(head + body_len);
}

/* ---- connections ---- */

/* Returns false, always: the connection is gone. */
static bool
conn_free(struct conn *c)
{
	close(c->fd);
	Py_CLEAR(c->addr);
	Py_CLEAR(c->port);
	free(c->in);
	c->in = NULL;
	c->in_len = c->in_cap = 0;
	c->nodelay = false;
	c->next_free = free_conns;
	free_conns = c;
	return false;
}

/* Reads once and answers what is whole. Returns whether c is still open. */
static bool
readable(struct conn *c)
{
	static char shared[IN_SIZE];
	char	   *buf = shared;
	size_t	    have = 0, cap = sizeof(shared), used = 0;

	if (c->in) { /* a request in pieces: read on in its own buffer */
		if (c->in_cap - c->in_len < 4096) {
			c->in_cap *= 2;
			c->in = realloc(c->in, c->in_cap);
			if (!c->in)
				die("realloc");
		}
		buf = c->in;
		have = c->in_len;
		cap = c->in_cap;
	}
	ssize_t n = recv(c->fd, buf + have, cap - have, 0);
	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR) ?
		    true :
		    conn_free(c);
	have += (size_t)n;
	while (used < have) {
		ssize_t took = request(c, buf + used, have - used);
		if (took < 0)
			return conn_free(c);
		if (took == 0)
			break;
		used += (size_t)took;
	}
	size_t left = have - used;
	if (left == 0) {
		if (c->in) {
			free(c->in);
			c->in = NULL;
			c->in_len = c->in_cap = 0;
		}
	} else if (c->in) {
		memmove(c->in, c->in + used, left);
		c->in_len = left;
	} else {
		c->in_cap = left * 2 < 8192 ? 8192 : left * 2;
		if (!(c->in = malloc(c->in_cap)))
			die("malloc");
		memcpy(c->in, buf + used, left);
		c->in_len = left;
	}
	return true;
}

static void
accept_all(int ep, int lfd)
{
	struct sockaddr_in sa;
	socklen_t	   slen = sizeof(sa);
	int		   fd;

	while ((fd = accept4(lfd, (struct sockaddr *)&sa, &slen,
		    SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct conn *c = free_conns;
		char	     text[INET_ADDRSTRLEN];
		if (c)
			free_conns = c->next_free;
		else if (!(c = calloc(1, sizeof(*c))))
			die("calloc");
		c->fd = fd;
		c->addr = PyUnicode_FromString(
		    inet_ntop(AF_INET, &sa.sin_addr, text, sizeof(text)));
		c->port = PyUnicode_FromFormat("%d", ntohs(sa.sin_port));
		struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
		slen = sizeof(sa);
		if (!c->addr || !c->port)
			conn_free(c);
		else if (readable(
			     c) && /* mostly the request is there already */
		    epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) < 0)
			conn_free(c);
	}
}

static void
loop(int lfd)
{
	int		   ep = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event ev = { .events = EPOLLIN | EPOLLEXCLUSIVE,
		.data.ptr = NULL };
	struct epoll_event events[MAX_EVENTS];

	if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, lfd, &ev) < 0)
		die("epoll");
	for (;;) {
		int		       n;
		Py_BEGIN_ALLOW_THREADS n =
		    epoll_wait(ep, events, MAX_EVENTS, -1);
		Py_END_ALLOW_THREADS if (n < 0 && errno != EINTR)
		    die("epoll_wait");
		if (n < 0 && PyErr_CheckSignals() < 0) {
			PyErr_Print();
			exit(0);
		}
		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr)
				readable(events[i].data.ptr);
			else
				accept_all(ep, lfd);
		}
	}
}

/* ---- start ---- */

static PyObject *
str(const char *s)
{
	PyObject *o = PyUnicode_InternFromString(s);
	if (!o)
		die("str");
	return o;
}

static void
env_set(PyObject *key, PyObject *value)
{
	if (!value || PyDict_SetItem(template_env, key, value) < 0) {
		PyErr_Print();
		exit(1);
	}
}

static void
build_template(const char *port)
{
	k_method = str("REQUEST_METHOD"), k_path = str("PATH_INFO");
	k_query = str("QUERY_STRING"), k_uri = str("REQUEST_URI");
	k_proto = str("SERVER_PROTOCOL"), k_raddr = str("REMOTE_ADDR");
	k_rport = str("REMOTE_PORT"), k_clen = str("CONTENT_LENGTH");
	k_ctype = str("CONTENT_TYPE"), k_input = str("wsgi.input");
	v_empty = str(""), v_get = str("GET"), v_root = str("/");
	v_http11 = str("HTTP/1.1"), v_http10 = str("HTTP/1.0"),
	s_close = str("close");
	if (PyType_Ready(&Input_Type) < 0 || !(v_no_input = input_new("", 0)))
		die("input");

	template_env = PyDict_New();
	env_set(k_method, v_get);
	env_set(str("SCRIPT_NAME"), v_empty);
	env_set(k_path, v_root);
	env_set(k_query, v_empty);
	env_set(k_uri, v_root);
	env_set(str("SERVER_NAME"), str("127.0.0.1"));
	env_set(str("SERVER_PORT"), str(port));
	env_set(k_proto, v_http11);
	env_set(str("SERVER_SOFTWARE"), str("py_floor"));
	env_set(str("DOCUMENT_ROOT"), v_empty);
	env_set(k_raddr, v_empty);
	env_set(k_rport, v_empty);
	env_set(k_clen, v_empty);
	env_set(k_ctype, v_empty);
	env_set(str("wsgi.version"), Py_BuildValue("(ii)", 1, 0));
	env_set(str("wsgi.url_scheme"), str("http"));
	env_set(k_input, v_no_input);
	env_set(str("wsgi.errors"), PySys_GetObject("stderr"));
	env_set(str("wsgi.multithread"), Py_False);
	env_set(str("wsgi.multiprocess"), Py_True);
	env_set(str("wsgi.run_once"), Py_False);
	env_set(str("wsgi.input_terminated"), Py_True);
	PyObject *util = PyImport_ImportModule("wsgiref.util");
	env_set(str("wsgi.file_wrapper"),
	    util ? PyObject_GetAttrString(util, "FileWrapper") : NULL);
	env_set(str("floor.worker"), PyLong_FromLong(1));
	env_set(str("floor.node"), str("localhost"));
}

int
main(int argc, char **argv)
{
	if (argc != 4 || !strchr(argv[3], ':')) {
		fprintf(stderr, "usage: %s PORT WORKERS MODULE:CALLABLE\n",
		    argv[0]);
		return 2;
	}
	int workers = atoi(argv[2]), one = 1;
	int lfd =
	    socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_port = htons((unsigned short)atoi(argv[1])),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	setsockopt(lfd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* accept only once the request is there: one epoll_ctl less */
	setsockopt(lfd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &one, sizeof(one));
	if (bind(lfd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    listen(lfd, 1024) < 0)
		die("bind");
	signal(SIGPIPE, SIG_IGN);

	Py_InitializeEx(0);
	char *target = strdup(argv[3]), *colon = strchr(target, ':');
	*colon = 0;
	PyObject *module = PyImport_ImportModule(target);
	the_app = module ? PyObject_GetAttrString(module, colon + 1) : NULL;
	if (!the_app) {
		PyErr_Print();
		return 1;
	}
	build_template(argv[1]);
	start_response_fn = PyCFunction_New(&start_response_def, NULL);
	write_fn = PyCFunction_New(&write_def, NULL);
	if (!start_response_fn || !write_fn)
		die("functions");

	for (int i = 0; workers > 1 && i < workers; i++) {
		PyOS_BeforeFork();
		pid_t pid = fork();
		if (pid == 0) {
			PyOS_AfterFork_Child();
			loop(lfd);
		}
		PyOS_AfterFork_Parent();
	}
	if (workers > 1) {
		while (wait(NULL) > 0)
			;
		return 0;
	}
	loop(lfd);
}
