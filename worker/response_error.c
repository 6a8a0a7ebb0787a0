/* The server's own short answers. */
#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "worker/conn.h"
#include "worker/protocol.h"
#include "worker/request.h"
#include "worker/request_id.h"
#include "worker/response.h"
#include "worker/response_out.h"

/* RFC 9110 section 15, RFC 6585, RFC 4918. */
static const struct name_value response_reasons[] = {
	{ "OK", 200 },
	{ "Created", 201 },
	{ "Accepted", 202 },
	{ "No Content", 204 },
	{ "Partial Content", 206 },
	{ "Moved Permanently", 301 },
	{ "Found", 302 },
	{ "See Other", 303 },
	{ "Not Modified", 304 },
	{ "Temporary Redirect", 307 },
	{ "Permanent Redirect", 308 },
	{ "Bad Request", 400 },
	{ "Unauthorized", 401 },
	{ "Forbidden", 403 },
	{ "Not Found", 404 },
	{ "Method Not Allowed", 405 },
	{ "Request Timeout", 408 },
	{ "Conflict", 409 },
	{ "Length Required", 411 },
	{ "Precondition Failed", 412 },
	{ "Content Too Large", 413 },
	{ "URI Too Long", 414 },
	{ "Unsupported Media Type", 415 },
	{ "Range Not Satisfiable", 416 },
	{ "Expectation Failed", 417 },
	{ "Upgrade Required", 426 },
	{ "Too Many Requests", 429 },
	{ "Request Header Fields Too Large", 431 },
	{ "Internal Server Error", 500 },
	{ "Not Implemented", 501 },
	{ "Bad Gateway", 502 },
	{ "Service Unavailable", 503 },
	{ "Gateway Timeout", 504 },
	{ "HTTP Version Not Supported", 505 },
	{ "Insufficient Storage", 507 },
	{ NULL, 0 }
};

/* The reason phrase of a status. */
const char *
response_reason(int status)
{
	const char	*name = name_of(response_reasons, status);

	return strcmp(name, "unknown") == 0 ? "Unknown" : name;
}

/* Cuts a response off so that it cannot be taken for a whole one. */
static void
response_cut(struct request *req)
{
	struct response	*resp = &req->resp;

	if (resp->state == RESPONSE_BODY)
		(void)response_push(req);
	/* Where the connection's end is the body's end, end it by a reset. */
	if (resp->state == RESPONSE_BODY &&
	    (req->conn->protocol->frames != NULL || (!resp->chunked &&
	    resp->length == -1 && !resp->no_body)))
		req->conn->reset = true;
	if (resp->state != RESPONSE_ENDED)
		resp->state = RESPONSE_BROKEN;
	resp->close = true;
}

/* Answers with a status of the server's, or cuts the response off. */
void
response_fail(struct request *req, int status)
{
	char		 line[64 + REQUEST_ID_MAX];
	const char	*reason = response_reason(status);
	int		 len;

	if (req->resp.state > RESPONSE_BEGUN || status == 0) {
		response_cut(req);
		return;
	}
	len = snprintf(line, sizeof(line), "%d %s", status, reason);
	response_begin(req, line, (size_t)len);
	response_add(req, "Content-Type", 12, "text/plain", 10);
	/* Who complains of the server's fault can say what to look for. */
	if (status >= 500)
		len = snprintf(line, sizeof(line), "%s\nrequest %.*s\n",
		    reason, (int)req->id_len, req->id);
	else
		len = snprintf(line, sizeof(line), "%s\n", reason);
	response_write_whole(req, line, (size_t)len);
}
