/* Manlio Perillo's ngx.poll extension of WSGI, on a request's poll set. */
#ifndef WM_PLUGINS_PYTHON_PY_NGX_H
#define WM_PLUGINS_PYTHON_PY_NGX_H

#include <Python.h>

struct py_poll;

/* All with the lock. Once; -1 with a Python exception. */
int	 py_ngx_init(void);
/* Adds ngx.* to the template of environs. 0, or -1. */
int	 py_ngx_add(PyObject *env);

/* For py_poll.c: a wait has come to something; a request is over. */
void	 py_ngx_set_result(struct py_poll *p);
void	 py_ngx_end(struct py_poll *p);

#endif
