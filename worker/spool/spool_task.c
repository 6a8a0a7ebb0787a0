/* One task, from its file to its end. */
#include "worker/spool/spool_task.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/xmalloc.h"
#include "worker/spool/spool_folder.h"

/* uWSGI writes to the file while its name is there already. */
#define SPOOL_YOUNG_S	5

/* Since 1970; before that: 0. */
static uint64_t
spool_task_time(const struct timespec *time)
{
	return time->tv_sec < 0 ? 0 : (uint64_t)time->tv_sec * 1000000 +
	    (uint64_t)time->tv_nsec / 1000;
}

/* Not before. */
static int
spool_task_set_time(int fd, uint64_t us)
{
	struct timespec	 times[2] = { { .tv_nsec = UTIME_OMIT }, {
	    .tv_sec = (time_t)(us / 1000000),
	    .tv_nsec = (long)(us % 1000000) * 1000 } };

	return futimens(fd, times);
}

/* Of this open file; it goes when nobody has the file open any more. */
static int
spool_task_lock(int fd, short type)
{
	struct flock	 lock = { .l_type = type, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_SETLK, &lock);
}

/* Gives up lock and memory. */
static void
spool_task_free(struct spool_task *task)
{
	int	 error = errno;

	if (task->fd != -1)
		/* A child of the app's may have the file open, too. */
		(void)spool_task_lock(task->fd, F_UNLCK);
	fd_close(&task->fd);
	free(task->data);
	task->data = NULL;
	errno = error;
}

/* Where its tries are counted. */
static void
spool_task_tries_name(const struct spool_task *task, char *name, size_t size)
{
	snprintf(name, size, SPOOL_TRIES "/%s", task->name);
}

/* How often it was tried before, and when for the last time. */
static unsigned
spool_task_tried(const struct spool_task *task, uint64_t *last_us)
{
	char		 name[NAME_MAX + sizeof(SPOOL_TRIES) + 2];
	struct stat	 st;

	spool_task_tries_name(task, name, sizeof(name));
	if (fstatat(task->folder->fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(st.st_mode))
		return 0;
	*last_us = spool_task_time(&st.st_mtim);
	return st.st_size > 1000000 ? 1000000 : (unsigned)st.st_size;
}

/* Counts one try more; a full disk is no reason not to run the task. */
static void
spool_task_count(const struct spool_task *task)
{
	char	 name[NAME_MAX + sizeof(SPOOL_TRIES) + 2];
	int	 fd;
	ssize_t	 n;

	spool_task_tries_name(task, name, sizeof(name));
	if (mkdirat(task->folder->fd, SPOOL_TRIES, 0700) == -1 &&
	    errno != EEXIST)
		return;
	fd = openat(task->folder->fd, name, O_WRONLY | O_APPEND | O_CREAT |
	    O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return;
	n = write(fd, "x", 1);
	(void)n;
	close(fd);
}

/* Forgets the tries. */
static void
spool_task_forget(const struct spool_task *task)
{
	char	 name[NAME_MAX + sizeof(SPOOL_TRIES) + 2];

	spool_task_tries_name(task, name, sizeof(name));
	unlinkat(task->folder->fd, name, 0);
}

/* Moves it where nobody tries it again. */
static int
spool_task_put_away(const struct spool_task *task)
{
	char	 name[NAME_MAX + sizeof(SPOOL_FAILED_FOLDER) + 2];

	snprintf(name, sizeof(name), SPOOL_FAILED_FOLDER "/%s", task->name);
	if (mkdirat(task->folder->fd, SPOOL_FAILED_FOLDER, 0700) == -1 &&
	    errno != EEXIST)
		return -1;
	if (renameat(task->folder->fd, task->place, task->folder->fd, name) ==
	    -1)
		return -1;
	spool_task_forget(task);
	return 0;
}

/* Why this file is not taken for a task; NULL: it is. */
static const char *
spool_task_offence(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "it is not a file";
	if (st->st_uid != geteuid())
		return "it belongs to another user";
	if (st->st_mode & S_IWOTH)
		return "everybody may write to it";
	if (st->st_size > (off_t)SPOOL_FILE_MAX)
		return "it is too large";
	return NULL;
}

/* Everything in it; NULL with errno. */
static char *
spool_task_read(int fd, size_t len)
{
	char	*data = malloc(len + 1);
	size_t	 got = 0;
	ssize_t	 n;

	while (data != NULL && got < len) {
		n = pread(fd, data + got, len - got, (off_t)got);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n == 0)
				errno = EIO;	/* somebody cuts it */
			free(data);
			return NULL;
		}
		got += (size_t)n;
	}
	return data;
}

/* Opens what is no link, device or pipe that would make it wait. */
static int
spool_task_open(int dir, const char *place, int mode)
{
	return openat(dir, place, mode | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
	    O_CLOEXEC);
}

/*
 * Opens, locks, and looks whether the file still has the name; st is what it
 * is then.
 */
static enum spool_take
spool_task_grab(struct spool_task *task, struct stat *st, char **why)
{
	struct stat	 named;
	const char	*offence;

	task->fd = spool_task_open(task->folder->fd, task->place, O_RDWR);
	if (task->fd == -1) {
		if (errno == ENOENT)
			return SPOOL_TAKE_NOT_NOW;
		*why = xasprintf("%s: %s", task->place, errno == ELOOP ?
		    "it is a symbolic link" : strerror(errno));
		return SPOOL_TAKE_REFUSED;
	}
	if (fstat(task->fd, st) == -1)
		return SPOOL_TAKE_NOT_NOW;
	offence = spool_task_offence(st);
	if (offence == NULL && spool_task_lock(task->fd, F_WRLCK) == -1) {
		if (errno == EAGAIN || errno == EACCES)
			return SPOOL_TAKE_NOT_NOW;
		offence = strerror(errno);
	}
	if (offence != NULL) {
		*why = xasprintf("%s: %s", task->place, offence);
		return SPOOL_TAKE_REFUSED;
	}
	if (fstat(task->fd, st) == -1 || fstatat(task->folder->fd,
	    task->place, &named, AT_SYMLINK_NOFOLLOW) == -1 ||
	    named.st_dev != st->st_dev || named.st_ino != st->st_ino ||
	    spool_task_time(&st->st_mtim) > clock_real_us())
		return SPOOL_TAKE_NOT_NOW;
	return SPOOL_TAKE_DONE;
}

/* Reads it; what is damaged is put away, unless somebody still writes it. */
static enum spool_take
spool_task_load(struct spool_task *task, const struct stat *st, char **why)
{
	const char	*offence;

	task->data = spool_task_read(task->fd, (size_t)st->st_size);
	if (task->data == NULL) {
		*why = xasprintf("%s: %s", task->place, strerror(errno));
		return SPOOL_TAKE_REFUSED;
	}
	offence = spool_packet_parse(&task->packet, task->data,
	    (size_t)st->st_size);
	if (offence == NULL)
		return SPOOL_TAKE_DONE;
	if (st->st_ctim.tv_sec > time(NULL) - SPOOL_YOUNG_S)
		return SPOOL_TAKE_SOON;
	*why = xasprintf("%s: %s", task->place, offence);
	return spool_task_put_away(task) == 0 ? SPOOL_TAKE_FAILED :
	    SPOOL_TAKE_REFUSED;
}

/* How long a task waits that has been the death of its processes. */
static uint64_t
spool_task_penance(unsigned deaths, uint64_t most_us)
{
	uint64_t	 us = deaths < 2 ? 0 : deaths > 20 ? most_us :
	    UINT64_C(1000000) << (deaths - 2);

	return us < most_us ? us : most_us;
}

/* Has its process died the last time? Then it may have to wait, or to go. */
static enum spool_take
spool_task_judge(struct spool_task *task, const struct stat *st,
    const struct spool_rules *rules, char **why)
{
	uint64_t	 last_us = 0, due;
	unsigned	 tried = spool_task_tried(task, &last_us);

	task->tries = tried + 1;
	if (tried == 0 || last_us < spool_task_time(&st->st_mtim))
		return SPOOL_TAKE_DONE;
	if (rules->max_tries > 0 && tried >= rules->max_tries) {
		*why = xasprintf("%s: its process has died, and it was tried "
		    "%u time%s", task->place, tried, tried == 1 ? "" : "s");
		return spool_task_put_away(task) == 0 ? SPOOL_TAKE_FAILED :
		    SPOOL_TAKE_REFUSED;
	}
	due = last_us + 1 + spool_task_penance(tried, rules->pause_us);
	if (due <= clock_real_us())
		return SPOOL_TAKE_DONE;
	(void)spool_task_set_time(task->fd, due);
	return SPOOL_TAKE_SOON;
}

/* Takes a task. */
enum spool_take
spool_task_take(struct spool_task *task, const struct spool_folder *folder,
    const char *place, const struct spool_rules *rules, char **why)
{
	const char	*slash = strrchr(place, '/');
	struct stat	 st;
	enum spool_take	 took;

	memset(task, 0, sizeof(*task));
	task->folder = folder;
	task->place = place;
	task->name = slash == NULL ? place : slash + 1;
	took = spool_task_grab(task, &st, why);
	if (took == SPOOL_TAKE_DONE)
		took = spool_task_load(task, &st, why);
	if (took == SPOOL_TAKE_DONE)
		took = spool_task_judge(task, &st, rules, why);
	if (took == SPOOL_TAKE_DONE)
		spool_task_count(task);
	else
		spool_task_free(task);
	return took;
}

/* The end of a task that was done. */
int
spool_task_done(struct spool_task *task)
{
	int	 result;

	spool_task_forget(task);
	result = unlinkat(task->folder->fd, task->place, 0);
	if (result == -1 && errno == ENOENT)
		result = 0;	/* somebody was quicker */
	spool_task_free(task);
	return result;
}

/* It wants to be run once more, which is no failure. */
int
spool_task_again(struct spool_task *task, const struct spool_rules *rules)
{
	int	 result;

	result = spool_task_set_time(task->fd, clock_real_us() +
	    rules->pause_us);
	spool_task_forget(task);
	spool_task_free(task);
	return result;
}

/* Nobody has looked at it. */
int
spool_task_ignore(struct spool_task *task)
{
	spool_task_forget(task);
	spool_task_free(task);
	return 0;
}

/* It has raised an exception. */
int
spool_task_fail(struct spool_task *task, const struct spool_rules *rules)
{
	int	 result;

	if (rules->max_tries > 0 && task->tries >= rules->max_tries)
		result = spool_task_put_away(task) == 0 ? 1 : -1;
	else
		result = spool_task_set_time(task->fd, clock_real_us() +
		    rules->pause_us);
	spool_task_free(task);
	return result;
}

/* Reads one without taking it. */
const char *
spool_task_peek(const char *path, char **data, struct spool_packet *packet)
{
	int		 fd = spool_task_open(AT_FDCWD, path, O_RDONLY);
	struct stat	 st;
	const char	*offence;

	*data = NULL;
	if (fd == -1)
		return "it cannot be opened";
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		offence = "it is not a file";
	else if (st.st_size > (off_t)SPOOL_FILE_MAX)
		offence = "it is too large";
	else if ((*data = spool_task_read(fd, (size_t)st.st_size)) == NULL)
		offence = "it cannot be read";
	else
		offence = spool_packet_parse(packet, *data,
		    (size_t)st.st_size);
	close(fd);
	if (offence != NULL) {
		free(*data);
		*data = NULL;
	}
	return offence;
}
