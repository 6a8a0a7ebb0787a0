/* What a client gets for a script's head, or instead of it. */
#include "plugins/cgi/cgi_answer.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/log.h"
#include "plugins/cgi/cgi_pump.h"
#include "worker/request.h"
#include "worker/response.h"

#define CGI_SHOWN	80	/* bytes of a malformed head, in the log */

/* Begins with the status that the script gives, or means. */
static const char *
cgi_answer_status(struct request *req, const char *buf,
    const struct cgi_output *out)
{
	char	 line[64];
	int	 status = out->status;

	if (out->status_text.len > 4)
		return response_begin(req, buf + out->status_text.off,
		    out->status_text.len);
	if (status == 0)
		status = out->location.len > 0 ? 302 : 200;
	snprintf(line, sizeof(line), "%d %s", status, response_reason(status));
	return response_begin(req, line, strlen(line));
}

/* Begins the response. */
const char *
cgi_answer_begin(struct request *req, const char *buf,
    const struct cgi_output *out)
{
	const struct cgi_output_field	*field;
	const char			*why;
	uint32_t			 i;

	why = cgi_answer_status(req, buf, out);
	for (i = 0; why == NULL && i < out->nfields; i++) {
		field = &out->fields[i];
		why = response_add(req, buf + field->name.off,
		    field->name.len, buf + field->value.off,
		    field->value.len);
	}
	return why;
}

/* Sends the client to another address. */
void
cgi_answer_redirect(struct request *req, const char *location)
{
	static const char	 text[] = "Moved Permanently\n";

	if (response_begin(req, "301 Moved Permanently", 21) != NULL ||
	    response_add(req, "Location", 8, location, strlen(location)) !=
	    NULL || response_add(req, "Content-Type", 12, "text/plain", 10) !=
	    NULL)
		response_fail(req, 404);
	else
		response_write_whole(req, text, sizeof(text) - 1);
}

/* The first bytes of what the script wrote, for the log. */
static void
cgi_answer_show(const struct cgi_pump *pump, char shown[CGI_SHOWN + 1])
{
	size_t	 i, len = pump->out.len;
	char	 c;

	if (len > CGI_SHOWN)
		len = CGI_SHOWN;
	for (i = 0; i < len; i++) {
		c = pump->out.buf[i];
		shown[i] = (unsigned char)c < 0x20 || c == 0x7f ? '.' : c;
	}
	shown[len] = '\0';
}

/* How the script has ended, for the log. */
static const char *
cgi_answer_how(const struct cgi_pump *pump, char how[64])
{
	how[0] = '\0';
	if (!pump->has_ended || pump->status == -1)
		return how;
	if (WIFSIGNALED(pump->status))
		snprintf(how, 64, "; it was ended by signal %d",
		    WTERMSIG(pump->status));
	else
		snprintf(how, 64, "; its exit status is %d",
		    WEXITSTATUS(pump->status));
	return how;
}

/* The script wrote no head, or none that is right. */
static void
cgi_answer_malformed(struct cgi_pump *pump)
{
	char	 shown[CGI_SHOWN + 1], how[64];

	cgi_answer_show(pump, shown);
	request_log(pump->req, LOG_LEVEL_ERROR, "cgi: the script's head is "
	    "malformed: %s (it begins with \"%s\"%s)", pump->why == NULL ?
	    "it has no end" : pump->why, shown, cgi_answer_how(pump, how));
	response_fail(pump->req, 502);
}

/* The script is done: was it killed in the midst of its output? */
static void
cgi_answer_done(struct cgi_pump *pump)
{
	if (!pump->has_head) {
		cgi_answer_malformed(pump);
		return;
	}
	if (!pump->has_ended || pump->status == -1 ||
	    !WIFSIGNALED(pump->status))
		return;
	request_log(pump->req, LOG_LEVEL_ERROR, "cgi: the script was ended by "
	    "signal %d: the response is cut off", WTERMSIG(pump->status));
	response_fail(pump->req, 0);
}

/* The request's body did not come. */
static void
cgi_answer_body(struct cgi_pump *pump)
{
	static const int	 statuses[] = {
		[BODY_TIMEOUT] = 408,
		[BODY_GONE] = 400,
		[BODY_BAD] = 400,
		[BODY_TOO_LARGE] = 413,
		[BODY_HARAKIRI] = 504,
	};
	enum body_error		 error = pump->req->body.error;

	request_log(pump->req, LOG_LEVEL_INFO, "cgi: request body: %s",
	    body_error_text(error));
	response_fail(pump->req, statuses[error]);
}

/* Nothing has moved. */
static void
cgi_answer_timeout(struct cgi_pump *pump)
{
	request_log(pump->req, LOG_LEVEL_ERROR, "cgi: the script neither "
	    "wrote nor read for cgi-timeout: it is ended");
	response_fail(pump->req, 504);
}

/* Its time is over, which is logged already. */
static void
cgi_answer_late(struct cgi_pump *pump)
{
	response_fail(pump->req, 504);
}

/* The client is gone. */
static void
cgi_answer_gone(struct cgi_pump *pump)
{
	response_abandon(pump->req);
}

/* Nobody is left to be told. */
static void
cgi_answer_nothing(struct cgi_pump *pump)
{
	(void)pump;
}

/* The server, or a greenlet of the app's, wants no more of it. */
static void
cgi_answer_cancelled(struct cgi_pump *pump)
{
	response_fail(pump->req, 503);
}

/* Gives the client what is due. */
void
cgi_answer_end(struct cgi_pump *pump)
{
	static void	(*const answers[])(struct cgi_pump *) = {
		[CGI_END_NOT] = cgi_answer_nothing,
		[CGI_END_DONE] = cgi_answer_done,
		[CGI_END_BAD] = cgi_answer_malformed,
		[CGI_END_TIMEOUT] = cgi_answer_timeout,
		[CGI_END_HARAKIRI] = cgi_answer_late,
		[CGI_END_GONE] = cgi_answer_gone,
		[CGI_END_BODY] = cgi_answer_body,
		[CGI_END_BROKEN] = cgi_answer_nothing,
		[CGI_END_CANCELLED] = cgi_answer_cancelled,
	};

	cgi_stderr_end(&pump->err, pump->req);
	answers[pump->end](pump);
}
