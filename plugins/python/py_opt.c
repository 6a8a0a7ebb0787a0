/* uwsgi.opt: the options that were given. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_opt.h"

#include "base/names.h"
#include "config/config.h"
#include "config/option_table.h"

/* One text as bytes, several as a list of them; NULL if none. New. */
static PyObject *
py_opt_list(const struct strlist *list)
{
	PyObject	*items, *item;
	size_t		 i;

	if (list->count == 1)
		return PyBytes_FromString(list->items[0]);
	items = PyList_New(0);
	for (i = 0; items != NULL && i < list->count; i++) {
		item = PyBytes_FromString(list->items[i]);
		if (item == NULL || PyList_Append(items, item) == -1)
			Py_CLEAR(items);
		Py_XDECREF(item);
	}
	return items;
}

/* A number as bytes. New. */
static PyObject *
py_opt_number(double number)
{
	char	 text[32];

	snprintf(text, sizeof(text), "%.15g", number);
	return PyBytes_FromString(text);
}

/* An option's value. New. */
static PyObject *
py_opt_value(const struct option_row *row, const struct config *cfg)
{
	const void	*value = (const char *)cfg + row->offset;

	switch (row->type) {
	case OPT_BOOL:
		return PyBool_FromLong(*(const bool *)value);
	case OPT_INT:
		return PyBytes_FromFormat("%d", *(const int *)value);
	case OPT_SIZE:
		return PyBytes_FromFormat("%zu", *(const size_t *)value);
	case OPT_SECONDS:
		return py_opt_number(*(const double *)value);
	case OPT_TEXT:
		return PyBytes_FromString(*(char *const *)value);
	case OPT_CHOICE:
		return PyBytes_FromString(name_of(row->choices,
		    *(const int *)value));
	case OPT_LIST:
	case OPT_FILES:
		return py_opt_list(value);
	case OPT_ACTION:
		break;
	}
	Py_RETURN_NONE;
}

/* Was it given, and is there something to tell? */
static bool
py_opt_is_given(const struct option_row *row, const struct config *cfg)
{
	const void	*value = (const char *)cfg + row->offset;

	if (row->type == OPT_ACTION || cfg->origin == NULL ||
	    cfg->origin[option_index(row)] == NULL)
		return false;
	if (row->type == OPT_TEXT)
		return *(char *const *)value != NULL;
	return row->type != OPT_BOOL || *(const bool *)value;
}

/* The dict. */
PyObject *
py_opt_new(const struct config *cfg)
{
	PyObject	*opt, *value;
	size_t		 i;

	opt = PyDict_New();
	for (i = 0; opt != NULL && i < option_count; i++) {
		if (!py_opt_is_given(&option_table[i], cfg))
			continue;
		value = py_opt_value(&option_table[i], cfg);
		if (value == NULL || PyDict_SetItemString(opt,
		    option_table[i].name, value) == -1)
			Py_CLEAR(opt);
		Py_XDECREF(value);
	}
	return opt;
}
