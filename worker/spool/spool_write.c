/* Puts a task into a folder: never lost, never seen in part. */
#include "worker/spool/spool_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/xmalloc.h"
#include "worker/spool/spool_name.h"

#define SPOOL_FOLDER	(O_RDONLY | O_DIRECTORY | O_CLOEXEC)

/* A name that no other task has. */
static void
spool_write_name(char name[SPOOL_NAME_MAX])
{
	static _Atomic uint32_t	 count;
	char			 host[256] = "localhost";
	struct spool_name	 parts = { .us = clock_real_us(),
	    .pid = (int)getpid(), .host = host };

	parts.count = atomic_fetch_add(&count, 1);
	gethostname(host, sizeof(host) - 1);
	if (getrandom(&parts.random, sizeof(parts.random), GRND_NONBLOCK) !=
	    sizeof(parts.random))
		parts.random = (uint32_t)clock_mono_us();
	spool_name_make(name, &parts);
}

/* The folder of a priority, made if it is not there. */
static int
spool_write_below(int dir, int priority)
{
	char	 name[16];
	int	 below;

	snprintf(name, sizeof(name), "%d", priority);
	if (mkdirat(dir, name, 0700) == 0) {
		if (fsync(dir) == -1)
			return -1;
	} else if (errno != EEXIST) {
		return -1;
	}
	below = openat(dir, name, SPOOL_FOLDER | O_NOFOLLOW);
	return below;
}

/* Where the task goes. */
static int
spool_write_folder(const struct spool_order *order)
{
	int	 dir = open(order->folder, SPOOL_FOLDER), below;

	if (dir == -1 || order->priority == SPOOL_PRIORITY_NONE)
		return dir;
	below = spool_write_below(dir, order->priority);
	fd_close(&dir);
	return below;
}

/* A spooler looks at a file's time: not before that. */
static int
spool_write_time(int fd, uint64_t at_us)
{
	struct timespec	 times[2] = { { .tv_nsec = UTIME_OMIT }, {
	    .tv_sec = (time_t)(at_us / 1000000),
	    .tv_nsec = (long)(at_us % 1000000) * 1000 } };

	return at_us == 0 ? 0 : futimens(fd, times);
}

/* Fills the file and has it on the disk. */
static int
spool_write_file(int dir, const char *name, const struct spool_order *order)
{
	int	 fd, result = -1;

	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	if (fd_write_all(fd, order->packet, order->packet_len) == 0 &&
	    (order->body_len == 0 ||
	    fd_write_all(fd, order->body, order->body_len) == 0) &&
	    spool_write_time(fd, order->at_us) == 0)
		result = fsync(fd);
	fd_close(&fd);
	return result;
}

/* Gives it its real name; never one that another file has. */
static int
spool_write_rename(int dir, const char *from, const char *to)
{
	struct stat	 st;

	if (renameat2(dir, from, dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/* The file system cannot do that. */
	if (fstatat(dir, to, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return renameat(dir, from, dir, to);
}

/* Writes it into the open folder. */
static int
spool_write_into(int dir, const char *name, const struct spool_order *order)
{
	char	 hidden[SPOOL_NAME_MAX + sizeof(SPOOL_NEW)];
	int	 error;

	snprintf(hidden, sizeof(hidden), SPOOL_NEW "%s", name);
	if (spool_write_file(dir, hidden, order) == 0 &&
	    spool_write_rename(dir, hidden, name) == 0) {
		if (fsync(dir) == 0)
			return 0;
		error = errno;
		unlinkat(dir, name, 0);
	} else {
		error = errno;
		unlinkat(dir, hidden, 0);
	}
	errno = error;
	return -1;
}

/* Writes a task. */
int
spool_write(const struct spool_order *order, char **path)
{
	char	 name[SPOOL_NAME_MAX];
	int	 dir, result, error;

	dir = spool_write_folder(order);
	if (dir == -1)
		return -1;
	spool_write_name(name);
	result = spool_write_into(dir, name, order);
	error = errno;
	close(dir);
	errno = error;
	if (result == -1)
		return -1;
	*path = order->priority == SPOOL_PRIORITY_NONE ?
	    xasprintf("%s/%s", order->folder, name) :
	    xasprintf("%s/%d/%s", order->folder, order->priority, name);
	return 0;
}
