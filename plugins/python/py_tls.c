/* What environ has of the client's TLS connection. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_tls.h"

#include "plugins/python/py_template.h"
#include "worker/conn.h"
#include "worker/request.h"
#include "worker/tls/tls_vars.h"

static PyObject	*py_tls_names[TLS_VARS];

/* Makes the names. */
int
py_tls_init(void)
{
	size_t	 i;

	for (i = 0; i < TLS_VARS; i++) {
		py_tls_names[i] = PyUnicode_InternFromString(
		    tls_var_names[i]);
		if (py_tls_names[i] == NULL)
			return -1;
	}
	return 0;
}

/* Sets all. */
int
py_tls_add(PyObject *env, const struct request *req)
{
	const struct tls_vars	*vars = req->conn->tls;
	const struct tls_var	*var;
	size_t			 i;

	for (i = 0; vars != NULL && i < vars->count; i++) {
		var = &vars->items[i];
		if (py_template_set(env, py_tls_names[var->name],
		    PyUnicode_DecodeLatin1(var->value, var->len, NULL)) == -1)
			return -1;
	}
	return 0;
}

/* Lets go of the names. */
void
py_tls_done(void)
{
	size_t	 i;

	for (i = 0; i < TLS_VARS; i++)
		Py_CLEAR(py_tls_names[i]);
}
