/* wsgi.file_wrapper: files that the kernel sends. */
#ifndef WM_PLUGINS_PYTHON_PY_FILE_H
#define WM_PLUGINS_PYTHON_PY_FILE_H

#include <Python.h>

#include <stdbool.h>

struct request;

/* All with the lock. */

/* Once; -1 with a Python exception. */
int	 py_file_init(void);
/* The type, borrowed: wrapper(filelike, block_size=8192), iterable. */
PyObject *py_file_wrapper(void);
bool	 py_file_check(PyObject *object);
/*
 * Sends a wrapped file with sendfile(2), if it is a plain file of which the
 * position is known. 1 when it was sent, 0 when it must be read instead (then
 * nothing was sent), -1 with a Python exception. May wait.
 */
int	 py_file_send(struct request *req, PyObject *wrapper);

#endif
