/* log-format: the text of an access line, as a list of fields. */
#include "config/log_format.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/xmalloc.h"

#define LOG_FORMAT_HEADER	"var.HTTP_"
#define LOG_FORMAT_CGI		"var."
#define LOG_FORMAT_METRIC	"metric."

/* uWSGI's variables that are not here. */
static const char *const log_missing[] = { "ftime", "ioerr", "modifier1",
	"modifier2", "rerr", "rss", "rssM", "vsz", "vszM", "werr", NULL };

static const struct name_value log_variables[] = {
	{ "addr", LOG_VAR_ADDR },
	{ "app", LOG_VAR_APP },
	{ "cl", LOG_VAR_CL },
	{ "core", LOG_VAR_CORE },
	{ "ctime", LOG_VAR_CTIME },
	{ "epoch", LOG_VAR_EPOCH },
	{ "headers", LOG_VAR_HEADERS },
	{ "host", LOG_VAR_HOST },
	{ "hsize", LOG_VAR_HSIZE },
	{ "ltime", LOG_VAR_LTIME },
	{ "method", LOG_VAR_METHOD },
	{ "micros", LOG_VAR_MICROS },
	{ "msecs", LOG_VAR_MSECS },
	{ "pid", LOG_VAR_PID },
	{ "pktsize", LOG_VAR_PKTSIZE },
	{ "proto", LOG_VAR_PROTO },
	{ "referer", LOG_VAR_REFERER },
	{ "request_id", LOG_VAR_REQUEST_ID },
	{ "rsize", LOG_VAR_RSIZE },
	{ "secs", LOG_VAR_SECS },
	{ "size", LOG_VAR_SIZE },
	{ "status", LOG_VAR_STATUS },
	{ "switches", LOG_VAR_SWITCHES },
	{ "time", LOG_VAR_TIME },
	{ "tmicros", LOG_VAR_TMICROS },
	{ "tmsecs", LOG_VAR_TMSECS },
	{ "uagent", LOG_VAR_UAGENT },
	{ "uri", LOG_VAR_URI },
	{ "user", LOG_VAR_USER },
	{ "vars", LOG_VAR_VARS },
	{ "wid", LOG_VAR_WID },
	{ NULL, 0 }
};

/* A header's name out of its CGI variable's: "X_A" is "x-a". */
static char *
log_format_header(const char *name, size_t len)
{
	char	*header = xstrndup(name, len);
	size_t	 i;

	for (i = 0; i < len; i++) {
		if (header[i] >= 'A' && header[i] <= 'Z')
			header[i] = (char)(header[i] - 'A' + 'a');
		else if (header[i] == '_')
			header[i] = '-';
	}
	return header;
}

/* Does a name begin so, and go on? */
static bool
log_format_begins(const char *name, size_t len, const char *prefix)
{
	return len > strlen(prefix) &&
	    memcmp(name, prefix, strlen(prefix)) == 0;
}

/* Can it be a name of set_logvar()'s? */
static bool
log_format_is_apps(const char *name, size_t len)
{
	size_t	 i;

	for (i = 0; log_missing[i] != NULL; i++) {
		if (strlen(log_missing[i]) == len &&
		    memcmp(log_missing[i], name, len) == 0)
			return false;
	}
	for (i = 0; i < len; i++) {
		if (!isalnum((unsigned char)name[i]) &&
		    strchr("_-.", name[i]) == NULL)
			return false;
	}
	return len > 0 && !log_format_begins(name, len, LOG_FORMAT_METRIC);
}

/* One that has its name with it. True. */
static bool
log_format_named(struct log_field *field, enum log_variable variable,
    char *name)
{
	field->variable = variable;
	field->text = name;
	field->len = strlen(name);
	return true;
}

/* Finds a variable; false: it is unknown. */
static bool
log_format_variable(struct log_field *field, const char *name, size_t len)
{
	const size_t	 header = sizeof(LOG_FORMAT_HEADER) - 1;
	const size_t	 cgi = sizeof(LOG_FORMAT_CGI) - 1;
	int		 i;

	for (i = 0; log_variables[i].name != NULL; i++) {
		if (strlen(log_variables[i].name) == len &&
		    memcmp(log_variables[i].name, name, len) == 0) {
			field->variable = (enum log_variable)
			    log_variables[i].value;
			return true;
		}
	}
	if (log_format_begins(name, len, LOG_FORMAT_HEADER))
		return log_format_named(field, LOG_VAR_HEADER,
		    log_format_header(name + header, len - header));
	if (log_format_begins(name, len, LOG_FORMAT_CGI))
		return log_format_named(field, LOG_VAR_CGI,
		    xstrndup(name + cgi, len - cgi));
	if (!log_format_is_apps(name, len))
		return false;
	return log_format_named(field, LOG_VAR_APPS, xstrndup(name, len));
}

/* One more field, of nothing yet. */
static struct log_field *
log_format_add(struct log_format *format)
{
	struct log_field	*field;

	format->fields = xrealloc(format->fields, (format->count + 1) *
	    sizeof(*format->fields));
	field = &format->fields[format->count++];
	memset(field, 0, sizeof(*field));
	return field;
}

/* Reads the variable that begins at text; NULL with *cause. */
static const char *
log_format_read(struct log_format *format, const char *text, char **cause)
{
	const char	*name = text + 2, *end = strchr(name, ')');

	if (end == NULL) {
		*cause = xasprintf("\"%s\" has no closing parenthesis", text);
		return NULL;
	}
	if (log_format_variable(log_format_add(format), name,
	    (size_t)(end - name)))
		return end + 1;
	*cause = xasprintf("%%(%.*s) is not known", (int)(end - name), name);
	return NULL;
}

/* Reads all of it. */
int
log_format_parse(struct log_format *format, const char *text, char **cause)
{
	struct log_field	*field;
	const char		*next;

	memset(format, 0, sizeof(*format));
	if (text == NULL)
		return 0;
	format->json = *text == '{';
	while (*text != '\0') {
		if (strncmp(text, "%(", 2) == 0) {
			text = log_format_read(format, text, cause);
			if (text == NULL)
				return -1;
			continue;
		}
		next = strstr(text, "%(");
		if (next == NULL)
			next = text + strlen(text);
		field = log_format_add(format);
		field->len = (size_t)(next - text);
		field->text = xstrndup(text, field->len);
		text = next;
	}
	return 0;
}

/* Frees it. */
void
log_format_done(struct log_format *format)
{
	size_t	 i;

	for (i = 0; i < format->count; i++)
		free(format->fields[i].text);
	free(format->fields);
	format->fields = NULL;
	format->count = 0;
}
