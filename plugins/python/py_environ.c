/*
 * The environ of a request: a copy of a dict with everything that is the same
 * for all, and then what is not.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_environ.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "plugins/python/py_app.h"
#include "plugins/python/py_header.h"
#include "plugins/python/py_kept.h"
#include "plugins/python/py_poll.h"
#include "plugins/python/py_strings.h"
#include "plugins/python/py_template.h"
#include "plugins/python/py_vars.h"
#include "plugins/python/py_tls.h"
#include "shm/listener.h"
#include "worker/conn.h"
#include "worker/conn_peer.h"
#include "worker/core.h"
#include "worker/request.h"
#include "worker/worker.h"

#define PY_HOST_MAX	256
#define PY_PATH_MAX	32	/* a longer one may name a secret */
#define PY_PORTS	256	/* a power of 2 */
#define PY_FEW_FIELDS	8	/* more go into a copy of the wide template */

/* A port as a str. */
struct py_port {
	PyObject	*str;		/* NULL: free */
	uint16_t	 number;
};

static struct {
	PyObject	 *template;	/* dict */
	PyObject	 *wide;		/* the same with room for more */
	uint32_t	  size;		/* of its keys */
	uint32_t	  turn;		/* environs begun, for those who wait */
	PyObject	**ports;	/* SERVER_PORT by listener; NULL: "" */
	size_t		  nports;
	bool		  cores;	/* more than one */
	/* The last Host, what SERVER_NAME it made, and the last client. */
	char		  host[PY_HOST_MAX];
	size_t		  host_len;
	PyObject	 *host_name;
	PyObject	 *addr;
	struct py_port	  numbers[PY_PORTS];	/* by their last bits */
} py_environ;

/* Sets an item to text. */
static int
py_environ_set_text(PyObject *env, PyObject *key, const char *s, size_t len)
{
	return py_template_set(env, key,
	    PyUnicode_DecodeLatin1(s, (Py_ssize_t)len, NULL));
}

/* The request's id as a str. New. */
PyObject *
py_environ_id(const struct request *req)
{
	PyObject	*id = PyUnicode_New(req->id_len, 127);

	if (id != NULL)
		memcpy(PyUnicode_1BYTE_DATA(id), req->id, req->id_len);
	return id;
}

/* Makes the template. */
int
py_environ_init(struct worker *w)
{
	const char	*port;
	size_t		 i;

	py_environ.template = py_template_new(w, &py_environ.size);
	if (py_environ.template == NULL)
		return -1;
	py_environ.wide = py_template_widen(py_environ.template);
	if (py_environ.wide == NULL || py_vars_init() == -1)
		return -1;
	py_environ.cores = w->ncores > 1;
	if (py_tls_init() == -1)
		return -1;
	if (w->listeners == NULL || w->listeners->count == 0)
		return 0;
	py_environ.nports = w->listeners->count;
	py_environ.ports = xcalloc(py_environ.nports,
	    sizeof(*py_environ.ports));
	for (i = 0; i < py_environ.nports; i++) {
		port = w->listeners->items[i].port;
		if (port == NULL || *port == '\0')
			continue;
		py_environ.ports[i] = PyUnicode_FromString(port);
		if (py_environ.ports[i] == NULL)
			return -1;
	}
	return 0;
}

/* Frees the template and what was kept. */
void
py_environ_done(void)
{
	size_t	 i;

	py_kept_done();
	py_vars_done();
	py_tls_done();
	Py_CLEAR(py_environ.template);
	Py_CLEAR(py_environ.wide);
	for (i = 0; i < py_environ.nports; i++)
		Py_CLEAR(py_environ.ports[i]);
	for (i = 0; i < PY_PORTS; i++)
		Py_CLEAR(py_environ.numbers[i].str);
	free(py_environ.ports);
	py_environ.ports = NULL;
	py_environ.nports = 0;
	Py_CLEAR(py_environ.host_name);
	Py_CLEAR(py_environ.addr);
	py_environ.host_len = 0;
}

/* REQUEST_METHOD; the template says GET. */
static int
py_environ_add_method(PyObject *env, const char *s, size_t len)
{
	PyObject *const	 usual[] = { py_str->post, py_str->head, py_str->put,
	    py_str->delete_, py_str->patch, py_str->options };
	size_t		 i;

	if (len == 3 && memcmp(s, "GET", 3) == 0)
		return 0;
	for (i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if ((size_t)PyUnicode_GET_LENGTH(usual[i]) == len &&
		    memcmp(PyUnicode_1BYTE_DATA(usual[i]), s, len) == 0)
			return PyDict_SetItem(env, py_str->request_method,
			    usual[i]);
	return py_environ_set_text(env, py_str->request_method, s, len);
}

/* PATH_INFO and REQUEST_URI, where they are not as py_environ_last_path. */
static int
py_environ_add_path(PyObject *env, const struct request *req,
    const struct py_app *app)
{
	if (py_environ_set_text(env, py_str->path_info,
	    req->path + app->prefix_len,
	    req->path_len - app->prefix_len) == -1)
		return -1;
	return py_environ_set_text(env, py_str->request_uri,
	    request_text(req, req->head->target), req->head->target.len);
}

/* Is a str these bytes? */
static bool
py_environ_is(PyObject *str, const char *s, size_t len)
{
	return (size_t)PyUnicode_GET_LENGTH(str) == len &&
	    memcmp(PyUnicode_1BYTE_DATA(str), s, len) == 0;
}

/*
 * The same for a short path that is the whole target, which the next request
 * may have, too. 1, or 0 if it is none, or -1.
 */
static int
py_environ_last_path(PyObject *env, struct py_last *last,
    const struct request *req, const struct py_app *app)
{
	size_t		 len = req->path_len;
	PyObject	*path = last->path;

	if (app->prefix_len > 0 || len > PY_PATH_MAX ||
	    req->head->target.len != len || memcmp(req->path,
	    request_text(req, req->head->target), len) != 0)
		return 0;
	if (py_environ_is(path != NULL ? path : py_str->slash, req->path, len))
		return 1;
	path = PyUnicode_DecodeLatin1(req->path, (Py_ssize_t)len, NULL);
	if (path == NULL)
		return -1;
	last->path = NULL;
	if (PyDict_SetItem(env, py_str->request_uri, path) == -1 ||
	    PyDict_SetItem(env, py_str->path_info, path) == -1) {
		Py_DECREF(path);
		return -1;
	}
	Py_DECREF(path);		/* the dict has it */
	last->path = path;
	return 1;
}

/* Where the port begins in "host:port", or the end: "[::1]:80" has colons. */
static const char *
py_environ_host_end(const char *host, size_t len)
{
	const char	*bracket = memchr(host, ']', len);
	const char	*from = bracket != NULL ? bracket : host;
	const char	*colon;

	colon = memchr(from, ':', len - (size_t)(from - host));
	return colon != NULL ? colon : host + len;
}

/* SERVER_NAME out of a Host, new: the last one's if it is the same. */
static PyObject *
py_environ_host_name(const char *host, size_t len)
{
	PyObject	*name;

	if (len != py_environ.host_len ||
	    memcmp(host, py_environ.host, len) != 0) {
		name = PyUnicode_DecodeLatin1(host,
		    py_environ_host_end(host, len) - host, NULL);
		if (name == NULL || len > sizeof(py_environ.host))
			return name;
		memcpy(py_environ.host, host, len);
		py_environ.host_len = len;
		Py_XSETREF(py_environ.host_name, name);
	}
	Py_INCREF(py_environ.host_name);
	return py_environ.host_name;
}

/* A port as a str, borrowed: one that was made before, or new. */
static PyObject *
py_environ_number(uint16_t number)
{
	struct py_port	*port = &py_environ.numbers[number % PY_PORTS];
	char		 text[CONN_PORT_TEXT];
	PyObject	*str;

	if (port->str != NULL && port->number == number)
		return port->str;
	str = PyUnicode_DecodeLatin1(text,
	    (Py_ssize_t)conn_port_text(text, number), NULL);
	if (str == NULL)
		return NULL;
	port->number = number;
	Py_XSETREF(port->str, str);
	return str;
}

/* The host that was asked for, and its length. */
static const char *
py_environ_host(const struct request *req, size_t *len)
{
	if (req->from.host != NULL) {
		*len = req->from.host_len;
		return req->from.host;
	}
	*len = req->head->host.len;
	return request_text(req, req->head->host);
}

/*
 * SERVER_PORT: what the origin knows; the socket's; for a unix socket what the
 * client asked for, or its scheme's. The template says 80.
 */
static int
py_environ_add_port(PyObject *env, const struct request *req)
{
	const struct listeners	*all = req->worker->listeners;
	const char		*host, *end, *port;
	PyObject		*number;
	size_t			 i, len;

	if (req->from.server_port != 0) {
		number = py_environ_number(req->from.server_port);
		return number == NULL ? -1 :
		    PyDict_SetItem(env, py_str->server_port, number);
	}
	i = all == NULL ? 0 : (size_t)(req->conn->listener - all->items);
	if (i < py_environ.nports && py_environ.ports[i] != NULL)
		return PyDict_SetItem(env, py_str->server_port,
		    py_environ.ports[i]);
	host = py_environ_host(req, &len);
	end = host + len;
	port = len == 0 ? end : py_environ_host_end(host, len) + 1;
	if (port < end)
		return py_environ_set_text(env, py_str->server_port, port,
		    (size_t)(end - port));
	return !req->from.https ? 0 :
	    PyDict_SetItem(env, py_str->server_port, py_str->port_443);
}

/* wsgi.url_scheme, and HTTPS as others set it; the template says http. */
static int
py_environ_add_https(PyObject *env)
{
	return PyDict_SetItem(env, py_str->wsgi_url_scheme,
	    py_str->https) == -1 ||
	    PyDict_SetItem(env, py_str->HTTPS, py_str->on) == -1 ? -1 : 0;
}

/* SERVER_NAME, SERVER_PORT, SERVER_PROTOCOL and the scheme. */
static int
py_environ_add_server(PyObject *env, const struct request *req)
{
	const char	*name = req->conn->listener->host, *host;
	size_t		 len;

	host = py_environ_host(req, &len);
	if (len > 0) {
		if (py_template_set(env, py_str->server_name,
		    py_environ_host_name(host, len)) == -1)
			return -1;
	} else if (name != NULL && *name != '\0' &&
	    py_environ_set_text(env, py_str->server_name, name,
	    strlen(name)) == -1)
		return -1;
	if (req->head->http2 && PyDict_SetItem(env, py_str->server_protocol,
	    py_str->http_2_0) == -1)
		return -1;
	if (req->head->minor == 0 && PyDict_SetItem(env,
	    py_str->server_protocol, py_str->http_1_0) == -1)
		return -1;
	if (req->from.https && py_environ_add_https(env) == -1)
		return -1;
	return py_environ_add_port(env, req);
}

/* REMOTE_ADDR, borrowed: the last client's if it is the same. */
static PyObject *
py_environ_addr(const struct origin *from)
{
	PyObject	*addr = py_environ.addr;

	if (from->addr_len == 0)
		return py_str->empty;
	if (addr != NULL && py_environ_is(addr, from->addr, from->addr_len))
		return addr;
	addr = PyUnicode_DecodeLatin1(from->addr, from->addr_len, NULL);
	if (addr != NULL)
		Py_XSETREF(py_environ.addr, addr);
	return addr;
}

/* REMOTE_ADDR and REMOTE_PORT; "" where they are not known. */
static int
py_environ_last_client(PyObject *env, struct py_last *last,
    const struct origin *from)
{
	PyObject	*addr, *port;

	addr = py_environ_addr(from);
	port = from->port == 0 ? py_str->empty :
	    py_environ_number(from->port);
	if (addr == NULL || port == NULL)
		return -1;
	if (addr != last->addr) {
		last->addr = NULL;
		if (PyDict_SetItem(env, py_str->remote_addr, addr) == -1)
			return -1;
		last->addr = addr;
	}
	if (port != last->port) {
		last->port = NULL;
		if (PyDict_SetItem(env, py_str->remote_port, port) == -1)
			return -1;
		last->port = port;
	}
	return 0;
}

/* uwsgi.core, and fdevent's object if the core has one. */
static int
py_environ_last_core(PyObject *env, struct py_last *last,
    const struct request *req, bool kept)
{
	PyObject	*timeout = py_poll_of(req->core)->timeout;

	if (py_environ.cores && last->core != req->core->id) {
		last->core = -1;
		if (py_template_set(env, py_str->uwsgi_core,
		    PyLong_FromLong(req->core->id)) == -1)
			return -1;
		last->core = req->core->id;
	}
	if (timeout == last->timeout)
		return 0;
	if (kept)
		py_last_set_timeout(last, timeout);
	if (PyDict_SetItem(env, py_str->fdevent_timeout, timeout) == 0)
		return 0;
	if (kept)
		py_last_set_timeout(last, NULL);
	return -1;
}

/*
 * Sets what the last request of this dict had otherwise. As in
 * py_environ_last_path.
 */
static int
py_environ_last(PyObject *env, struct py_last *last,
    const struct request *req, const struct py_app *app, bool kept)
{
	if (app != last->app && (app->prefix_len > 0 || last->app != NULL)) {
		last->app = NULL;
		if (PyDict_SetItem(env, py_str->script_name,
		    app->script_name) == -1)
			return -1;
		last->app = app;
	}
	if (py_environ_last_client(env, last, &req->from) == -1 ||
	    py_environ_last_core(env, last, req, kept) == -1)
		return -1;
	return py_environ_last_path(env, last, req, app);
}

/* The request's id. */
static int
py_environ_add_id(PyObject *env, const struct request *req)
{
	return py_template_set(env, py_str->request_id,
	    py_environ_id(req));
}

/* The loose fields, which what numbers. */
static int
py_environ_add_loose(PyObject *env, const struct request *req,
    struct py_kept *what)
{
	bool		 loose = false;
	unsigned	 i;

	for (i = 0; i < what->nloose; i++) {
		if (py_header_add(env, req->buf,
		    &req->head->fields[what->loose[i]], &what->size,
		    &loose) == -1)
			return -1;
	}
	return 0;
}

/*
 * The header fields but for the loose ones, whose numbers go into what. Are
 * there too many: all fields, in their order, and no numbers. *whole becomes
 * whether there were not.
 */
static int
py_environ_add_fields(PyObject *env, const struct request *req,
    struct py_kept *what, bool *whole)
{
	const struct http_head	*head = req->head;
	bool			 loose;
	uint32_t		 i;

	*whole = true;
	for (i = 0; i < head->nfields; i++) {
		if (*whole && (what->nloose == PY_KEPT_LOOSE ||
		    i > UINT8_MAX)) {
			*whole = false;
			if (py_environ_add_loose(env, req, what) == -1)
				return -1;
			what->nloose = 0;
		}
		loose = *whole;
		if (py_header_add(env, req->buf, &head->fields[i],
		    &what->size, &loose) == -1)
			return -1;
		if (loose)
			what->loose[what->nloose++] = (uint8_t)i;
	}
	return 0;
}

/* What is the same for all requests of this head: its fixed part. New. */
static PyObject *
py_environ_fixed(const struct request *req, struct py_kept *what)
{
	PyObject	*env;
	bool		 whole;

	env = PyDict_Copy(req->head->nfields > PY_FEW_FIELDS ?
	    py_environ.wide : py_environ.template);
	if (env == NULL)
		return NULL;
	what->size = py_environ.size;
	if (py_environ_add_method(env, request_text(req, req->head->method),
	    req->head->method.len) == -1 ||
	    py_environ_add_server(env, req) == -1 ||
	    py_environ_add_fields(env, req, what, &whole) == -1 ||
	    (whole && py_kept_wants(req) &&
	    py_kept_add(req, env, what) == -1)) {
		Py_DECREF(env);
		return NULL;
	}
	return env;
}

/* What the target or the server knows better than the fields. */
static int
py_environ_correct(PyObject *env, const struct request *req)
{
	const struct http_head	*head = req->head;
	const char		*host;
	size_t			 host_len;
	char			 number[24];
	int64_t			 left;
	int			 len;

	if (head->form == HTTP_URL_ABSOLUTE || req->from.host != NULL) {
		host = py_environ_host(req, &host_len);
		if (py_environ_set_text(env, py_str->http_host, host,
		    host_len) == -1)
			return -1;
	}
	if (!(head->chunked || head->to_end) || (left = body_left(req)) < 0)
		return 0;
	/* Such a body that was collected has a length by now. */
	len = snprintf(number, sizeof(number), "%lld", (long long)left);
	return py_environ_set_text(env, py_str->content_length, number,
	    (size_t)len);
}

/*
 * A copy of a kept head's dict, which is brought up to date before; *what
 * becomes what was kept, and *path as py_environ_last_path says. New; NULL
 * without an exception if there is none.
 */
static PyObject *
py_environ_kept(const struct request *req, const struct py_app *app,
    struct py_kept *what, int *path)
{
	struct py_kept	*kept = py_kept_find(req);
	PyObject	*env;
	uint32_t	 turn = ++py_environ.turn;

	if (kept == NULL)
		return NULL;
	*path = py_environ_last(kept->env, &kept->last, req, app, true);
	if (*path == -1)
		return NULL;
	*what = *kept;
	/* The collector may run now, and others with it. */
	Py_INCREF(what->env);
	env = PyDict_Copy(what->env);
	Py_DECREF(what->env);
	if (turn != py_environ.turn)
		Py_CLEAR(env);
	return env;
}

/* The environ of a gateway's request: its variables on the template. */
static PyObject *
py_environ_of_vars(struct request *req, const struct py_app *app,
    PyObject *input)
{
	struct py_last	 last = { .core = -1 };
	PyObject	*env = PyDict_Copy(py_environ.wide);

	if (env == NULL)
		return NULL;
	if (py_vars_add(env, req, app, &req->vars_size) == -1 ||
	    py_environ_last_core(env, &last, req, false) == -1 ||
	    (input != NULL && PyDict_SetItem(env, py_str->wsgi_input,
	    input) == -1) ||
	    py_environ_add_id(env, req) == -1) {
		Py_DECREF(env);
		return NULL;
	}
	req->nvars = (uint32_t)PyDict_GET_SIZE(env);
	return env;
}

/* Makes a request's environ. */
PyObject *
py_environ_new(struct request *req, const struct py_app *app, PyObject *input)
{
	struct py_kept	 what;
	PyObject	*env;
	int		 path;

	if (req->head->vars)
		return py_environ_of_vars(req, app, input);
	env = py_environ_kept(req, app, &what, &path);
	if (env == NULL) {
		if (PyErr_Occurred())
			return NULL;
		memset(&what, 0, sizeof(what));
		what.last.core = -1;
		env = py_environ_fixed(req, &what);
		if (env == NULL)
			return NULL;
		path = py_environ_last(env, &what.last, req, app, false);
	}
	if (path == -1 ||
	    (path == 0 && py_environ_add_path(env, req, app) == -1) ||
	    (req->head->query.len > 0 && py_environ_set_text(env,
	    py_str->query_string, request_text(req, req->head->query),
	    req->head->query.len) == -1) ||
	    (input != NULL && PyDict_SetItem(env, py_str->wsgi_input,
	    input) == -1) ||
	    py_environ_add_id(env, req) == -1 ||
	    py_environ_add_loose(env, req, &what) == -1 ||
	    (req->conn->tls != NULL && py_tls_add(env, req) == -1) ||
	    py_environ_correct(env, req) == -1) {
		Py_DECREF(env);
		return NULL;
	}
	req->nvars = (uint32_t)PyDict_GET_SIZE(env);
	req->vars_size = what.size + req->head->line.len +
	    req->from.addr_len + 5 + 4 * req->nvars;
	return env;
}
