/* Python exceptions become text and log records here, and nowhere else. */
#ifndef WM_PLUGINS_PYTHON_PY_EXCEPTION_H
#define WM_PLUGINS_PYTHON_PY_EXCEPTION_H

struct request;

/* All of these want the lock held. */

/* Once; -1 with a Python exception. */
int	 py_exception_init(void);
/*
 * Takes the exception that is set: its whole traceback as UTF-8 text without
 * a newline at the end. Never NULL; the caller frees it.
 */
char	*py_exception_text(void);
/* The last line of such a text, "ValueError: x"; points into it. */
const char *py_exception_last_line(const char *text);
/*
 * Takes the exception that is set and logs it as one record: what, and the
 * traceback. req may be NULL.
 */
void	 py_exception_log(const struct request *req, const char *what);
/* Takes the exception, a SystemExit: what it makes the exit status. */
int	 py_exception_exit_status(void);
/* Takes the exception, logs its traceback, and gives "what: last line". */
char	*py_exception_cause(const char *what);

#endif
