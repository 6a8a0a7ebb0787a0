/* Opens files beneath a folder, and nothing else. */
#include "worker/static/static_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/xmalloc.h"

/* A FIFO must not hold the worker up, a terminal not become its own. */
#define OPEN_READ	(O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
/* While others rename folders the kernel may want another try. */
#define OPEN_TRIES	16

static bool	 open_walks;	/* without openat2 */

/* openat2(2), which the C library does not have. */
static int
open_resolve(int fd, const char *path, int flags, uint64_t resolve)
{
	struct open_how	 how = { .flags = (uint64_t)flags,
	    .resolve = resolve };
	int		 i, result;

	for (i = 0; i < OPEN_TRIES; i++) {
		result = (int)syscall(SYS_openat2, fd, path, &how,
		    sizeof(how));
		if (result != -1 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return result;
}

/* Is a name one that leads up, or nowhere? */
static bool
open_is_dots(const char *name, size_t len)
{
	return (len == 1 && name[0] == '.') ||
	    (len == 2 && name[0] == '.' && name[1] == '.');
}

/* The next folder on the way, instead of fd; -1 with errno. */
static int
open_walk_step(int fd, const char *name, size_t len, int flags)
{
	char	 copy[NAME_MAX + 1];

	if (len > NAME_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (open_is_dots(name, len)) {
		errno = EXDEV;
		return -1;
	}
	memcpy(copy, name, len);
	copy[len] = '\0';
	return openat(fd, copy, flags | O_NOFOLLOW);
}

/* Without openat2: name by name, following no link. */
static int
open_walk(int root, const char *path)
{
	int	 fd = -1, next;
	size_t	 len;

	for (;;) {
		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len == 0)
			break;
		next = open_walk_step(fd == -1 ? root : fd, path, len,
		    path[len] == '\0' ? OPEN_READ :
		    O_PATH | O_DIRECTORY | O_CLOEXEC);
		fd_close(&fd);
		if (next == -1 || path[len] == '\0')
			return next;
		fd = next;
		path += len;
	}
	/* It ends with a slash: the folder itself. */
	next = openat(fd == -1 ? root : fd, ".", OPEN_READ | O_DIRECTORY);
	fd_close(&fd);
	return next;
}

/* Beneath the root, in the best way that the kernel has. */
static int
open_beneath(int root, const char *path)
{
	if (open_walks)
		return open_walk(root, path);
	return open_resolve(root, path[0] == '\0' ? "." : path, OPEN_READ,
	    RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
}

/* Are these two the same file? */
static bool
open_is_same(int a, int b)
{
	struct stat	 x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 &&
	    x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Where a descriptor's file is; false: nobody can say. */
static bool
open_where(int fd, char path[PATH_MAX])
{
	char	 name[32];
	ssize_t	 n;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	n = readlink(name, path, PATH_MAX);
	if (n <= 0 || n >= PATH_MAX || path[0] != '/')
		return false;
	path[n] = '\0';
	return true;
}

/*
 * What lies at real is opened from this root, if its path goes on from there:
 * whether it truly lies beneath is for the kernel to say.
 */
static int
open_from_root(const struct static_root *root, const char *real, int probe)
{
	char	 at[PATH_MAX];
	size_t	 len;
	int	 fd;

	if (!open_where(root->fd, at))
		return -1;
	len = strcmp(at, "/") == 0 ? 0 : strlen(at);
	if (strncmp(real, at, len) != 0 || real[len] != '/')
		return -1;
	fd = open_resolve(root->fd, real + len + 1, OPEN_READ,
	    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
	if (fd != -1 && !open_is_same(fd, probe))
		fd_close(&fd);
	return fd;
}

/* A link leads outside: to a place that is safe? */
static int
open_safe(const struct static_root *root, const char *path,
    const struct static_roots *safe)
{
	char	 real[PATH_MAX];
	size_t	 i;
	int	 fd = -1, probe;

	probe = open_resolve(root->fd, path, O_PATH | O_CLOEXEC,
	    RESOLVE_NO_MAGICLINKS);
	if (probe == -1)
		return -1;
	if (open_where(probe, real)) {
		fd = open_from_root(root, real, probe);
		for (i = 0; fd == -1 && i < safe->count; i++)
			fd = open_from_root(&safe->items[i], real, probe);
	}
	fd_close(&probe);
	if (fd == -1)
		errno = EXDEV;
	return fd;
}

/* Its folder was deleted: another may be there by now. */
static bool
open_root_anew(struct static_root *root)
{
	struct stat	 st;
	int		 fd;

	if (fstat(root->fd, &st) == -1 || st.st_nlink > 0)
		return false;
	fd = open(root->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return false;
	close(root->fd);
	root->fd = fd;
	return true;
}

/* Opens what is beneath the root. */
int
static_open(struct static_root *root, const char *rel,
    const struct static_roots *safe)
{
	int	 fd;

	rel += strspn(rel, "/");
	fd = open_beneath(root->fd, rel);
	if (fd == -1 && errno == ENOENT) {
		if (open_root_anew(root))
			fd = open_beneath(root->fd, rel);
		else
			errno = ENOENT;
	}
	if (fd == -1 && errno == EXDEV && !open_walks)
		fd = open_safe(root, rel, safe);
	return fd;
}

/* Can openat2 be used? Old kernels lack it, old sandboxes forbid it. */
static void
open_choose(int fd)
{
	int	 probe = open_resolve(fd, ".", O_PATH | O_CLOEXEC,
	    RESOLVE_BENEATH);

	open_walks = probe == -1 && (errno == ENOSYS || errno == EPERM);
	fd_close(&probe);
}

/* Leaves openat2 alone, or does not. */
void
static_open_set_walk(bool on)
{
	open_walks = on;
}

/* Opens the folder. */
int
static_root_open(struct static_root *root, const char *path)
{
	root->fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root->fd == -1)
		return -1;
	root->path = xstrdup(path);
	open_choose(root->fd);
	return 0;
}

/* Closes it. */
void
static_root_close(struct static_root *root)
{
	fd_close(&root->fd);
	free(root->path);
	root->path = NULL;
}
