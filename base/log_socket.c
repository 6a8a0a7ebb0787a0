/* Logs of the system: syslog's datagrams (RFC 3164) and the journal's. */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log_sink.h"
#include "base/strbuf.h"

#define LOG_SYSLOG_PATH		"/dev/log"
#define LOG_JOURNAL_PATH	"/run/systemd/journal/socket"
#define LOG_RETRY_US		1000000	/* between two tries */
#define LOG_SHORT		8192	/* bytes of one that is too long */

/* syslog's severities. */
static const int log_severities[] = {
	[LOG_LEVEL_DEBUG] = LOG_DEBUG,
	[LOG_LEVEL_INFO] = LOG_INFO,
	[LOG_LEVEL_WARN] = LOG_WARNING,
	[LOG_LEVEL_ERROR] = LOG_ERR,
};

/* Connects; -1 with errno. */
static int
log_socket_connect(struct log_target *target, const char *path)
{
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	int			 fd;

	if (target->path != NULL)
		path = target->path;
	if (strlen(path) >= sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(sun.sun_path, path);
	target->retry_us = clock_coarse_us() + LOG_RETRY_US;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		fd_close(&fd);
		return -1;
	}
	log_target_take(target, fd);
	close(fd);
	return 0;
}

/* Is the one who reads gone for good? */
static bool
log_socket_is_gone(void)
{
	return errno == ECONNREFUSED || errno == ECONNRESET ||
	    errno == ENOTCONN || errno == EPIPE || errno == EBADF ||
	    errno == ENOENT;
}

/* Sends to who is there, or is there again. */
static int
log_socket_put(struct log_target *target, const struct strbuf *sb)
{
	if (target->fd != -1) {
		if (log_target_put(target, sb->buf, sb->len) == 0)
			return 0;
		if (!log_socket_is_gone())
			return -1;
	}
	if (clock_coarse_us() < target->retry_us ||
	    target->sink->open(target) == -1)
		return -1;
	return log_target_put(target, sb->buf, sb->len);
}

/* Connects to syslog. */
static int
log_syslog_open(struct log_target *target)
{
	return log_socket_connect(target, LOG_SYSLOG_PATH);
}

/*
 * "<11>Jan  1 12:00:00 wsgimaster[123]: ", in local time; month names are
 * not those of the app's locale.
 */
static void
log_syslog_head(struct strbuf *sb, const struct log_target *target,
    const struct log_line *line)
{
	static const char	 months[] =
	    "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t			 now = time(NULL);
	struct tm		 tm;

	localtime_r(&now, &tm);
	strbuf_addf(sb, "<%d>%.3s %2d %02d:%02d:%02d %s[%d]: ",
	    target->facility | log_severities[line->level],
	    months + 3 * tm.tm_mon, tm.tm_mday, tm.tm_hour, tm.tm_min,
	    tm.tm_sec, target->ident == NULL ? "wsgimaster" : target->ident,
	    (int)getpid());
}

/* A datagram of syslog's. */
static int
log_syslog_write(struct log_target *target, const struct log_line *line)
{
	struct strbuf	 sb = STRBUF_INIT;
	size_t		 len = line->len;
	int		 result;

	if (len > 0 && line->line[len - 1] == '\n')
		len--;
	log_syslog_head(&sb, target, line);
	strbuf_add(&sb, line->line + line->head, len - line->head);
	result = log_socket_put(target, &sb);
	if (result == -1 && errno == EMSGSIZE && sb.len > LOG_SHORT) {
		strbuf_truncate(&sb, LOG_SHORT);
		result = log_socket_put(target, &sb);
	}
	strbuf_done(&sb);
	return result;
}

const struct log_sink log_sink_syslog = {
	.name = "syslog", .open = log_syslog_open, .write = log_syslog_write,
	.syntax = "IDENT,FACILITY", .may_miss = true,
};

/* Connects to the journal. */
static int
log_systemd_open(struct log_target *target)
{
	return log_socket_connect(target, LOG_JOURNAL_PATH);
}

/* A field that may have any bytes. */
static void
log_systemd_text(struct strbuf *sb, const char *name, const char *s,
    size_t len)
{
	uint64_t	 size = htole64((uint64_t)len);

	strbuf_addf(sb, "%s\n", name);
	strbuf_add(sb, &size, sizeof(size));
	strbuf_add(sb, s, len);
	strbuf_addc(sb, '\n');
}

/* A datagram of the journal's own protocol. */
static int
log_systemd_write(struct log_target *target, const struct log_line *line)
{
	const struct log_where	*where = line->where;
	struct strbuf		 sb = STRBUF_INIT;
	size_t			 fields;
	int			 result;

	strbuf_addf(&sb, "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nPROCESS=%s\n",
	    log_severities[line->level],
	    target->ident == NULL ? "wsgimaster" : target->ident,
	    line->process);
	if (line->worker != 0)
		strbuf_addf(&sb, "WORKER=%d\n", line->worker);
	if (where != NULL && where->core >= 0)
		strbuf_addf(&sb, "CORE=%d\nREQUEST_ID=%.*s\n", where->core,
		    (int)where->request_len, where->request);
	fields = sb.len;
	log_systemd_text(&sb, "MESSAGE", line->message, line->message_len);
	result = log_socket_put(target, &sb);
	if (result == -1 && errno == EMSGSIZE &&
	    line->message_len > LOG_SHORT) {
		strbuf_truncate(&sb, fields);
		log_systemd_text(&sb, "MESSAGE", line->message, LOG_SHORT);
		result = log_socket_put(target, &sb);
	}
	strbuf_done(&sb);
	return result;
}

const struct log_sink log_sink_systemd = {
	.name = "systemd", .open = log_systemd_open,
	.write = log_systemd_write, .syntax = "IDENT", .may_miss = true,
};
