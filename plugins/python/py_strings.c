/* Strings that are made once: environ keys, values and attribute names. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_strings.h"

static struct py_strings	 py_strings_table;
const struct py_strings *const	 py_str = &py_strings_table;

/* Makes them all. With the lock. */
int
py_strings_init(void)
{
#define PY_STRING_INIT(member, text)					\
	py_strings_table.member = PyUnicode_InternFromString(text);	\
	if (py_strings_table.member == NULL)				\
		return -1;
	PY_STRINGS(PY_STRING_INIT)
#undef PY_STRING_INIT
	return 0;
}
