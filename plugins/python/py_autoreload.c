/* py-autoreload: has the file of a loaded module changed? */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_autoreload.h"

#include <string.h>
#include <sys/stat.h>

#include "base/strbuf.h"
#include "plugins/python/py_exception.h"
#include "plugins/python/py_gil.h"
#include "worker/worker.h"

/*
 * File name to time of change in nanoseconds, as it was first seen or last
 * reported: by this process, and by the spawner before the fork (its names are
 * not looked at here). Owned, with the interpreter's lock.
 */
static PyObject	*autoreload_known;
static PyObject	*autoreload_inherited;
static int	 autoreload_worker;	/* whose the first is; 0: spawner */

/* A file's time of change. New; NULL without an exception: not there. */
static PyObject *
py_autoreload_time(PyObject *file)
{
	PyObject	*path = PyUnicode_EncodeFSDefault(file);
	struct stat	 st;
	int		 found;

	if (path == NULL)
		return NULL;
	found = stat(PyBytes_AS_STRING(path), &st);
	Py_DECREF(path);
	if (found == -1)
		return NULL;
	return PyLong_FromLongLong((long long)st.st_mtim.tv_sec * 1000000000 +
	    st.st_mtim.tv_nsec);
}

/* Where a module comes from. Borrowed, or NULL: it has no file. */
static PyObject *
py_autoreload_file(PyObject *module)
{
	PyObject	*file;

	/* Only real modules: others might run code when they are asked. */
	if (!PyModule_Check(module))
		return NULL;
	file = PyDict_GetItemString(PyModule_GetDict(module), "__file__");
	return file != NULL && PyUnicode_Check(file) ? file : NULL;
}

/* Notes a file; 1 when it is another one than before, -1 on an exception. */
static int
py_autoreload_look(PyObject *file)
{
	PyObject	*now, *before;
	int		 changed = 0;

	if (autoreload_inherited != NULL &&
	    PyDict_GetItemWithError(autoreload_inherited, file) != NULL)
		return 0;
	now = py_autoreload_time(file);
	if (now == NULL)
		return PyErr_Occurred() != NULL ? -1 : 0;
	before = PyDict_GetItemWithError(autoreload_known, file);
	if (before != NULL)
		changed = PyObject_RichCompareBool(before, now, Py_NE);
	if ((before == NULL || changed == 1) &&
	    PyDict_SetItem(autoreload_known, file, now) == -1)
		changed = -1;
	Py_DECREF(now);
	return PyErr_Occurred() != NULL ? -1 : changed;
}

/* Looks at all modules; *changed is one that has changed, new, or NULL. */
static int
py_autoreload_all(PyObject **changed)
{
	PyObject	*modules = PyDict_Values(PyImport_GetModuleDict());
	PyObject	*file;
	Py_ssize_t	 i;
	int		 result = modules == NULL ? -1 : 0;

	for (i = 0; result != -1 && i < PyList_GET_SIZE(modules); i++) {
		file = py_autoreload_file(PyList_GET_ITEM(modules, i));
		if (file == NULL)
			continue;
		Py_INCREF(file);
		result = py_autoreload_look(file);
		if (result == 1 && *changed == NULL)
			*changed = Py_NewRef(file);
		Py_DECREF(file);
	}
	Py_XDECREF(modules);
	return result;
}

/* What the spawner knows is its business. */
static int
py_autoreload_own(int id)
{
	if (autoreload_known != NULL && autoreload_worker == id)
		return 0;
	autoreload_inherited = autoreload_known;
	autoreload_known = PyDict_New();
	autoreload_worker = id;
	return autoreload_known == NULL ? -1 : 0;
}

/* Looks, and says which file has changed. */
bool
py_autoreload_changed(struct worker *w, struct strbuf *which)
{
	bool		 taken = py_gil_enter();
	PyObject	*changed = NULL;
	const char	*name;
	bool		 found;

	if (py_autoreload_own(w->id) == -1 ||
	    py_autoreload_all(&changed) == -1)
		py_exception_log(NULL, "py-autoreload");
	if (changed != NULL) {
		name = PyUnicode_AsUTF8(changed);
		if (name == NULL)
			PyErr_Clear();
		strbuf_adds(which, name != NULL ? name : "a module");
	}
	found = changed != NULL;
	Py_XDECREF(changed);
	py_gil_leave(taken);
	return found;
}
