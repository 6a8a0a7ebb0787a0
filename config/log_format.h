/* log-format: the text of an access line, as a list of fields. */
#ifndef WM_CONFIG_LOG_FORMAT_H
#define WM_CONFIG_LOG_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

/* What uWSGI calls them is in log_format.c, in the same order. */
enum log_variable {
	LOG_VAR_TEXT,		/* not a variable: text as it is */
	LOG_VAR_HEADER,		/* var.HTTP_NAME: text is the name, "x-name" */
	LOG_VAR_CGI,		/* var.NAME: of add_var() or a gateway */
	LOG_VAR_APPS,		/* any other NAME: of set_logvar() */
	LOG_VAR_ADDR,
	LOG_VAR_APP,
	LOG_VAR_CL,
	LOG_VAR_CORE,
	LOG_VAR_CTIME,
	LOG_VAR_EPOCH,
	LOG_VAR_HEADERS,
	LOG_VAR_HOST,
	LOG_VAR_HSIZE,
	LOG_VAR_LTIME,
	LOG_VAR_METHOD,
	LOG_VAR_MICROS,
	LOG_VAR_MSECS,
	LOG_VAR_PID,
	LOG_VAR_PKTSIZE,
	LOG_VAR_PROTO,
	LOG_VAR_REFERER,
	LOG_VAR_REQUEST_ID,
	LOG_VAR_RSIZE,
	LOG_VAR_SECS,
	LOG_VAR_SIZE,
	LOG_VAR_STATUS,
	LOG_VAR_SWITCHES,
	LOG_VAR_TIME,
	LOG_VAR_TMICROS,
	LOG_VAR_TMSECS,
	LOG_VAR_UAGENT,
	LOG_VAR_URI,
	LOG_VAR_USER,
	LOG_VAR_VARS,
	LOG_VAR_WID
};

struct log_field {
	enum log_variable	 variable;
	char			*text;		/* of the first four, or NULL */
	size_t			 len;
};

struct log_format {
	struct log_field	*fields;
	size_t			 count;		/* 0: there is none */
	bool			 json;		/* it begins with a brace */
};

/*
 * Reads "%(method) %(uri) ..."; -1 with *cause, which names what is wrong. As
 * in uWSGI a name that is none of the server's is one of set_logvar()'s; those
 * of uWSGI's own that are not here are refused.
 * NULL is an empty one. To be freed with log_format_done in any case.
 */
int	 log_format_parse(struct log_format *format, const char *text,
	    char **cause);
void	 log_format_done(struct log_format *format);

#endif
