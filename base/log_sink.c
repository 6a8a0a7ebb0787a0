/* Where log lines go, without ever waiting for long. */
#include "base/log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/names.h"
#include "base/xmalloc.h"

/* What syslog calls those who speak. */
static const struct name_value log_facilities[] = {
	{ "user", LOG_USER },
	{ "daemon", LOG_DAEMON },
	{ "local0", LOG_LOCAL0 },
	{ "local1", LOG_LOCAL1 },
	{ "local2", LOG_LOCAL2 },
	{ "local3", LOG_LOCAL3 },
	{ "local4", LOG_LOCAL4 },
	{ "local5", LOG_LOCAL5 },
	{ "local6", LOG_LOCAL6 },
	{ "local7", LOG_LOCAL7 },
	{ NULL, 0 }
};

/* Takes one of the two descriptors that every process has. */
static int
log_std_use(struct log_target *target, int fd)
{
	target->fd = fd;
	target->own_fd = false;
	log_target_look(target);
	return 0;
}

/* Standard error. */
static int
log_stderr_open(struct log_target *target)
{
	return log_std_use(target, STDERR_FILENO);
}

/* Standard output. */
static int
log_stdout_open(struct log_target *target)
{
	return log_std_use(target, STDOUT_FILENO);
}

/* A file; O_NONBLOCK for a named pipe that nobody reads. */
static int
log_file_open(struct log_target *target)
{
	int	 fd;

	fd = open(target->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
	    O_NONBLOCK, 0640);
	if (fd == -1)
		return -1;
	log_target_take(target, fd);
	close(fd);
	return 0;
}

/* A line as it is. */
static int
log_line_write(struct log_target *target, const struct log_line *line)
{
	if (target->cut && log_target_put(target, "\n", 1) == 0)
		target->cut = false;
	return log_target_put(target, line->line, line->len);
}

static const struct log_sink log_sink_stderr = {
	.name = "stderr", .open = log_stderr_open, .write = log_line_write,
};

static const struct log_sink log_sink_stdout = {
	.name = "stdout", .open = log_stdout_open, .write = log_line_write,
};

static const struct log_sink log_sink_file = {
	.name = "file", .open = log_file_open, .write = log_line_write,
	.syntax = "/PATH",
};

static const struct log_sink *const log_sinks[] = {
	&log_sink_stderr,
	&log_sink_stdout,
	&log_sink_file,
	&log_sink_syslog,
	&log_sink_systemd,
};

#define LOG_SINKS	(sizeof(log_sinks) / sizeof(log_sinks[0]))

/* Standard error. */
void
log_target_init(struct log_target *target)
{
	memset(target, 0, sizeof(*target));
	target->sink = &log_sink_stderr;
	target->fd = STDERR_FILENO;
}

/* Frees what it has; it is standard error then. */
void
log_target_done(struct log_target *target)
{
	if (target->own_fd)
		fd_close(&target->fd);
	free(target->path);
	free(target->ident);
	log_target_init(target);
}

/* Takes one of the arguments between commas; false: it is none. */
static bool
log_target_argument(struct log_target *target, const char *word)
{
	int	 i;

	if (*word == '\0')
		return target->sink != &log_sink_file;
	if (target->sink == &log_sink_file || *word == '/') {
		free(target->path);
		target->path = xstrdup(word);
		return true;
	}
	for (i = 0; log_facilities[i].name != NULL; i++) {
		if (target->sink == &log_sink_syslog && target->ident != NULL &&
		    strcmp(word, log_facilities[i].name) == 0) {
			target->facility = log_facilities[i].value;
			return true;
		}
	}
	if (target->ident != NULL || strcspn(word, " \t[]:") != strlen(word))
		return false;
	target->ident = xstrdup(word);
	return true;
}

/* Takes all that follows the colon. */
static bool
log_target_arguments(struct log_target *target, const char *text)
{
	char	*words, *next, *word;
	bool	 ok = true;

	if (target->sink == &log_sink_file)
		return text != NULL && log_target_argument(target, text);
	if (text == NULL)
		return true;
	words = next = xstrdup(text);
	while (ok && (word = strsep(&next, ",")) != NULL)
		ok = log_target_argument(target, word);
	free(words);
	return ok;
}

/* Reads what a target is to be. */
int
log_target_parse(struct log_target *target, const char *spec, char **cause)
{
	const struct log_sink	*sink;
	const char		*colon = strchrnul(spec, ':');
	size_t			 i, len = (size_t)(colon - spec);

	for (i = 0; i < LOG_SINKS; i++) {
		sink = log_sinks[i];
		if (strlen(sink->name) != len ||
		    strncmp(spec, sink->name, len) != 0)
			continue;
		target->sink = sink;
		target->facility = LOG_DAEMON;
		if ((*colon == '\0' || sink->syntax != NULL) &&
		    log_target_arguments(target, *colon == '\0' ? NULL :
		    colon + 1))
			return 0;
		*cause = xasprintf("\"%s\" is not %s%s%s", spec, sink->name,
		    sink->syntax == NULL ? "" : ":",
		    sink->syntax == NULL ? "" : sink->syntax);
		return -1;
	}
	*cause = xasprintf("\"%s\" is none of stderr, stdout, file:/PATH, "
	    "syslog and systemd", spec);
	return -1;
}

/* Opens it. */
int
log_target_open(struct log_target *target)
{
	return target->sink->open(target);
}

/* A pipe's own open file, so that O_NONBLOCK is not others' as well. */
static void
log_target_own_pipe(struct log_target *target)
{
	char	 path[40];
	int	 fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", target->fd);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_APPEND | O_CLOEXEC);
	target->kind = fd == -1 ? LOG_TARGET_POLLED : LOG_TARGET_NONBLOCK;
	if (fd == -1)
		return;
	if (target->own_fd)
		close(target->fd);
	target->fd = fd;
	target->own_fd = true;
}

/* How is it written to? */
void
log_target_look(struct log_target *target)
{
	struct stat	 st;

	target->kind = LOG_TARGET_BLOCKS;
	if (target->sink->may_miss) {
		target->kind = LOG_TARGET_SOCKET;
		return;
	}
	if (target->fd == -1 || fstat(target->fd, &st) == -1)
		return;
	if (S_ISSOCK(st.st_mode))
		target->kind = LOG_TARGET_SOCKET;
	else if (S_ISFIFO(st.st_mode))
		log_target_own_pipe(target);
}

/* Another descriptor in its place. */
void
log_target_take(struct log_target *target, int fd)
{
	if (!target->own_fd || target->fd == -1)
		target->fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	else
		(void)dup3(fd, target->fd, O_CLOEXEC);
	target->own_fd = target->fd != -1;
	log_target_look(target);
}

/* How long may it be waited for? A tenth of the time gone by is added. */
static uint64_t
log_target_patience(struct log_target *target)
{
	uint64_t	 now = clock_coarse_us();
	uint64_t	 before = atomic_exchange(&target->seen_us, now);
	uint64_t	 waited = target->waited_us;
	uint64_t	 back = before < now ? (now - before) / 10 : 0;

	target->waited_us = waited = waited > back ? waited - back : 0;
	return waited < LOG_PATIENCE_US ? LOG_PATIENCE_US - waited : 0;
}

/* Waits until it can be written to; false: not in time. */
static bool
log_target_wait(struct log_target *target)
{
	struct pollfd	 pfd = { .fd = target->fd, .events = POLLOUT };
	uint64_t	 patience = log_target_patience(target), start;
	int		 n;

	if (patience < 1000)
		return false;
	start = clock_mono_us();
	n = poll(&pfd, 1, (int)(patience / 1000));
	target->waited_us += clock_mono_us() - start;
	return n > 0 || (n == -1 && errno == EINTR);
}

/* May a write be tried without blocking? */
static bool
log_target_is_open(const struct log_target *target)
{
	struct pollfd	 pfd = { .fd = target->fd, .events = POLLOUT };

	return target->kind != LOG_TARGET_POLLED || poll(&pfd, 1, 0) > 0;
}

/* One try; -1 with errno. */
static ssize_t
log_target_try(const struct log_target *target, const void *data, size_t len)
{
	if (!log_target_is_open(target)) {
		errno = EAGAIN;
		return -1;
	}
	if (target->kind == LOG_TARGET_SOCKET)
		return send(target->fd, data, len, MSG_DONTWAIT |
		    MSG_NOSIGNAL);
	return write(target->fd, data, len);
}

/* Writes all of it, if that does not last. */
int
log_target_put(struct log_target *target, const void *data, size_t len)
{
	const char	*p = data;
	ssize_t		 n;

	while (len > 0) {
		n = log_target_try(target, p, len);
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		} else if (n == -1 && errno == EINTR) {
			continue;
		} else if (n == 0 || errno != EAGAIN ||
		    !log_target_wait(target)) {
			target->cut = target->cut || p != (const char *)data;
			return -1;
		}
	}
	return 0;
}
