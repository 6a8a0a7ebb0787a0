/* From the name of an app to the callable. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_import.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "base/xmalloc.h"
#include "plugins/python/py_exception.h"

#define PY_IMPORT_HINTS	8

/* A file's module name as uWSGI makes it: uwsgi_file_ and the path. */
static char *
py_import_file_module(const char *path)
{
	char	*name, *c;
	size_t	 len = strlen(path);

	if (len > 3 && strcmp(path + len - 3, ".py") == 0)
		len -= 3;
	name = xasprintf("uwsgi_file_%.*s", (int)len, path);
	for (c = name; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c))
			*c = '_';
	return name;
}

/* A path that does not depend on the working directory. */
static char *
py_import_absolute(const char *path)
{
	char	 folder[PATH_MAX];

	if (path[0] == '/' || getcwd(folder, sizeof(folder)) == NULL)
		return xstrdup(path);
	return xasprintf("%s/%s", folder, path);
}

/* The importlib spec of a file with any suffix. New. */
static PyObject *
py_import_spec(const char *name, const char *path)
{
	PyObject	*machinery, *util = NULL, *loader = NULL;
	PyObject	*spec = NULL, *path_str;

	path_str = PyUnicode_DecodeFSDefault(path);
	machinery = PyImport_ImportModule("importlib.machinery");
	if (machinery != NULL && path_str != NULL)
		loader = PyObject_CallMethod(machinery, "SourceFileLoader",
		    "sO", name, path_str);
	if (loader != NULL)
		util = PyImport_ImportModule("importlib.util");
	if (util != NULL)
		spec = PyObject_CallMethod(util, "spec_from_loader", "sO",
		    name, loader);
	Py_XDECREF(path_str);
	Py_XDECREF(machinery);
	Py_XDECREF(loader);
	Py_XDECREF(util);
	return spec;
}

/* Makes the module of a spec and runs its code. New. */
static PyObject *
py_import_run(PyObject *spec, const char *name)
{
	PyObject	*util, *module = NULL, *loader = NULL, *done = NULL;

	util = PyImport_ImportModule("importlib.util");
	if (util != NULL)
		module = PyObject_CallMethod(util, "module_from_spec", "O",
		    spec);
	if (module != NULL && PyDict_SetItemString(PyImport_GetModuleDict(),
	    name, module) == 0)
		loader = PyObject_GetAttrString(spec, "loader");
	if (loader != NULL)
		done = PyObject_CallMethod(loader, "exec_module", "O", module);
	if (done == NULL)
		Py_CLEAR(module);
	Py_XDECREF(util);
	Py_XDECREF(loader);
	Py_XDECREF(done);
	return module;
}

/* The module of a file; a file is loaded once. New. */
PyObject *
py_import_file(const char *path)
{
	PyObject	*spec, *module;
	char		*full = py_import_absolute(path);
	char		*name = py_import_file_module(path);

	module = PyDict_GetItemString(PyImport_GetModuleDict(), name);
	Py_XINCREF(module);
	if (module == NULL) {
		spec = py_import_spec(name, full);
		if (spec != NULL)
			module = py_import_run(spec, name);
		Py_XDECREF(spec);
	}
	free(full);
	free(name);
	return module;
}

/* Is it likely that this name is an app? */
static bool
py_import_is_hint(PyObject *key, PyObject *value)
{
	static const char *const names[] = { "application", "app", "wsgi",
	    "wsgi_app", "create_app", "make_app", "main", "handler", NULL };
	size_t	 i;

	if (!PyUnicode_Check(key) || !PyCallable_Check(value))
		return false;
	for (i = 0; names[i] != NULL; i++)
		if (PyUnicode_CompareWithASCIIString(key, names[i]) == 0)
			return true;
	return false;
}

/* What the module has instead: "; it has app, create_app". */
static void
py_import_hints(PyObject *module, struct strbuf *out)
{
	PyObject	*dict, *key, *value;
	Py_ssize_t	 at = 0;
	const char	*text;
	int		 n = 0;

	if (!PyModule_Check(module))
		return;
	dict = PyModule_GetDict(module);
	while (n < PY_IMPORT_HINTS && PyDict_Next(dict, &at, &key, &value)) {
		if (!py_import_is_hint(key, value))
			continue;
		text = PyUnicode_AsUTF8(key);
		if (text != NULL)
			strbuf_addf(out, "%s \"%s\"", n++ == 0 ? "; it has" :
			    ",", text);
		else
			PyErr_Clear();
	}
}

/* Walks a dotted name. New; NULL with AttributeError. */
static PyObject *
py_import_attribute(PyObject *module, const char *name, size_t len)
{
	PyObject	*object = module, *next, *key;
	const char	*end = name + len, *dot;

	Py_INCREF(object);
	while (object != NULL && name <= end) {
		dot = memchr(name, '.', (size_t)(end - name));
		if (dot == NULL)
			dot = end;
		key = PyUnicode_DecodeUTF8(name, dot - name, NULL);
		next = key == NULL ? NULL : PyObject_GetAttr(object, key);
		Py_XDECREF(key);
		Py_SETREF(object, next);
		name = dot + 1;
	}
	return object;
}

/* Says that the module has no such name. */
static char *
py_import_missing(PyObject *module, const char *what, const char *callable)
{
	struct strbuf	 sb = STRBUF_INIT;

	PyErr_Clear();
	strbuf_addf(&sb, "%s has no \"%s\"", what, callable);
	py_import_hints(module, &sb);
	if (strchr(callable, ':') == NULL)
		strbuf_adds(&sb, " (\"callable\" names the app)");
	return strbuf_detach(&sb);
}

/* The callable of a module. New; NULL with *cause. */
static PyObject *
py_import_find(PyObject *module, const char *what, const char *callable,
    char **cause)
{
	PyObject	*object;
	size_t		 len = strlen(callable);
	bool		 factory;

	factory = len > 2 && strcmp(callable + len - 2, "()") == 0;
	if (factory)
		len -= 2;
	object = py_import_attribute(module, callable, len);
	if (object == NULL) {
		if (PyErr_ExceptionMatches(PyExc_AttributeError))
			*cause = py_import_missing(module, what, callable);
		else
			*cause = py_exception_cause(what);
		return NULL;
	}
	if (factory) {
		Py_SETREF(object, PyObject_CallObject(object, NULL));
		if (object == NULL) {
			*cause = py_exception_cause(what);
			return NULL;
		}
	}
	if (PyCallable_Check(object))
		return object;
	*cause = xasprintf("%s: \"%s\" is not callable, but of type %s", what,
	    callable, Py_TYPE(object)->tp_name);
	Py_DECREF(object);
	return NULL;
}

/* Is this a file's path rather than a module's name? */
bool
py_import_is_file(const char *name, size_t len)
{
	return memchr(name, '/', len) != NULL ||
	    (len > 3 && memcmp(name + len - 3, ".py", 3) == 0) ||
	    (len > 5 && memcmp(name + len - 5, ".wsgi", 5) == 0);
}

/* What is to be imported, as messages name it. */
static char *
py_import_name(const char *what, bool is_file)
{
	return xasprintf(is_file ? "file %s" : "module \"%s\"", what);
}

/* Imports. */
PyObject *
py_import_module(const char *what, bool is_file, char **cause)
{
	PyObject	*module;
	char		*name, *sentence;

	module = is_file ? py_import_file(what) : PyImport_ImportModule(what);
	if (module != NULL)
		return module;
	name = py_import_name(what, is_file);
	sentence = xasprintf("cannot load %s", name);
	*cause = py_exception_cause(sentence);
	free(sentence);
	free(name);
	return NULL;
}

/* Imports and finds. */
PyObject *
py_import_callable(const char *what, bool is_file, const char *callable,
    char **cause)
{
	PyObject	*module, *object;
	char		*name;

	module = py_import_module(what, is_file, cause);
	if (module == NULL)
		return NULL;
	name = py_import_name(what, is_file);
	object = py_import_find(module, name, callable, cause);
	Py_DECREF(module);
	free(name);
	return object;
}
