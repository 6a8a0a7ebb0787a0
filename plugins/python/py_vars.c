/* A gateway's variables as items of an environ. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_vars.h"

#include <stdio.h>
#include <string.h>

#include "plugins/python/py_app.h"
#include "plugins/python/py_header.h"
#include "plugins/python/py_strings.h"
#include "plugins/python/py_template.h"
#include "worker/body.h"
#include "worker/http_bytes.h"
#include "worker/conn_peer.h"
#include "worker/request.h"
#include "worker/worker.h"

#define PY_VARS_PLACES	128	/* a power of 2, most of them free */
#define PY_VARS_VALUE	128	/* longer values are not kept */

/* A name that gateways send with every request. */
struct py_var {
	PyObject	*key;		/* interned; NULL: a free place */
	PyObject	*value;		/* the last one, or NULL */
	uint32_t	 hash;
};

/* By the hash of the name, or in the next free place. */
static struct py_var	 py_vars[PY_VARS_PLACES];

static const char *const py_vars_names[] = {
	"AUTH_TYPE", "CONTENT_LENGTH", "CONTENT_TYPE", "CONTEXT_DOCUMENT_ROOT",
	"CONTEXT_PREFIX", "DOCUMENT_ROOT", "DOCUMENT_URI", "GATEWAY_INTERFACE",
	"HTTPS", "PATH_INFO", "PATH_TRANSLATED", "QUERY_STRING",
	"REDIRECT_STATUS", "REMOTE_ADDR", "REMOTE_HOST", "REMOTE_IDENT",
	"REMOTE_PORT", "REMOTE_USER", "REQUEST_METHOD", "REQUEST_SCHEME",
	"REQUEST_URI", "SCGI", "SCRIPT_FILENAME", "SCRIPT_NAME", "SERVER_ADDR",
	"SERVER_ADMIN", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL",
	"SERVER_SIGNATURE", "SERVER_SOFTWARE", "UWSGI_CHDIR", "UWSGI_FILE",
	"UWSGI_HOME", "UWSGI_MODULE", "UWSGI_CALLABLE", "UWSGI_SCHEME",
	"UWSGI_SCRIPT"
};

/* The values of these differ with each request, or are nobody's business. */
static const char *const py_vars_loose[] = {
	"DOCUMENT_URI", "PATH_INFO", "PATH_TRANSLATED", "QUERY_STRING",
	"REMOTE_PORT", "REMOTE_USER", "REQUEST_URI", "SCRIPT_FILENAME"
};

/* The place of a known name, or the free one where it would be. */
static struct py_var *
py_vars_place(const char *name, size_t len, uint32_t hash)
{
	struct py_var	*var;
	uint32_t	 i = hash;

	for (;; i++) {
		var = &py_vars[i % PY_VARS_PLACES];
		if (var->key == NULL || (var->hash == hash &&
		    (size_t)PyUnicode_GET_LENGTH(var->key) == len &&
		    memcmp(PyUnicode_1BYTE_DATA(var->key), name, len) == 0))
			return var;
	}
}

/* Makes the keys. */
int
py_vars_init(void)
{
	struct py_var	*var;
	const char	*name;
	uint32_t	 hash;
	size_t		 i;

	_Static_assert(sizeof(py_vars_names) / sizeof(py_vars_names[0]) <
	    PY_VARS_PLACES / 2, "most places are free");
	for (i = 0; i < sizeof(py_vars_names) / sizeof(py_vars_names[0]);
	    i++) {
		name = py_vars_names[i];
		hash = http_name_hash(name, strlen(name));
		var = py_vars_place(name, strlen(name), hash);
		var->key = PyUnicode_InternFromString(name);
		if (var->key == NULL)
			return -1;
		var->hash = hash;
	}
	return 0;
}

/* Lets go of all. */
void
py_vars_done(void)
{
	size_t	 i;

	for (i = 0; i < PY_VARS_PLACES; i++) {
		Py_CLEAR(py_vars[i].key);
		Py_CLEAR(py_vars[i].value);
	}
}

/* May a known name's value be kept for the next request? */
static bool
py_vars_may_keep(const struct py_var *var)
{
	const char	*name = (const char *)PyUnicode_1BYTE_DATA(var->key);
	size_t		 i;

	for (i = 0; i < sizeof(py_vars_loose) / sizeof(py_vars_loose[0]);
	    i++) {
		if (strcmp(py_vars_loose[i], name) == 0)
			return false;
	}
	return true;
}

/* A known name's value, new: the one of the last request if it is the same. */
static PyObject *
py_vars_value(struct py_var *var, const char *s, size_t len)
{
	PyObject	*value = var->value;

	if (value != NULL && (size_t)PyUnicode_GET_LENGTH(value) == len &&
	    memcmp(PyUnicode_1BYTE_DATA(value), s, len) == 0) {
		Py_INCREF(value);
		return value;
	}
	value = PyUnicode_DecodeLatin1(s, (Py_ssize_t)len, NULL);
	if (value != NULL && len <= PY_VARS_VALUE && py_vars_may_keep(var)) {
		Py_INCREF(value);
		Py_XSETREF(var->value, value);
	}
	return value;
}

/* A variable that is no header field. */
static int
py_vars_add_plain(PyObject *env, const char *buf, const struct http_field *f)
{
	const char	*name = buf + f->name.off, *value = buf + f->value.off;
	struct py_var	*var = py_vars_place(name, f->name.len, f->hash);
	PyObject	*key;
	int		 result;

	if (var->key != NULL)
		return py_template_set(env, var->key,
		    py_vars_value(var, value, f->value.len));
	key = PyUnicode_DecodeLatin1(name, (Py_ssize_t)f->name.len, NULL);
	if (key == NULL)
		return -1;
	result = py_template_set(env, key, PyUnicode_DecodeLatin1(value,
	    (Py_ssize_t)f->value.len, NULL));
	Py_DECREF(key);
	return result;
}

/* A header field that the gateway has made a variable of. */
static int
py_vars_add_field(PyObject *env, const char *buf, const struct http_field *f)
{
	const char		*name = buf + f->name.off;
	struct http_field	 field = *f;
	uint32_t		 size = 0;
	bool			 loose = false;

	/* CONTENT_LENGTH and CONTENT_TYPE say it. */
	if ((f->name.len == 19 && memcmp(name, "HTTP_CONTENT_LENGTH", 19) ==
	    0) || (f->name.len == 17 && memcmp(name, "HTTP_CONTENT_TYPE", 17)
	    == 0))
		return 0;
	field.name.off += 5;
	field.name.len -= 5;
	field.hash = http_name_hash(name + 5, field.name.len);
	return py_header_add(env, buf, &field, &size, &loose);
}

/*
 * SCRIPT_NAME and PATH_INFO, cut by the app's prefix or the gateway's word,
 * whichever is longer.
 */
static int
py_vars_add_path(PyObject *env, const struct request *req,
    const struct py_app *app)
{
	size_t	 script = req->script_len;
	int	 result;

	if (app->prefix_len >= script) {
		script = app->prefix_len;
		result = PyDict_SetItem(env, py_str->script_name,
		    app->script_name);
	} else {
		result = py_template_set(env, py_str->script_name,
		    PyUnicode_DecodeLatin1(req->path, (Py_ssize_t)script,
		    NULL));
	}
	return result == -1 ? -1 : py_template_set(env, py_str->path_info,
	    PyUnicode_DecodeLatin1(req->path + script,
	    (Py_ssize_t)(req->path_len - script), NULL));
}

/* Sets a variable to text. */
static int
py_vars_set(PyObject *env, PyObject *key, const char *text, size_t len)
{
	return py_template_set(env, key,
	    PyUnicode_DecodeLatin1(text, (Py_ssize_t)len, NULL));
}

/* And to a port. */
static int
py_vars_set_port(PyObject *env, PyObject *key, uint16_t port)
{
	char	 text[CONN_PORT_TEXT];
	size_t	 len = conn_port_text(text, port);

	return py_vars_set(env, key, text, len);
}

/* The host that a trusted proxy in front of the gateway was asked for. */
static int
py_vars_add_host(PyObject *env, const struct origin *from)
{
	const char	*bracket = memchr(from->host, ']', from->host_len);
	const char	*name = bracket != NULL ? bracket : from->host;
	const char	*colon;
	size_t		 len = from->host_len;

	colon = memchr(name, ':', len - (size_t)(name - from->host));
	if (py_vars_set(env, py_str->http_host, from->host, len) == -1)
		return -1;
	return py_vars_set(env, py_str->server_name, from->host,
	    colon != NULL ? (size_t)(colon - from->host) : len);
}

/* Who asks, where trusted proxies may be in front of the gateway. */
static int
py_vars_add_origin(PyObject *env, const struct request *req)
{
	const struct origin	*from = &req->from;

	if (py_vars_set(env, py_str->remote_addr, from->addr,
	    from->addr_len) == -1 ||
	    py_vars_set_port(env, py_str->remote_port, from->port) == -1)
		return -1;
	if (from->server_port != 0 && py_vars_set_port(env,
	    py_str->server_port, from->server_port) == -1)
		return -1;
	if (from->host != NULL && py_vars_add_host(env, from) == -1)
		return -1;
	if (from->https)
		return PyDict_SetItem(env, py_str->HTTPS, py_str->on);
	if (PyDict_GetItemWithError(env, py_str->HTTPS) != NULL)
		return PyDict_DelItem(env, py_str->HTTPS);
	return PyErr_Occurred() ? -1 : 0;
}

/* What the server knows better than the variables, or they have not said. */
static int
py_vars_correct(PyObject *env, const struct request *req,
    const struct py_app *app)
{
	const struct http_head	*head = req->head;
	char			 number[24];
	int64_t			 left;
	int			 len;

	if (py_vars_add_path(env, req, app) == -1)
		return -1;
	if (req->from.https && PyDict_SetItem(env, py_str->wsgi_url_scheme,
	    py_str->https) == -1)
		return -1;
	if (req->worker->proxies != NULL &&
	    py_vars_add_origin(env, req) == -1)
		return -1;
	/* A body without CONTENT_LENGTH that was collected has one by now. */
	if (!head->chunked || head->content_length != -1 ||
	    (left = body_left(req)) < 0)
		return 0;
	len = snprintf(number, sizeof(number), "%lld", (long long)left);
	return py_template_set(env, py_str->content_length,
	    PyUnicode_DecodeLatin1(number, len, NULL));
}

/* Puts all variables there. */
int
py_vars_add(PyObject *env, const struct request *req,
    const struct py_app *app, uint32_t *size)
{
	const struct http_head	*head = req->head;
	const struct http_field	*f = head->fields;
	const struct http_field	*end = f + head->nfields;
	int			 result;

	*size = 0;
	for (; f < end; f++) {
		*size += f->name.len + f->value.len + 4;
		if (f->name.len > 5 &&
		    memcmp(req->buf + f->name.off, "HTTP_", 5) == 0)
			result = py_vars_add_field(env, req->buf, f);
		else
			result = py_vars_add_plain(env, req->buf, f);
		if (result == -1)
			return -1;
	}
	return py_vars_correct(env, req, app);
}
