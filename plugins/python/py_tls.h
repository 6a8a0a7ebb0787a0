/* What environ has of the client's TLS connection. */
#ifndef WM_PLUGINS_PYTHON_PY_TLS_H
#define WM_PLUGINS_PYTHON_PY_TLS_H

#include <Python.h>

struct request;

/*
 * All with the lock. Names once, values at each request of a connection that
 * has them: they are in no kept environ, and never in another connection's.
 */
int	 py_tls_init(void);
/* Sets them. -1 with a Python exception. */
int	 py_tls_add(PyObject *env, const struct request *req);
void	 py_tls_done(void);

#endif
