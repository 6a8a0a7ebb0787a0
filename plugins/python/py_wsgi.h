/* A request answered by a WSGI app. */
#ifndef WM_PLUGINS_PYTHON_PY_WSGI_H
#define WM_PLUGINS_PYTHON_PY_WSGI_H

struct request;

/* struct handler's run: takes the lock where it is not held yet. */
int	 py_wsgi_run(struct request *req);

#endif
