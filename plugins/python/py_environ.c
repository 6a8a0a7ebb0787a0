/*
 * The environ of a request: a copy of a dict with everything that is the same
 * for all, and then what is not.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_environ.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "build_config.h"
#include "config/config.h"
#include "plugins/python/py_app.h"
#include "plugins/python/py_errors.h"
#include "plugins/python/py_fdevent.h"
#include "plugins/python/py_file.h"
#include "plugins/python/py_header.h"
#include "plugins/python/py_input.h"
#include "plugins/python/py_ngx.h"
#include "plugins/python/py_strings.h"
#include "shm/listener.h"
#include "worker/conn.h"
#include "worker/core.h"
#include "worker/request.h"
#include "worker/suspend.h"
#include "worker/worker.h"

#define PY_HOST_MAX	256

static struct {
	PyObject	 *template;	/* dict */
	uint32_t	  size;		/* of its keys */
	PyObject	**ports;	/* SERVER_PORT by listener; NULL: "" */
	size_t		  nports;
	bool		  cores;	/* more than one */
	/* The last Host, what SERVER_NAME it made, and the last client. */
	char		  host[PY_HOST_MAX];
	size_t		  host_len;
	PyObject	 *host_name;
	PyObject	 *addr;
} py_environ;

/* Sets an item and drops the value's reference. */
static int
py_environ_set(PyObject *env, PyObject *key, PyObject *steal_value)
{
	int	 result;

	if (steal_value == NULL)
		return -1;
	result = PyDict_SetItem(env, key, steal_value);
	Py_DECREF(steal_value);
	return result;
}

/* Sets an item to text. */
static int
py_environ_set_text(PyObject *env, PyObject *key, const char *s, size_t len)
{
	return py_environ_set(env, key,
	    PyUnicode_DecodeLatin1(s, (Py_ssize_t)len, NULL));
}

/* The items that are the server's. */
static int
py_environ_init_server(PyObject *env, struct worker *w)
{
	char	 node[256] = "localhost";

	gethostname(node, sizeof(node) - 1);
	return PyDict_SetItem(env, py_str->request_method, py_str->get) == -1 ||
	    PyDict_SetItem(env, py_str->script_name, py_str->empty) == -1 ||
	    PyDict_SetItem(env, py_str->path_info, py_str->slash) == -1 ||
	    PyDict_SetItem(env, py_str->query_string, py_str->empty) == -1 ||
	    PyDict_SetItem(env, py_str->request_uri, py_str->slash) == -1 ||
	    py_environ_set_text(env, py_str->server_name, node,
	    strlen(node)) == -1 ||
	    PyDict_SetItem(env, py_str->server_port, py_str->port_80) == -1 ||
	    PyDict_SetItem(env, py_str->server_protocol,
	    py_str->http_1_1) == -1 ||
	    py_environ_set_text(env, py_str->server_software,
	    "wsgimaster/" WM_VERSION, sizeof("wsgimaster/" WM_VERSION) - 1) ==
	    -1 ||
	    PyDict_SetItem(env, py_str->remote_addr, py_str->empty) == -1 ||
	    PyDict_SetItem(env, py_str->remote_port, py_str->empty) == -1 ||
	    py_environ_set(env, py_str->uwsgi_version,
	    PyBytes_FromString(WM_VERSION)) == -1 ||
	    py_environ_set(env, py_str->uwsgi_node,
	    PyBytes_FromString(node)) == -1 ||
	    (w->ncores > 1 && PyDict_SetItem(env, py_str->uwsgi_core,
	    Py_None) == -1) ||
	    PyDict_SetItem(env, py_str->request_id, py_str->empty) == -1 ?
	    -1 : 0;
}

/* The items that PEP 3333 asks for. */
static int
py_environ_init_wsgi(PyObject *env, struct worker *w)
{
	PyObject	*multi = w->cfg->processes > 1 ? Py_True : Py_False;
	PyObject	*threads = w->cfg->threads > 1 ? Py_True : Py_False;

	return py_environ_set(env, py_str->wsgi_version,
	    Py_BuildValue("(ii)", 1, 0)) == -1 ||
	    PyDict_SetItem(env, py_str->wsgi_url_scheme, py_str->http) == -1 ||
	    py_environ_set(env, py_str->wsgi_input, py_input_empty()) == -1 ||
	    py_environ_set(env, py_str->wsgi_errors, py_errors_new()) == -1 ||
	    PyDict_SetItem(env, py_str->wsgi_multithread, threads) == -1 ||
	    PyDict_SetItem(env, py_str->wsgi_multiprocess, multi) == -1 ||
	    PyDict_SetItem(env, py_str->wsgi_run_once, Py_False) == -1 ||
	    PyDict_SetItem(env, py_str->wsgi_input_terminated, Py_True) == -1 ||
	    PyDict_SetItem(env, py_str->wsgi_file_wrapper,
	    py_file_wrapper()) == -1 ? -1 : 0;
}

/* Sums up the keys, as uWSGI would send them. */
static void
py_environ_init_size(PyObject *env)
{
	PyObject	*key, *value;
	Py_ssize_t	 at = 0;

	py_environ.size = 0;
	while (PyDict_Next(env, &at, &key, &value))
		py_environ.size += (uint32_t)PyUnicode_GET_LENGTH(key);
}

/* Makes the template. */
int
py_environ_init(struct worker *w)
{
	const char	*port;
	size_t		 i;

	py_environ.template = PyDict_New();
	if (py_environ.template == NULL)
		return -1;
	if (py_environ_init_server(py_environ.template, w) == -1 ||
	    py_environ_init_wsgi(py_environ.template, w) == -1)
		return -1;
	if (w->suspend->can_park &&
	    (py_fdevent_add(py_environ.template) == -1 ||
	    py_ngx_add(py_environ.template) == -1))
		return -1;
	py_environ_init_size(py_environ.template);
	py_environ.cores = w->ncores > 1;
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

	Py_CLEAR(py_environ.template);
	for (i = 0; i < py_environ.nports; i++)
		Py_CLEAR(py_environ.ports[i]);
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

/* SCRIPT_NAME, PATH_INFO, QUERY_STRING and REQUEST_URI. */
static int
py_environ_add_path(PyObject *env, const struct request *req,
    const struct py_app *app)
{
	const char	*path = req->path + app->prefix_len;
	const char	*uri = request_text(req, req->head->target);
	size_t		 path_len = req->path_len - app->prefix_len;
	size_t		 uri_len = req->head->target.len;
	PyObject	*value;
	int		 result;

	if (app->prefix_len > 0 && PyDict_SetItem(env, py_str->script_name,
	    app->script_name) == -1)
		return -1;
	if (req->head->query.len > 0 && py_environ_set_text(env,
	    py_str->query_string, request_text(req, req->head->query),
	    req->head->query.len) == -1)
		return -1;
	value = PyUnicode_DecodeLatin1(path, (Py_ssize_t)path_len, NULL);
	if (value == NULL)
		return -1;
	result = PyDict_SetItem(env, py_str->path_info, value);
	if (result == 0 && uri_len == path_len &&
	    memcmp(uri, path, uri_len) == 0)
		result = PyDict_SetItem(env, py_str->request_uri, value);
	else if (result == 0)
		result = py_environ_set_text(env, py_str->request_uri, uri,
		    uri_len);
	Py_DECREF(value);
	return result;
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

/* SERVER_PORT: the socket's; for a unix socket what the client asked for. */
static int
py_environ_add_port(PyObject *env, const struct request *req)
{
	const struct listeners	*all = req->worker->listeners;
	const struct listener	*listener = req->conn->listener;
	const char		*host, *end, *port;
	size_t			 i, len = req->head->host.len;

	i = all == NULL ? 0 : (size_t)(listener - all->items);
	if (i < py_environ.nports && py_environ.ports[i] != NULL)
		return PyDict_SetItem(env, py_str->server_port,
		    py_environ.ports[i]);
	if (len == 0)
		return 0;
	host = request_text(req, req->head->host);
	end = host + len;
	port = py_environ_host_end(host, len) + 1;
	if (port >= end)
		return 0;
	return py_environ_set_text(env, py_str->server_port, port,
	    (size_t)(end - port));
}

/* SERVER_NAME, SERVER_PORT and SERVER_PROTOCOL. */
static int
py_environ_add_server(PyObject *env, const struct request *req)
{
	const struct http_view	*host = &req->head->host;
	const char		*name = req->conn->listener->host;

	if (host->len > 0) {
		if (py_environ_set(env, py_str->server_name,
		    py_environ_host_name(request_text(req, *host),
		    host->len)) == -1)
			return -1;
	} else if (name != NULL && *name != '\0' &&
	    py_environ_set_text(env, py_str->server_name, name,
	    strlen(name)) == -1)
		return -1;
	if (req->head->minor == 0 && PyDict_SetItem(env,
	    py_str->server_protocol, py_str->http_1_0) == -1)
		return -1;
	return py_environ_add_port(env, req);
}

/* REMOTE_ADDR and REMOTE_PORT; a unix socket has none. */
static int
py_environ_add_client(PyObject *env, const struct conn *conn)
{
	PyObject	*addr = py_environ.addr;

	if (conn->addr_len == 0)
		return 0;
	if (addr == NULL || PyUnicode_GET_LENGTH(addr) != conn->addr_len ||
	    memcmp(PyUnicode_1BYTE_DATA(addr), conn->addr,
	    conn->addr_len) != 0) {
		addr = PyUnicode_DecodeLatin1(conn->addr, conn->addr_len,
		    NULL);
		if (addr == NULL)
			return -1;
		Py_XSETREF(py_environ.addr, addr);
	}
	if (PyDict_SetItem(env, py_str->remote_addr, addr) == -1)
		return -1;
	return py_environ_set_text(env, py_str->remote_port, conn->port,
	    conn->port_len);
}

/* wsgi.input, uwsgi.core and the request's id. */
static int
py_environ_add_request(PyObject *env, const struct request *req,
    PyObject *input)
{
	static const char	 digits[] = "0123456789abcdef";
	char			 id[16];
	uint64_t		 n = req->id;
	int			 i;

	if (input != NULL &&
	    PyDict_SetItem(env, py_str->wsgi_input, input) == -1)
		return -1;
	if (py_environ.cores && py_environ_set(env, py_str->uwsgi_core,
	    PyLong_FromLong(req->core->id)) == -1)
		return -1;
	for (i = 15; i >= 0; i--, n >>= 4)
		id[i] = digits[n & 15];
	return py_environ_set_text(env, py_str->request_id, id, sizeof(id));
}

/* All header fields; then what the target or the server knows better. */
static int
py_environ_add_headers(PyObject *env, const struct request *req,
    uint32_t *size)
{
	const struct http_head	*head = req->head;
	char			 number[24];
	int64_t			 left;
	uint32_t		 i;
	int			 len;

	for (i = 0; i < head->nfields; i++)
		if (py_header_add(env, req->buf, &head->fields[i], size) == -1)
			return -1;
	if (head->form == HTTP_URL_ABSOLUTE && py_environ_set_text(env,
	    py_str->http_host, request_text(req, head->host),
	    head->host.len) == -1)
		return -1;
	if (!head->chunked || (left = body_left(req)) < 0)
		return 0;
	/* A chunked body that was collected has a length by now. */
	len = snprintf(number, sizeof(number), "%lld", (long long)left);
	return py_environ_set_text(env, py_str->content_length, number,
	    (size_t)len);
}

/* Makes a request's environ. */
PyObject *
py_environ_new(struct request *req, const struct py_app *app, PyObject *input)
{
	PyObject	*env;
	uint32_t	 size = py_environ.size;

	env = PyDict_Copy(py_environ.template);
	if (env == NULL)
		return NULL;
	if (py_environ_add_method(env, request_text(req, req->head->method),
	    req->head->method.len) == -1 ||
	    py_environ_add_path(env, req, app) == -1 ||
	    py_environ_add_server(env, req) == -1 ||
	    py_environ_add_client(env, req->conn) == -1 ||
	    py_environ_add_request(env, req, input) == -1 ||
	    py_environ_add_headers(env, req, &size) == -1) {
		Py_DECREF(env);
		return NULL;
	}
	req->nvars = (uint32_t)PyDict_GET_SIZE(env);
	req->vars_size = size + req->head->line.len + req->conn->addr_len +
	    req->conn->port_len + 4 * req->nvars;
	return env;
}
