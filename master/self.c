/* How this program was started, so that it can be started again. */
#include "master/self.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xmalloc.h"

static struct {
	char	**argv;
	char	**env;
	char	 *path;
	char	 *folder;	/* NULL: it is gone */
	mode_t	  umask;
} self;

/* Variables that are about the process that was started, not the program. */
static const char *const self_dropped[] = {
	"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WSGIMASTER_INHERIT",
	"WSGIMASTER_UPGRADE", "WSGIMASTER_SECRET", "WSGIMASTER_QUEUE",
};

/* Is the variable "NAME=value" the one of this name? */
static bool
self_is(const char *variable, const char *name)
{
	size_t	 len = strlen(name);

	return strncmp(variable, name, len) == 0 && variable[len] == '=';
}

/* Shall the next program not see this variable? */
static bool
self_drops(const char *variable)
{
	size_t	 i;

	for (i = 0; i < sizeof(self_dropped) / sizeof(self_dropped[0]); i++) {
		if (self_is(variable, self_dropped[i]))
			return true;
	}
	return self_is(variable, "WATCHDOG_PID") &&
	    strtol(strchr(variable, '=') + 1, NULL, 10) == getpid();
}

/* A copy of a list of strings, perhaps without what is dropped. New. */
static char **
self_copy(char **list, bool drop)
{
	char	**copy;
	size_t	  i, n = 0;

	for (i = 0; list[i] != NULL; i++)
		continue;
	copy = xcalloc(i + 1, sizeof(*copy));
	for (i = 0; list[i] != NULL; i++) {
		if (!drop || !self_drops(list[i]))
			copy[n++] = xstrdup(list[i]);
	}
	return copy;
}

/* Are these two the same file? */
static bool
self_same(const char *a, const char *b)
{
	struct stat	 x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 &&
	    x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* The current folder as the caller named it, or NULL. New. */
static char *
self_find_folder(void)
{
	const char	*pwd = getenv("PWD");

	if (pwd != NULL && pwd[0] == '/' && self_same(pwd, "."))
		return xstrdup(pwd);
	return getcwd(NULL, 0);
}

/* A path that does not depend on the current folder. New. */
static char *
self_absolute(const char *path)
{
	if (path[0] == '/' || self.folder == NULL)
		return xstrdup(path);
	return xasprintf("%s/%s", self.folder, path);
}

/* Looks for a program in PATH; NULL when it is not there. New. */
static char *
self_search(const char *name)
{
	const char	*path = getenv("PATH"), *end;
	char		*one, *found = NULL;

	for (; path != NULL && found == NULL; path = *end ? end + 1 : NULL) {
		end = path + strcspn(path, ":");
		one = xasprintf("%.*s/%s", end > path ? (int)(end - path) : 1,
		    end > path ? path : ".", name);
		if (access(one, X_OK) == 0)
			found = self_absolute(one);
		free(one);
	}
	return found;
}

/* What the kernel executed. New. */
static char *
self_executed(void)
{
	char	 path[PATH_MAX];
	ssize_t	 n;

	n = readlink("/proc/self/exe", path, sizeof(path));
	return n > 0 ? xstrndup(path, (size_t)n) : NULL;
}

/* Keeps how this program was started. */
void
self_note(char **argv)
{
	char	*executed;

	self.argv = self_copy(argv, false);
	self.env = self_copy(environ, true);
	self.folder = self_find_folder();
	self.umask = umask(0);
	umask(self.umask);
	if (argv[0] == NULL)
		self.path = NULL;
	else if (strchr(argv[0], '/') != NULL)
		self.path = self_absolute(argv[0]);
	else
		self.path = self_search(argv[0]);
	if (self.path != NULL && (access("/proc/self/exe", F_OK) == -1 ||
	    self_same(self.path, "/proc/self/exe")))
		return;
	executed = self_executed();
	if (executed == NULL)
		return;
	free(self.path);
	self.path = executed;
}

/* The file that would be executed. */
const char *
self_path(void)
{
	return self.path != NULL ? self.path : "";
}

/* Is a variable of this name in the list? */
static bool
self_has(char *const *list, const char *variable)
{
	size_t	 len = strcspn(variable, "=") + 1;

	for (; *list != NULL; list++) {
		if (strncmp(*list, variable, len) == 0)
			return true;
	}
	return false;
}

/* Executes it again. */
void
self_exec(char *const *extra)
{
	char	**env;
	size_t	  i, n = 0, count = 0;

	for (i = 0; self.env[i] != NULL; i++)
		count++;
	for (i = 0; extra[i] != NULL; i++)
		count++;
	env = xcalloc(count + 1, sizeof(*env));
	for (i = 0; self.env[i] != NULL; i++) {
		if (!self_has(extra, self.env[i]))
			env[n++] = self.env[i];
	}
	for (i = 0; extra[i] != NULL; i++)
		env[n++] = extra[i];
	umask(self.umask);
	if (self.folder != NULL && chdir(self.folder) == -1)
		return;
	execve(self_path(), self.argv, env);
}
