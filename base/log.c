/* The error log: one line a record, text or JSON, in one write(2). */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/strbuf.h"

static struct {
	const char	*path;
	enum log_level	 level;
	bool		 json;
	const char	*role;
	int		 id;
} log_state = { .level = LOG_LEVEL_INFO, .role = "master" };

static const char *const log_level_names[] = {
	[LOG_LEVEL_DEBUG] = "debug",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_ERROR] = "error",
};

/*
 * A descriptor that is there already, under a name: it is not opened anew,
 * which a socket (journald's) cannot be, and a pipe not by another user.
 */
static int
log_std_fd(const char *path)
{
	static const struct {
		const char	*name;
		int		 fd;
	} names[] = {
		{ "-",			STDOUT_FILENO },
		{ "/dev/stdout",	STDOUT_FILENO },
		{ "/dev/fd/1",		STDOUT_FILENO },
		{ "/proc/self/fd/1",	STDOUT_FILENO },
		{ "/dev/stderr",	STDERR_FILENO },
		{ "/dev/fd/2",		STDERR_FILENO },
		{ "/proc/self/fd/2",	STDERR_FILENO },
	};
	size_t	 i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(path, names[i].name) == 0)
			return names[i].fd;
	}
	return -1;
}

/* Puts the log file over standard output and error. */
static int
log_open_path(const char *path)
{
	int	 fd = log_std_fd(path);

	if (fd != -1)
		return dup2(fd, fd == STDOUT_FILENO ? STDERR_FILENO :
		    STDOUT_FILENO) == -1 ? -1 : 0;
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	if (fd == -1)
		return -1;
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
	return 0;
}

/* Chooses where and how to log. */
int
log_open(const char *path, enum log_level level, bool json)
{
	if (path != NULL && log_open_path(path) == -1)
		return -1;
	log_state.path = path;
	log_state.level = level;
	log_state.json = json;
	return 0;
}

/* Opens the log file again after somebody moved it away. */
int
log_reopen(void)
{
	if (log_state.path == NULL)
		return 0;
	return log_open_path(log_state.path);
}

/* Says who speaks from now on. */
void
log_set_role(const char *role, int id)
{
	log_state.role = role;
	log_state.id = id;
}

/* Tells whether records are JSON objects. */
bool
log_is_json(void)
{
	return log_state.json;
}

/* Tells whether a record of this level would be written. */
bool
log_enabled(enum log_level level)
{
	return level >= log_state.level;
}

/* Writes a line as it is. */
void
log_raw(const char *line, size_t len)
{
	ssize_t	 n;

	while (len > 0) {
		n = write(STDERR_FILENO, line, len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		line += n;
		len -= (size_t)n;
	}
}

/* Appends the time as 2026-01-31T12:00:00.123Z or with a blank in text. */
static void
log_add_time(struct strbuf *sb, char separator)
{
	struct timespec	 now;
	struct tm	 tm;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strbuf_addf(sb, "%04d-%02d-%02d%c%02d:%02d:%02d.%03ld%s",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, separator,
	    tm.tm_hour, tm.tm_min, tm.tm_sec, now.tv_nsec / 1000000,
	    separator == 'T' ? "Z" : "");
}

/* Builds a JSON record. */
static void
log_format_json(struct strbuf *sb, enum log_level level,
    const struct log_where *where, const char *text)
{
	strbuf_adds(sb, "{\"time\":\"");
	log_add_time(sb, 'T');
	strbuf_addf(sb, "\",\"level\":\"%s\",\"process\":\"%s\",\"pid\":%d",
	    log_level_names[level], log_state.role, (int)getpid());
	if (log_state.id != 0)
		strbuf_addf(sb, ",\"worker\":%d", log_state.id);
	if (where != NULL && where->core >= 0)
		strbuf_addf(sb, ",\"core\":%d,\"request\":\"%016llx\"",
		    where->core, (unsigned long long)where->request);
	strbuf_adds(sb, ",\"message\":");
	strbuf_add_json(sb, text, strlen(text));
	strbuf_adds(sb, "}\n");
}

/* Builds a text record. */
static void
log_format_text(struct strbuf *sb, enum log_level level,
    const struct log_where *where, const char *text)
{
	log_add_time(sb, ' ');
	strbuf_addf(sb, " [%s", log_state.role);
	if (log_state.id != 0)
		strbuf_addf(sb, " %d", log_state.id);
	strbuf_addf(sb, " pid %d", (int)getpid());
	if (where != NULL && where->core >= 0)
		strbuf_addf(sb, " core %d request %016llx", where->core,
		    (unsigned long long)where->request);
	strbuf_addf(sb, "] %s: %s\n", log_level_names[level], text);
}

/* Formats and writes one record. */
static void
log_vwrite(enum log_level level, const struct log_where *where,
    const char *fmt, va_list ap)
{
	struct strbuf	 text = STRBUF_INIT, line = STRBUF_INIT;
	int		 saved = errno;

	strbuf_vaddf(&text, fmt, ap);
	while (text.len > 0 && text.buf[text.len - 1] == '\n')
		strbuf_truncate(&text, text.len - 1);
	if (log_state.json)
		log_format_json(&line, level, where, strbuf_str(&text));
	else
		log_format_text(&line, level, where, strbuf_str(&text));
	log_raw(line.buf, line.len);
	strbuf_done(&line);
	strbuf_done(&text);
	errno = saved;
}

/* Writes one record if its level is wanted. */
void
log_write(enum log_level level, const struct log_where *where,
    const char *fmt, ...)
{
	va_list	 ap;

	if (!log_enabled(level))
		return;
	va_start(ap, fmt);
	log_vwrite(level, where, fmt, ap);
	va_end(ap);
}

/* Logs with the reason in errno and ends the process. */
void
fatal(const char *fmt, ...)
{
	char	 text[1024];
	int	 saved = errno;
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_error("%s: %s", text, strerror(saved));
	exit(1);
}

/* Logs and ends the process. */
void
fatalx(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_vwrite(LOG_LEVEL_ERROR, NULL, fmt, ap);
	va_end(ap);
	exit(1);
}
