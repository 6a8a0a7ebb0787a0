/* What the app prints: sys.stdout and sys.stderr as parts of a log. */
#ifndef WM_PLUGINS_PYTHON_PY_STDIO_H
#define WM_PLUGINS_PYTHON_PY_STDIO_H

/* Both with the lock. */

/*
 * Once: a line is written when it is complete, and in one piece, since all
 * workers write to the same log. -1 with a Python exception.
 */
int	 py_stdio_init(void);
/* Writes what is buffered. */
void	 py_stdio_flush(void);

#endif
