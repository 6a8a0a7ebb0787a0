/* The WSGI apps: loaded once, found by path. */
#ifndef WM_PLUGINS_PYTHON_PY_APP_H
#define WM_PLUGINS_PYTHON_PY_APP_H

#include <Python.h>

#include <stdbool.h>
#include <stddef.h>

struct config;

struct py_app {
	char		*prefix;	/* "" for the default app, "/admin" */
	size_t		 prefix_len;
	PyObject	*script_name;	/* the prefix as str */
	PyObject	*callable;
	int		 id;		/* in the order of the options */
	int		 seconds;	/* that loading it took */
};

/*
 * Imports what import names, and loads what module or wsgi-file, and mount
 * name; a module that has (or assigns to uwsgi) a dict "applications" mounts
 * what is in that instead of its callable. With the lock. -1 and
 * *cause when one cannot be loaded, unless need-app is false: then it is
 * logged, and its paths have no app.
 */
int	 py_app_load(const struct config *cfg, char **cause);
/*
 * The app with the longest prefix of this decoded path, at a '/' or its end;
 * the default app for the rest; NULL if there is none. Needs no lock.
 */
const struct py_app *py_app_find(const char *path, size_t len);
/* The app of this number, NULL when there is none. */
const struct py_app *py_app_get(int id);
/* Is there any app? */
bool	 py_app_any(void);

#endif
