/* The module uwsgidecorators, whose Python source is part of the program. */
#ifndef WM_PLUGINS_PYTHON_PY_DECORATORS_H
#define WM_PLUGINS_PYTHON_PY_DECORATORS_H

/* Before Python is initialised: makes it known. 0, or -1. */
int	 py_decorators_register(void);

#endif
