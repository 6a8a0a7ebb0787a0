/* Which Python the embedded one takes itself for. */
#ifndef WM_PLUGINS_PYTHON_PY_HOME_H
#define WM_PLUGINS_PYTHON_PY_HOME_H

/*
 * The path of the interpreter whose prefix and packages are used: home's
 * (a virtual environment's or an installation's), so that site finds its
 * pyvenv.cfg; without a home the one that the server was built with. The
 * caller frees it. NULL and *cause when home is not one, or one for another
 * version of Python.
 */
char	*py_home_program(const char *home, char **cause);

#endif
