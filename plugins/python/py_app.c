/* The WSGI apps: loaded once, found by path. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_app.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "plugins/python/py_exception.h"
#include "plugins/python/py_import.h"
#include "plugins/python/py_module.h"

/* Longest prefix first. */
static struct py_app	*py_apps;
static size_t		 py_napps;

/* Puts an app in its place. */
static void
py_app_add(const char *prefix, size_t len, PyObject *steal_callable, int id,
    int seconds)
{
	struct py_app	*app;
	size_t		 i;

	py_apps = xrealloc(py_apps, (py_napps + 1) * sizeof(*py_apps));
	for (i = 0; i < py_napps && py_apps[i].prefix_len >= len; i++)
		continue;
	memmove(&py_apps[i + 1], &py_apps[i],
	    (py_napps - i) * sizeof(*py_apps));
	py_napps++;
	app = &py_apps[i];
	app->prefix = xstrndup(prefix, len);
	app->prefix_len = len;
	app->callable = steal_callable;
	app->id = id;
	app->seconds = seconds;
	app->script_name = PyUnicode_DecodeLatin1(prefix, (Py_ssize_t)len,
	    NULL);
	if (app->script_name == NULL)
		fatalx("no memory");
}

/* Tells which app is where. */
static void
py_app_tell(int id, const char *callable, const char *what,
    const char *prefix, size_t len)
{
	log_info("app %d: \"%s\" of %s at %.*s", id, callable, what,
	    len > 0 ? (int)len : 1, len > 0 ? prefix : "/");
}

/* The same prefix without a slash at its end. */
static size_t
py_app_trim(const char *prefix, size_t len)
{
	while (len > 0 && prefix[len - 1] == '/')
		len--;
	return len;
}

/* Is it a dict of prefixes? */
static bool
py_app_is_dict(PyObject *apps)
{
	PyObject	*key, *value;
	Py_ssize_t	 at = 0;

	if (apps == NULL || !PyDict_Check(apps) || PyDict_GET_SIZE(apps) == 0)
		return false;
	while (PyDict_Next(apps, &at, &key, &value)) {
		if (!PyUnicode_Check(key) || (PyUnicode_GET_LENGTH(key) > 0 &&
		    PyUnicode_READ_CHAR(key, 0) != '/'))
			return false;
	}
	return true;
}

/*
 * The apps that a module mounts by itself, as in uWSGI: uwsgi.applications, or
 * a dict of that name of the module's. New; NULL: none.
 */
static PyObject *
py_app_dict(PyObject *module)
{
	PyObject	*apps = py_module_find("applications");

	if (py_app_is_dict(apps)) {
		Py_INCREF(apps);
		return apps;
	}
	apps = PyObject_GetAttrString(module, "applications");
	if (apps == NULL)
		PyErr_Clear();
	else if (!py_app_is_dict(apps))
		Py_CLEAR(apps);
	return apps;
}

/* One of them: a callable, or the name of one in the module. */
static int
py_app_mount(PyObject *module, const char *what, PyObject *key,
    PyObject *value, char **cause)
{
	const char	*prefix = PyUnicode_AsUTF8(key);
	const char	*name = "applications";
	size_t		 len;
	int		 id = (int)py_napps;

	if (prefix == NULL) {
		*cause = py_exception_cause("applications");
		return -1;
	}
	Py_INCREF(value);
	if (PyUnicode_Check(value) &&
	    (name = PyUnicode_AsUTF8(value)) != NULL)
		Py_SETREF(value, PyObject_GetAttrString(module, name));
	if (value == NULL || name == NULL || !PyCallable_Check(value)) {
		PyErr_Clear();
		Py_XDECREF(value);
		*cause = xasprintf("%s: what \"applications\" has for \"%s\" "
		    "cannot be called", what, prefix);
		return -1;
	}
	len = py_app_trim(prefix, strlen(prefix));
	py_app_add(prefix, len, value, id, 0);
	py_app_tell(id, name, what, prefix, len);
	return 0;
}

/* All that a module mounts: how many, or -1 with *cause. With the lock. */
static int
py_app_load_dict(const char *what, bool is_file, char **cause)
{
	PyObject	*module, *apps, *key, *value;
	Py_ssize_t	 at = 0;
	int		 n = 0;

	module = py_import_module(what, is_file, cause);
	if (module == NULL)
		return -1;
	apps = py_app_dict(module);
	while (n != -1 && apps != NULL && PyDict_Next(apps, &at, &key,
	    &value))
		n = py_app_mount(module, what, key, value, cause) == -1 ? -1 :
		    n + 1;
	Py_XDECREF(apps);
	Py_DECREF(module);
	return n;
}

/* Loads one callable; 0, or -1 with *cause. With the lock. */
static int
py_app_load_callable(const char *prefix, size_t len, const char *what,
    bool is_file, const char *callable, char **cause)
{
	PyObject	*object;
	uint64_t	 start = clock_mono_us();
	int		 id = (int)py_napps, mounted = 0;

	if (len == 0)
		mounted = py_app_load_dict(what, is_file, cause);
	if (mounted != 0)
		return mounted == -1 ? -1 : 0;
	object = py_import_callable(what, is_file, callable, cause);
	if (object == NULL)
		return -1;
	py_app_add(prefix, len, object, id,
	    (int)((clock_mono_us() - start) / 1000000));
	py_app_tell(id, callable, what, prefix, len);
	return 0;
}

/* Loads one app for a prefix; 0, or -1 with *cause. With the lock. */
static int
py_app_load_one(const struct config *cfg, const char *prefix, size_t len,
    const char *what, bool is_file, const char *callable, char **cause)
{
	if (py_app_load_callable(prefix, py_app_trim(prefix, len), what,
	    is_file, callable, cause) == 0)
		return 0;
	if (cfg->need_app)
		return -1;
	log_error("%s", *cause);
	free(*cause);
	*cause = NULL;
	return 0;
}

/* Loads "name[:callable]". With the lock. */
static int
py_app_load_spec(const struct config *cfg, const char *prefix, size_t len,
    const char *spec, bool may_be_file, char **cause)
{
	const char	*colon = strrchr(spec, ':');
	const char	*callable = colon != NULL ? colon + 1 : cfg->callable;
	size_t		 name_len = colon != NULL ? (size_t)(colon - spec) :
	    strlen(spec);
	char		*name = xstrndup(spec, name_len);
	int		 result;

	result = py_app_load_one(cfg, prefix, len, name,
	    may_be_file && py_import_is_file(name, name_len), callable, cause);
	free(name);
	return result;
}

/* Imports what is no app. With the lock. */
static int
py_app_import(const struct strlist *names, char **cause)
{
	PyObject	*module;
	const char	*name;
	size_t		 i;

	for (i = 0; i < names->count; i++) {
		name = names->items[i];
		module = py_import_module(name, py_import_is_file(name,
		    strlen(name)), cause);
		if (module == NULL)
			return -1;
		Py_DECREF(module);
	}
	return 0;
}

/* Loads all of them. With the lock. */
int
py_app_load(const struct config *cfg, char **cause)
{
	const char	*mount;
	size_t		 i, len;

	if (py_app_import(&cfg->shared_import, cause) == -1 ||
	    py_app_import(&cfg->import, cause) == -1)
		return -1;
	if (cfg->module != NULL && py_app_load_spec(cfg, "", 0, cfg->module,
	    false, cause) == -1)
		return -1;
	if (cfg->wsgi_file != NULL && py_app_load_one(cfg, "", 0,
	    cfg->wsgi_file, true, cfg->callable, cause) == -1)
		return -1;
	for (i = 0; i < cfg->mount.count; i++) {
		mount = cfg->mount.items[i];
		len = strcspn(mount, "=");
		if (py_app_load_spec(cfg, mount, len, mount + len + 1, true,
		    cause) == -1)
			return -1;
	}
	return 0;
}

/* The app of a path. */
const struct py_app *
py_app_find(const char *path, size_t len)
{
	const struct py_app	*app;
	size_t			 i;

	for (i = 0; i < py_napps; i++) {
		app = &py_apps[i];
		if (app->prefix_len <= len &&
		    (app->prefix_len == len || app->prefix_len == 0 ||
		    path[app->prefix_len] == '/') &&
		    memcmp(app->prefix, path, app->prefix_len) == 0)
			return app;
	}
	return NULL;
}

/* The app of a number. */
const struct py_app *
py_app_get(int id)
{
	size_t	 i;

	for (i = 0; i < py_napps; i++) {
		if (py_apps[i].id == id)
			return &py_apps[i];
	}
	return NULL;
}

/* Is there any? */
bool
py_app_any(void)
{
	return py_napps > 0;
}
