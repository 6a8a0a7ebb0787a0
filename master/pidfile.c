/* The file with the master's pid. */
#include "master/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/xmalloc.h"

#define PIDFILE_COMM	"wm-master\n"	/* process_set_name's */

/* Reads the beginning of a file as text; how long it is, 0 if it cannot. */
static size_t
pidfile_read_text(const char *path, char *buf, size_t len)
{
	int	 fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t	 n = -1;

	if (fd != -1) {
		n = read(fd, buf, len - 1);
		close(fd);
	}
	if (n < 0)
		n = 0;
	buf[n] = '\0';
	return (size_t)n;
}

/* The pid in the file, 0 if there is none. */
static pid_t
pidfile_read(const char *path)
{
	char	 text[32], *end;
	long	 pid;

	if (pidfile_read_text(path, text, sizeof(text)) == 0)
		return 0;
	pid = strtol(text, &end, 10);
	return end != text && pid > 0 && pid <= 1 << 30 ? (pid_t)pid : 0;
}

/* Is that process a master of this program? */
static int
pidfile_is_master(pid_t pid)
{
	char	 path[64], name[32];

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	return pidfile_read_text(path, name, sizeof(name)) > 0 &&
	    strcmp(name, PIDFILE_COMM) == 0;
}

/* Does the file's master live? */
int
pidfile_check(const char *path, pid_t replaced, char **cause)
{
	pid_t	 pid = pidfile_read(path);

	if (pid == 0 || pid == getpid() || pid == replaced ||
	    !pidfile_is_master(pid))
		return 0;
	*cause = xasprintf("the pidfile %s is that of a server that runs, "
	    "with pid %d", path, (int)pid);
	return -1;
}

/* Writes the pid to an open file, which is closed. */
static int
pidfile_fill(int fd)
{
	char	 text[32];
	int	 result;

	snprintf(text, sizeof(text), "%d\n", (int)getpid());
	result = fd_write_all(fd, text, strlen(text));
	fd_close(&fd);
	return result;
}

/* Writes over what is there. */
static int
pidfile_write_in_place(const char *path)
{
	int	 fd;

	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW);
	return fd != -1 ? pidfile_fill(fd) : -1;
}

/* Writes it. */
int
pidfile_write(const char *path)
{
	char	*temporary = xasprintf("%s.XXXXXX", path);
	int	 fd, result = -1, saved;

	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd == -1) {
		saved = errno;
		result = pidfile_write_in_place(path);
		errno = result == -1 ? saved : 0;
		goto out;
	}
	(void)fchmod(fd, 0644);
	if (pidfile_fill(fd) == 0 && rename(temporary, path) == 0)
		result = 0;
	if (result == -1) {
		saved = errno;
		unlink(temporary);
		errno = saved;
	}
out:
	free(temporary);
	return result;
}

/*
 * Removes it. The next master may put its own there at any moment: what is
 * looked at is first taken away from there, and given back if it is not ours.
 */
void
pidfile_remove(const char *path)
{
	char	*aside;

	if (pidfile_read(path) != getpid())
		return;
	aside = xasprintf("%s.%d", path, (int)getpid());
	if (rename(path, aside) == 0) {
		if (pidfile_read(aside) != getpid())
			(void)link(aside, path);
		unlink(aside);
	}
	free(aside);
}
