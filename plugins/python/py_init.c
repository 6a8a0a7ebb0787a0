/* Starts Python in the spawner. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_init.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/strlist.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_decorators.h"
#include "plugins/python/py_dump.h"
#include "plugins/python/py_errors.h"
#include "plugins/python/py_exception.h"
#include "plugins/python/py_fdevent.h"
#include "plugins/python/py_file.h"
#include "plugins/python/py_fork.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_header.h"
#include "plugins/python/py_home.h"
#include "plugins/python/py_input.h"
#include "plugins/python/py_module.h"
#include "plugins/python/py_ngx.h"
#include "plugins/python/py_start_response.h"
#include "plugins/python/py_stdio.h"
#include "plugins/python/py_strings.h"
#include "plugins/python/py_task.h"
#include "worker/surroundings.h"
#include "worker/worker.h"

/* sys.argv: the server's name, and pyargv's words. */
static PyStatus
py_init_argv(PyConfig *config, const char *pyargv)
{
	struct strlist	 words = { NULL, 0 };
	PyStatus	 status;
	char		*copy, *rest, *word;

	strlist_add(&words, "wsgimaster");
	copy = rest = xstrdup(pyargv == NULL ? "" : pyargv);
	while ((word = strsep(&rest, " \t")) != NULL)
		if (*word != '\0')
			strlist_add(&words, word);
	free(copy);
	status = PyConfig_SetBytesArgv(config, (Py_ssize_t)words.count,
	    words.items);
	strlist_done(&words);
	return status;
}

/* Initialises the interpreter. Python's own SIGINT handler is not wanted. */
static int
py_init_interpreter(const struct config *cfg, const char *program,
    char **cause)
{
	PyConfig	 config;
	PyStatus	 status;

	PyConfig_InitPythonConfig(&config);
	config.install_signal_handlers = 0;
	config.parse_argv = 0;
	status = PyConfig_SetBytesString(&config, &config.program_name,
	    program);
	if (!PyStatus_Exception(status))
		status = PyConfig_SetBytesString(&config, &config.executable,
		    program);
	if (!PyStatus_Exception(status))
		status = py_init_argv(&config, cfg->pyargv);
	if (!PyStatus_Exception(status))
		status = Py_InitializeFromConfig(&config);
	PyConfig_Clear(&config);
	if (!PyStatus_Exception(status))
		return 0;
	*cause = xasprintf("Python does not start (%s): %s", program,
	    status.err_msg != NULL ? status.err_msg : "no reason given");
	return -1;
}

/* Puts one folder into sys.path at *at. -1 with a Python exception. */
static int
py_init_path_add(PyObject *path, Py_ssize_t *at, const char *folder)
{
	PyObject	*str;
	int		 result = -1;

	str = PyUnicode_DecodeFSDefault(folder);
	if (str != NULL)
		result = PyList_Insert(path, (*at)++, str);
	Py_XDECREF(str);
	return result;
}

/* In front of sys.path: pythonpath, and then the working directory. */
static int
py_init_path(const struct config *cfg)
{
	PyObject	*path = PySys_GetObject("path");	/* borrowed */
	char		 cwd[PATH_MAX];
	glob_t		 found;
	Py_ssize_t	 at = 0;
	size_t		 i, j;
	int		 result = 0;

	if (path == NULL || !PyList_Check(path)) {
		PyErr_SetString(PyExc_RuntimeError, "there is no sys.path");
		return -1;
	}
	for (i = 0; result == 0 && i < cfg->pythonpath.count; i++) {
		if (glob(cfg->pythonpath.items[i], GLOB_NOCHECK | GLOB_TILDE,
		    NULL, &found) != 0)
			continue;
		for (j = 0; result == 0 && j < found.gl_pathc; j++)
			result = py_init_path_add(path, &at,
			    found.gl_pathv[j]);
		globfree(&found);
	}
	if (result == 0 && getcwd(cwd, sizeof(cwd)) != NULL)
		result = py_init_path_add(path, &at, cwd);
	return result;
}

/*
 * The signal module sets its own handler for SIGINT at its first import,
 * unless somebody has done something about SIGINT.
 */
static int
py_init_signal(void)
{
	struct sigaction	 ignore = { .sa_handler = SIG_IGN }, old;
	PyObject		*module;

	sigaction(SIGINT, &ignore, &old);
	module = PyImport_ImportModule("signal");
	sigaction(SIGINT, &old, NULL);
	Py_XDECREF(module);
	return module == NULL ? -1 : 0;
}

/* Everything of ours that wants a running interpreter. */
static int
py_init_modules(struct worker *w)
{
	if (py_strings_init() == -1 || py_exception_init() == -1 ||
	    py_init_signal() == -1 || py_stdio_init() == -1 ||
	    py_init_path(w->cfg) == -1 || py_header_init() == -1 ||
	    py_input_init() == -1 || py_start_response_init() == -1 ||
	    py_file_init() == -1 || py_errors_init() == -1 ||
	    py_fdevent_init() == -1 || py_ngx_init() == -1 ||
	    py_task_init() == -1 || py_dump_init() == -1 ||
	    py_fork_init() == -1)
		return -1;
	return py_module_import(w);
}

/* Starts Python. */
int
py_init_start(struct worker *w, char **cause)
{
	char	*program;
	int	 result = -1;

	program = py_home_program(w->cfg->home, cause);
	if (program == NULL)
		return -1;
	py_worker_set(w);
	if (surroundings_set(w->cfg, cause) == -1 ||
	    py_module_register() == -1 ||
	    py_decorators_register() == -1 ||
	    py_init_interpreter(w->cfg, program, cause) == -1)
		goto out;
	py_gil_init();
	result = py_init_modules(w);
	if (result == -1)
		*cause = py_exception_cause("Python does not start");
	py_gil_leave(true);
	if (result == 0)
		log_info("Python %s (%s)", PY_VERSION, program);
out:
	free(program);
	return result;
}
