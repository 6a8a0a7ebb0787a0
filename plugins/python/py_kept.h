/* Request heads seen lately, and the environ that each makes. */
#ifndef WM_PLUGINS_PYTHON_PY_KEPT_H
#define WM_PLUGINS_PYTHON_PY_KEPT_H

#include <Python.h>

#include <stdbool.h>
#include <stdint.h>

struct http_field;
struct py_app;
struct request;

/*
 * Clients repeat themselves: most of their fields are the same, byte by byte,
 * in every request. A few heads are kept, each with a dict that has what its
 * fields make of the template. Fields that differ each time, and those that
 * are secrets, are loose: their values belong to no kept head, and whoever
 * uses one adds them himself.
 */
#define PY_KEPT_LOOSE	8	/* a head with more loose fields is not kept */

/* What a kept dict has of the last request; borrowed from it, NULL: nothing. */
struct py_last {
	const struct py_app	*app;
	PyObject		*path;		/* PATH_INFO and REQUEST_URI */
	PyObject		*addr;
	PyObject		*port;
	PyObject		*timeout;
	int			 core;		/* -1: none */
};

struct py_kept {
	PyObject		*env;		/* a reference, or NULL */
	struct py_last		 last;
	uint32_t		 size;		/* of its keys and values */
	uint8_t			 nloose;
	uint8_t			 loose[PY_KEPT_LOOSE];	/* field numbers */
};

/* All with the lock. */

/*
 * The kept head that the request's is equal to but for the values of loose
 * fields; NULL: none. Valid while the caller makes no object that the garbage
 * collector looks after.
 */
struct py_kept *py_kept_find(const struct request *req);
/* Shall the request's head be kept? Not each one that is new. */
bool	 py_kept_wants(const struct request *req);
/*
 * Keeps it: env is a dict with its fields but for the loose ones, of which a
 * copy is made. -1 with a Python exception.
 */
int	 py_kept_add(const struct request *req, PyObject *env,
	    const struct py_kept *what);
void	 py_kept_done(void);
/* One reference to a timeout object more, or less, is a kept dict's. */
void	 py_last_set_timeout(struct py_last *last, PyObject *timeout);

#endif
