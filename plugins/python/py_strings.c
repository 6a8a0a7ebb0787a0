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

/* The bytes of a latin-1 str, without a copy. With the lock. */
const char *
py_latin1(PyObject *str, size_t *len)
{
#if PY_VERSION_HEX < 0x030c0000
	if (PyUnicode_READY(str) == -1) {
		PyErr_Clear();
		return NULL;
	}
#endif
	if (PyUnicode_KIND(str) != PyUnicode_1BYTE_KIND)
		return NULL;
	*len = (size_t)PyUnicode_GET_LENGTH(str);
	return (const char *)PyUnicode_1BYTE_DATA(str);
}
