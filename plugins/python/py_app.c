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
#include "plugins/python/py_import.h"

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

/* Is this a file's path rather than a module's name? */
static bool
py_app_is_file(const char *name, size_t len)
{
	return memchr(name, '/', len) != NULL ||
	    (len > 3 && memcmp(name + len - 3, ".py", 3) == 0) ||
	    (len > 5 && memcmp(name + len - 5, ".wsgi", 5) == 0);
}

/* Loads one app for a prefix; 0, or -1 with *cause. With the lock. */
static int
py_app_load_one(const struct config *cfg, const char *prefix, size_t len,
    const char *what, bool is_file, const char *callable, char **cause)
{
	PyObject	*object;
	uint64_t	 start = clock_mono_us();
	int		 id = (int)py_napps;

	while (len > 0 && prefix[len - 1] == '/')
		len--;
	object = py_import_callable(what, is_file, callable, cause);
	if (object != NULL) {
		py_app_add(prefix, len, object, id,
		    (int)((clock_mono_us() - start) / 1000000));
		log_info("app %d: \"%s\" of %s at %.*s", id, callable, what,
		    len > 0 ? (int)len : 1, len > 0 ? prefix : "/");
		return 0;
	}
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
	    may_be_file && py_app_is_file(name, name_len), callable, cause);
	free(name);
	return result;
}

/* Loads all of them. With the lock. */
int
py_app_load(const struct config *cfg, char **cause)
{
	const char	*mount;
	size_t		 i, len;

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
