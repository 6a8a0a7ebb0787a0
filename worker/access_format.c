/* The access line that log-format describes. */
#include "worker/access_format.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "config/log_format.h"
#include "worker/conn.h"
#include "worker/core.h"
#include "worker/request.h"
#include "worker/request_vars.h"
#include "worker/worker.h"

/* A byte of a client's that could end a line, or a quoted value. */
static bool
access_format_is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Appends what a client sent. */
static void
access_format_text(struct strbuf *sb, const struct request *req,
    const char *s, size_t len)
{
	size_t	 i;

	if (len == 0) {
		strbuf_addc(sb, '-');
	} else if (req->worker->log_format.json) {
		strbuf_add_json_text(sb, s, len);
	} else {
		for (i = 0; i < len; i++) {
			if (access_format_is_plain((unsigned char)s[i]))
				strbuf_addc(sb, s[i]);
			else
				strbuf_addf(sb, "\\x%02X", (unsigned char)s[i]);
		}
	}
}

/* Appends a view of the head. */
static void
access_format_view(struct strbuf *sb, const struct request *req,
    struct http_view view)
{
	access_format_text(sb, req, request_text(req, view), view.len);
}

/* Appends a header's value. */
static void
access_format_header(struct strbuf *sb, const struct request *req,
    const char *name)
{
	const struct http_field	*field;

	field = http_head_find(req->head, req->buf, name);
	if (field != NULL)
		access_format_view(sb, req, field->value);
	else
		strbuf_addc(sb, '-');
}

/* Appends what the app has noted; else, if it is CGI's, the gateway's. */
static void
access_format_var(struct strbuf *sb, const struct request *req,
    const struct log_field *field)
{
	const struct request_var	*var;
	const struct http_field		*f = NULL;
	const bool			 cgi = field->variable ==
	    LOG_VAR_CGI;

	var = request_var_get(req, cgi ? REQUEST_VAR_CGI : REQUEST_VAR_LOG,
	    field->text, field->len);
	if (var == NULL && cgi)
		f = http_head_var(req->head, req->buf, field->text);
	if (var != NULL)
		access_format_text(sb, req, var->value, var->len);
	else if (f != NULL)
		access_format_view(sb, req, f->value);
	else
		strbuf_addc(sb, '-');
}

/* When the request began, in microseconds since 1970. */
static uint64_t
access_format_start(const struct request *req)
{
	return req->start_us + req->worker->ids.ahead_us;
}

/* Appends when it began: as ctime(3) or, with apache, in its form. */
static void
access_format_when(struct strbuf *sb, const struct request *req, bool apache)
{
	static const char	 days[] = "SunMonTueWedThuFriSat";
	static const char	 months[] =
	    "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t			 s = (time_t)(access_format_start(req) /
	    1000000);
	struct tm		 tm;
	long			 zone;

	localtime_r(&s, &tm);
	zone = (tm.tm_gmtoff < 0 ? -tm.tm_gmtoff : tm.tm_gmtoff) / 60;
	if (apache)
		strbuf_addf(sb, "%02d/%.3s/%d:%02d:%02d:%02d %c%02ld%02ld",
		    tm.tm_mday, months + 3 * tm.tm_mon, tm.tm_year + 1900,
		    tm.tm_hour, tm.tm_min, tm.tm_sec,
		    tm.tm_gmtoff < 0 ? '-' : '+', zone / 60, zone % 60);
	else
		strbuf_addf(sb, "%.3s %.3s %2d %02d:%02d:%02d %d",
		    days + 3 * tm.tm_wday, months + 3 * tm.tm_mon, tm.tm_mday,
		    tm.tm_hour, tm.tm_min, tm.tm_sec, tm.tm_year + 1900);
}

/* The variables that are numbers. */
static unsigned long long
access_format_number(const struct request *req, enum log_variable variable)
{
	const struct response	*resp = &req->resp;
	uint64_t		 us = req->end_us - req->start_us;

	switch (variable) {
	case LOG_VAR_CORE:	return (unsigned)req->core->id;
	case LOG_VAR_EPOCH:	return clock_real_us() / 1000000;
	case LOG_VAR_HEADERS:	return resp->nheaders;
	case LOG_VAR_HSIZE:	return resp->head_size;
	case LOG_VAR_MICROS:	return us;
	case LOG_VAR_MSECS:	return us / 1000;
	case LOG_VAR_PID:	return (unsigned)getpid();
	case LOG_VAR_PKTSIZE:	return req->vars_size;
	case LOG_VAR_RSIZE:	return (unsigned long long)resp->sent;
	case LOG_VAR_SECS:	return us / 1000000;
	case LOG_VAR_SIZE:	return resp->wire;
	case LOG_VAR_STATUS:	return (unsigned)resp->status;
	case LOG_VAR_SWITCHES:	return req->core->switches;
	case LOG_VAR_TIME:	return access_format_start(req) / 1000000;
	case LOG_VAR_TMICROS:	return access_format_start(req);
	case LOG_VAR_TMSECS:	return access_format_start(req) / 1000;
	case LOG_VAR_VARS:	return req->nvars;
	case LOG_VAR_WID:	return (unsigned)req->worker->id;
	default:		break;
	}
	/* What the body was announced with. */
	return req->head->content_length < 0 ? 0 :
	    (unsigned long long)req->head->content_length;
}

/* Appends one field. */
static void
access_format_field(struct strbuf *sb, const struct request *req,
    const struct log_field *field)
{
	switch (field->variable) {
	case LOG_VAR_TEXT:
		strbuf_add(sb, field->text, field->len);
		break;
	case LOG_VAR_HEADER:
		access_format_header(sb, req, field->text);
		break;
	case LOG_VAR_CGI:
	case LOG_VAR_APPS:
		access_format_var(sb, req, field);
		break;
	case LOG_VAR_APP:
		strbuf_addf(sb, "%d", req->app_id);
		break;
	case LOG_VAR_ADDR:
		access_format_text(sb, req, req->from.addr,
		    req->from.addr_len);
		break;
	case LOG_VAR_CTIME:
	case LOG_VAR_LTIME:
		access_format_when(sb, req, field->variable == LOG_VAR_LTIME);
		break;
	case LOG_VAR_HOST:
		access_format_view(sb, req, req->head->host);
		break;
	case LOG_VAR_METHOD:
		access_format_view(sb, req, req->head->method);
		break;
	case LOG_VAR_PROTO:
		strbuf_adds(sb, http_version(req->head));
		break;
	case LOG_VAR_REFERER:
		access_format_header(sb, req, "referer");
		break;
	case LOG_VAR_REQUEST_ID:
		strbuf_add(sb, req->id, req->id_len);
		break;
	case LOG_VAR_UAGENT:
		access_format_header(sb, req, "user-agent");
		break;
	case LOG_VAR_URI:
		access_format_view(sb, req, req->head->target);
		break;
	case LOG_VAR_USER:
		strbuf_addc(sb, '-');
		break;
	default:
		strbuf_addu(sb, access_format_number(req, field->variable));
		break;
	}
}

/* Appends the line. */
void
access_format_add(struct strbuf *sb, const struct request *req)
{
	const struct log_format	*format = &req->worker->log_format;
	size_t			 i;

	for (i = 0; i < format->count; i++)
		access_format_field(sb, req, &format->fields[i]);
	strbuf_addc(sb, '\n');
}
