/* Request header fields as items of an environ. */
#ifndef WM_PLUGINS_PYTHON_PY_HEADER_H
#define WM_PLUGINS_PYTHON_PY_HEADER_H

#include <Python.h>

#include <stdbool.h>
#include <stdint.h>

struct http_field;

/*
 * Both with the lock; -1 with a Python exception.
 *
 * py_header_add puts one field into env: "Accept-Encoding" as
 * HTTP_ACCEPT_ENCODING, Content-Length and Content-Type without HTTP_. A field
 * that is there already is joined to it with "," (Cookie with "; "). buf is
 * what the field's views are offsets into. *size grows by the bytes of name
 * and value. With *loose true a field whose value is a secret, or another one
 * in each request, is left out, and *loose stays true; else it becomes false.
 */
int	 py_header_init(void);
int	 py_header_add(PyObject *env, const char *buf,
	    const struct http_field *field, uint32_t *size, bool *loose);

#endif
