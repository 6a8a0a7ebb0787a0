/* Opens what is in a folder of scripts, and nothing that is not. */
#include "plugins/cgi/cgi_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/xmalloc.h"

/* openat2(2), which the C library does not have. */
static int
cgi_open_beneath(int root, const char *path)
{
	struct open_how	 how = { .flags = O_PATH | O_CLOEXEC,
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	int		 fd;

	do
		fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
	while (fd == -1 && errno == EAGAIN);	/* a folder has moved */
	return fd;
}

/* Where an open file really is. */
char *
cgi_open_path(int fd)
{
	char	 link[32], path[PATH_MAX];
	ssize_t	 n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path));
	if (n <= 0 || (size_t)n >= sizeof(path) || path[0] != '/')
		return NULL;
	return xstrndup(path, (size_t)n);
}

/* Is a path this folder, or in it? Both are real ones. */
static bool
cgi_open_is_in(const char *path, const char *folder)
{
	size_t	 len = strlen(folder);

	if (len > 0 && folder[len - 1] == '/')	/* "/" itself */
		len--;
	return strncmp(path, folder, len) == 0 &&
	    (path[len] == '/' || path[len] == '\0');
}

/* Is what was opened in root, or in one of the folders that are safe? */
static bool
cgi_open_may_be(int fd, int root, const struct strlist *safe)
{
	char	*path = cgi_open_path(fd), *folder = cgi_open_path(root);
	bool	 may = false;
	size_t	 i;

	if (path != NULL && folder != NULL)
		may = cgi_open_is_in(path, folder);
	for (i = 0; path != NULL && !may && i < safe->count; i++) {
		free(folder);
		folder = realpath(safe->items[i], NULL);
		if (folder != NULL)
			may = cgi_open_is_in(path, folder);
	}
	free(folder);
	free(path);
	return may;
}

/*
 * The kernel refuses absolute links also where they lead back, and older ones
 * lack the call: then it is opened, which with O_PATH does nothing to it, and
 * asked where it is.
 */
int
cgi_open(int root, const char *path, const struct strlist *safe)
{
	int	 fd = cgi_open_beneath(root, path);

	if (fd != -1 || (errno != EXDEV && errno != ENOSYS && errno != EPERM))
		return fd;
	fd = openat(root, path, O_PATH | O_CLOEXEC);
	if (fd == -1 || cgi_open_may_be(fd, root, safe))
		return fd;
	fd_close(&fd);
	errno = EXDEV;
	return -1;
}
