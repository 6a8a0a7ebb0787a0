/* Which Python the embedded one takes itself for. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_home.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "build_config.h"

/* Is there a folder of this name? */
static bool
py_home_is_folder(const char *path)
{
	struct stat	 st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Has home the packages of our Python's version? */
static bool
py_home_has_version(const char *home)
{
	char	*path;
	bool	 has;

	path = xasprintf("%s/lib/python%d.%d", home, PY_MAJOR_VERSION,
	    PY_MINOR_VERSION);
	has = py_home_is_folder(path);
	free(path);
	return has;
}

/* home's interpreter, NULL when there is none. */
static char *
py_home_interpreter(const char *home)
{
	static const char *const names[] = { "python", "python3", NULL };
	char	*path;
	size_t	 i;

	for (i = 0; names[i] != NULL; i++) {
		path = xasprintf("%s/bin/%s", home, names[i]);
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

/* Finds and checks it. */
char *
py_home_program(const char *home, char **cause)
{
	char	 folder[PATH_MAX], *full, *program;

	if (home == NULL)
		return xstrdup(WM_PYTHON_EXECUTABLE);
	if (home[0] != '/' && getcwd(folder, sizeof(folder)) != NULL)
		full = xasprintf("%s/%s", folder, home);
	else
		full = xstrdup(home);
	program = NULL;
	if (!py_home_is_folder(full))
		*cause = xasprintf("\"home\": %s: %s", home,
		    access(full, F_OK) == 0 ? "not a folder" : strerror(errno));
	else if ((program = py_home_interpreter(full)) == NULL)
		*cause = xasprintf("\"home\": %s has no bin/python, so it is "
		    "no virtual environment", home);
	else if (!py_home_has_version(full)) {
		*cause = xasprintf("\"home\": %s is for another version of "
		    "Python: this server has %d.%d, and there is no "
		    "lib/python%d.%d", home, PY_MAJOR_VERSION,
		    PY_MINOR_VERSION, PY_MAJOR_VERSION, PY_MINOR_VERSION);
		free(program);
		program = NULL;
	}
	free(full);
	return program;
}
