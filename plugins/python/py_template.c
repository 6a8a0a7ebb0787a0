/* What is the same in the environ of all requests. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_template.h"

#include <string.h>
#include <unistd.h>

#include "build_config.h"
#include "config/config.h"
#include "plugins/python/py_errors.h"
#include "plugins/python/py_fdevent.h"
#include "plugins/python/py_file.h"
#include "plugins/python/py_input.h"
#include "plugins/python/py_ngx.h"
#include "plugins/python/py_strings.h"
#include "worker/suspend.h"
#include "worker/worker.h"

/* CPython's dicts have room for two thirds of a power of 2. */
#define PY_TEMPLATE_ROOM	42

/* Sets an item and drops the value's reference. */
int
py_template_set(PyObject *env, PyObject *key, PyObject *steal_value)
{
	int	 result;

	if (steal_value == NULL)
		return -1;
	result = PyDict_SetItem(env, key, steal_value);
	Py_DECREF(steal_value);
	return result;
}

/* The items that are the server's. */
static int
py_template_server(PyObject *env, struct worker *w)
{
	char	 node[256] = "localhost";

	gethostname(node, sizeof(node) - 1);
	return PyDict_SetItem(env, py_str->request_method, py_str->get) == -1 ||
	    PyDict_SetItem(env, py_str->script_name, py_str->empty) == -1 ||
	    PyDict_SetItem(env, py_str->path_info, py_str->slash) == -1 ||
	    PyDict_SetItem(env, py_str->query_string, py_str->empty) == -1 ||
	    PyDict_SetItem(env, py_str->request_uri, py_str->slash) == -1 ||
	    py_template_set(env, py_str->server_name,
	    PyUnicode_DecodeLatin1(node, (Py_ssize_t)strlen(node), NULL)) ==
	    -1 ||
	    PyDict_SetItem(env, py_str->server_port, py_str->port_80) == -1 ||
	    PyDict_SetItem(env, py_str->server_protocol,
	    py_str->http_1_1) == -1 ||
	    py_template_set(env, py_str->server_software,
	    PyUnicode_FromString("wsgimaster/" WM_VERSION)) == -1 ||
	    PyDict_SetItem(env, py_str->remote_addr, py_str->empty) == -1 ||
	    PyDict_SetItem(env, py_str->remote_port, py_str->empty) == -1 ||
	    py_template_set(env, py_str->uwsgi_version,
	    PyBytes_FromString(WM_VERSION)) == -1 ||
	    py_template_set(env, py_str->uwsgi_node,
	    PyBytes_FromString(node)) == -1 ||
	    (w->ncores > 1 && PyDict_SetItem(env, py_str->uwsgi_core,
	    Py_None) == -1) ||
	    PyDict_SetItem(env, py_str->request_id, py_str->empty) == -1 ?
	    -1 : 0;
}

/* The items that PEP 3333 asks for. */
static int
py_template_wsgi(PyObject *env, struct worker *w)
{
	PyObject	*multi = w->cfg->processes > 1 ? Py_True : Py_False;
	PyObject	*threads = w->cfg->threads > 1 ? Py_True : Py_False;

	return py_template_set(env, py_str->wsgi_version,
	    Py_BuildValue("(ii)", 1, 0)) == -1 ||
	    PyDict_SetItem(env, py_str->wsgi_url_scheme, py_str->http) == -1 ||
	    py_template_set(env, py_str->wsgi_input, py_input_empty()) == -1 ||
	    py_template_set(env, py_str->wsgi_errors, py_errors_new()) == -1 ||
	    PyDict_SetItem(env, py_str->wsgi_multithread, threads) == -1 ||
	    PyDict_SetItem(env, py_str->wsgi_multiprocess, multi) == -1 ||
	    PyDict_SetItem(env, py_str->wsgi_run_once, Py_False) == -1 ||
	    PyDict_SetItem(env, py_str->wsgi_input_terminated, Py_True) == -1 ||
	    PyDict_SetItem(env, py_str->wsgi_file_wrapper,
	    py_file_wrapper()) == -1 ? -1 : 0;
}

/* Those of a request that can wait. */
static int
py_template_waits(PyObject *env)
{
	return py_fdevent_add(env) == -1 || py_ngx_add(env) == -1 ||
	    PyDict_SetItem(env, py_str->fdevent_timeout, Py_None) == -1 ?
	    -1 : 0;
}

/* The bytes of the keys, as uWSGI would send them. */
static uint32_t
py_template_size(PyObject *env)
{
	PyObject	*key, *value;
	Py_ssize_t	 at = 0;
	uint32_t	 size = 0;

	while (PyDict_Next(env, &at, &key, &value))
		size += (uint32_t)PyUnicode_GET_LENGTH(key);
	return size;
}

/* Makes it. */
PyObject *
py_template_new(struct worker *w, uint32_t *size)
{
	PyObject	*env = PyDict_New();

	if (env == NULL)
		return NULL;
	if (py_template_server(env, w) == -1 ||
	    py_template_wsgi(env, w) == -1 ||
	    (w->suspend->can_park && py_template_waits(env) == -1)) {
		Py_DECREF(env);
		return NULL;
	}
	*size = py_template_size(env);
	return env;
}

/* Sets so many items that nobody wants, or takes them away. */
static int
py_template_stuff(PyObject *env, Py_ssize_t count, bool away)
{
	PyObject	*key;
	int		 result = 0;

	while (result == 0 && --count >= 0) {
		key = PyUnicode_FromFormat("%zd", count);
		if (key == NULL)
			return -1;
		result = away ? PyDict_DelItem(env, key) :
		    PyDict_SetItem(env, key, Py_None);
		Py_DECREF(key);
	}
	return result;
}

/*
 * A dict takes the size that it needs when it is filled from another one; and
 * keeps it when items are taken away, as does its copy if they are few.
 */
PyObject *
py_template_widen(PyObject *template)
{
	Py_ssize_t	 few = PY_TEMPLATE_ROOM + 1 - PyDict_GET_SIZE(template);
	PyObject	*full, *wide;

	if (few <= 0 || few > PyDict_GET_SIZE(template) / 2) {
		Py_INCREF(template);
		return template;
	}
	full = PyDict_Copy(template);
	wide = PyDict_New();
	if (full == NULL || wide == NULL ||
	    py_template_stuff(full, few, false) == -1 ||
	    PyDict_Update(wide, full) == -1 ||
	    py_template_stuff(wide, few, true) == -1)
		Py_CLEAR(wide);
	Py_XDECREF(full);
	return wide;
}
