/* Where Python reads what it runs from. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_paths.h"

#include "base/strlist.h"
#include "plugins/python/py_gil.h"

/* Adds a str that is not empty; others are passed over. With the lock. */
static void
py_paths_add_one(struct strlist *paths, PyObject *path)
{
	const char	*text;

	if (path == NULL || !PyUnicode_Check(path))
		return;
	text = PyUnicode_AsUTF8(path);
	if (text == NULL)
		PyErr_Clear();
	else if (*text != '\0')
		strlist_add(paths, text);
}

/* Adds all of them. */
void
py_paths_add(struct strlist *paths)
{
	static const char *const	 names[] = {
		"prefix", "exec_prefix", "base_prefix", "base_exec_prefix",
		NULL
	};
	bool				 taken = py_gil_enter();
	const char *const		*name;
	PyObject			*path;
	Py_ssize_t			 i;

	for (name = names; *name != NULL; name++)
		py_paths_add_one(paths, PySys_GetObject(*name));
	path = PySys_GetObject("path");
	for (i = 0; path != NULL && PyList_Check(path) &&
	    i < PyList_GET_SIZE(path); i++)
		py_paths_add_one(paths, PyList_GetItem(path, i));
	py_gil_leave(taken);
}
