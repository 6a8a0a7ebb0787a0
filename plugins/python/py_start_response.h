/* start_response, and the write() that it returns. */
#ifndef WM_PLUGINS_PYTHON_PY_START_RESPONSE_H
#define WM_PLUGINS_PYTHON_PY_START_RESPONSE_H

#include <Python.h>

#include <stdbool.h>

struct request;

/* All with the lock. */

/* Once; -1 with a Python exception. */
int	 py_start_response_init(void);
/*
 * The core's callable for this request, borrowed from the core; NULL with a
 * Python exception. The app may keep it for longer than the request lasts:
 * after py_start_response_detach it and its write() raise RuntimeError.
 */
PyObject *py_start_response_take(struct request *req);
void	 py_start_response_detach(struct request *req);
/*
 * Sends a piece of the body, which must be bytes; the first needs a
 * start_response. 0, or -1 with a Python exception; ClientGone or
 * TimeoutError when the client has left or was too slow.
 */
int	 py_response_write(struct request *req, PyObject *chunk);
/* Was start_response called? Else false with RuntimeError. */
bool	 py_response_begun(const struct request *req);
/* Sets the exception for a response_* function that returned -1. */
void	 py_response_raise(const struct request *req);
/* TypeError for a piece of the body that is not bytes. */
void	 py_response_type_error(PyObject *chunk);

#endif
