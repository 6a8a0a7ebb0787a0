/* The log: one line a record, text or JSON, in one write(2). */
#include "base/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log_place.h"
#include "base/log_sink.h"
#include "base/strbuf.h"

static struct {
	_Atomic int	 level;		/* threads may read it */
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

/* Chooses what to log, and how. */
void
log_choose(enum log_level level, bool json)
{
	log_state.level = level;
	log_state.json = json;
}

/* Chooses what is written. */
void
log_set_level(enum log_level level)
{
	log_state.level = level;
}

/* What is written now. */
enum log_level
log_level_now(void)
{
	return (enum log_level)log_state.level;
}

/* The printable name of a level. */
const char *
log_level_name(enum log_level level)
{
	return log_level_names[level];
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
	return (int)level >= atomic_load_explicit(&log_state.level,
	    memory_order_relaxed);
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
		strbuf_addf(sb, ",\"core\":%d,\"request\":\"%.*s\"",
		    where->core, (int)where->request_len, where->request);
	strbuf_adds(sb, ",\"message\":");
	strbuf_add_json(sb, text, strlen(text));
	strbuf_adds(sb, "}\n");
}

/* Builds a text record; *head becomes the length of what is the time. */
static void
log_format_text(struct strbuf *sb, enum log_level level,
    const struct log_where *where, const char *text, size_t *head)
{
	log_add_time(sb, ' ');
	*head = sb->len + 1;
	strbuf_addf(sb, " [%s", log_state.role);
	if (log_state.id != 0)
		strbuf_addf(sb, " %d", log_state.id);
	strbuf_addf(sb, " pid %d", (int)getpid());
	if (where != NULL && where->core >= 0)
		strbuf_addf(sb, " core %d request %.*s", where->core,
		    (int)where->request_len, where->request);
	strbuf_addf(sb, "] %s: %s\n", log_level_names[level], text);
}

/* Formats one record and writes it to a target; its own losses count not. */
static int
log_write_text(struct log_target *target, enum log_level level,
    const struct log_where *where, const char *text, size_t len)
{
	struct strbuf	 sb = STRBUF_INIT;
	struct log_line	 line = { .level = level, .where = where,
	    .process = log_state.role, .worker = log_state.id,
	    .message = text, .message_len = len };
	int		 result;

	if (log_state.json)
		log_format_json(&sb, level, where, text);
	else
		log_format_text(&sb, level, where, text, &line.head);
	line.line = sb.buf;
	line.len = sb.len;
	result = target->sink->write(target, &line);
	strbuf_done(&sb);
	return result;
}

/* Says how much was lost, if something was and the target can take it. */
static void
log_tell_lost(struct log_target *target)
{
	unsigned long long	 lost = atomic_exchange(&target->lost, 0);
	char			 text[80];
	int			 len;

	if (lost == 0)
		return;
	len = snprintf(text, sizeof(text), "%llu log record%s lost: nobody "
	    "took them in time", lost, lost == 1 ? " was" : "s were");
	if (log_write_text(target, LOG_LEVEL_WARN, NULL, text, (size_t)len) ==
	    -1)
		target->lost += lost;
}

/* Formats and writes one record. */
static void
log_vwrite(enum log_level level, const struct log_where *where,
    const char *fmt, va_list ap)
{
	struct log_target	*target = log_place_target(LOG_SERVER);
	struct strbuf		 text = STRBUF_INIT;
	int			 saved = errno;

	strbuf_vaddf(&text, fmt, ap);
	while (text.len > 0 && text.buf[text.len - 1] == '\n')
		strbuf_truncate(&text, text.len - 1);
	log_tell_lost(target);
	if (log_write_text(target, level, where, strbuf_str(&text),
	    text.len) == -1)
		target->lost++;
	strbuf_done(&text);
	errno = saved;
}

/* Writes the line of a request. */
void
log_request(const struct log_where *where, const char *line, size_t len)
{
	struct log_target	*target = log_place_target(LOG_REQUESTS);
	struct log_line		 record = { .level = LOG_LEVEL_INFO,
	    .where = where, .process = log_state.role,
	    .worker = log_state.id, .line = line, .len = len,
	    .message = line, .message_len = len - 1 };

	log_tell_lost(target);
	if (target->sink->write(target, &record) == -1)
		target->lost++;
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
