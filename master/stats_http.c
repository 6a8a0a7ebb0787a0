/* HTTP on the stats socket: what is asked for, and the head of an answer. */
#include "master/stats_http.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const struct http_limits stats_limits = {
	.max_line = STATS_HTTP_HEAD / 2, .max_fields = STATS_HTTP_FIELDS,
	.max_head = STATS_HTTP_HEAD
};

static const struct {
	int		 status;
	const char	*text;
} stats_statuses[] = {
	{ 200, "OK" },
	{ 400, "Bad Request" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 414, "URI Too Long" },
	{ 417, "Expectation Failed" },
	{ 421, "Misdirected Request" },
	{ 431, "Request Header Fields Too Large" },
	{ 501, "Not Implemented" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
};

/* Makes ready for a request. */
void
stats_request_init(struct stats_request *req)
{
	http_head_init(&req->head, req->fields);
}

/* Looks at the bytes that came. */
enum http_parse_verdict
stats_request_parse(struct stats_request *req, const char *buf, size_t len)
{
	return http_parse(buf, len, &stats_limits, &req->head);
}

/* Is it this method? */
bool
stats_request_is_method(const struct stats_request *req, const char *buf,
    const char *method)
{
	const struct http_view	*view = &req->head.method;

	return view->len == strlen(method) &&
	    memcmp(buf + view->off, method, view->len) == 0;
}

/* A field's value. */
const char *
stats_request_field(const struct stats_request *req, const char *buf,
    const char *name, size_t *len)
{
	const struct http_field	*field;

	field = http_head_find(&req->head, buf, name);
	*len = field == NULL ? 0 : field->value.len;
	return field == NULL ? NULL : buf + field->value.off;
}

/* Are these bytes the address of a host, without its port? */
static bool
stats_host_is_address(const char *host)
{
	struct in6_addr	 any;
	char		 six[INET6_ADDRSTRLEN];
	size_t		 len = strlen(host);

	if (inet_pton(AF_INET, host, &any) == 1)
		return true;
	if (len < 2 || len > sizeof(six) || host[0] != '[' ||
	    host[len - 1] != ']')
		return false;
	memcpy(six, host + 1, len - 2);
	six[len - 2] = '\0';
	return inet_pton(AF_INET6, six, &any) == 1;
}

/* Is it "localhost", or a name below it? */
static bool
stats_host_is_local(const char *host)
{
	static const char	 local[] = ".localhost";
	size_t			 len = strlen(host);

	if (strcasecmp(host, local + 1) == 0)
		return true;
	return len >= sizeof(local) &&
	    strcasecmp(host + len - (sizeof(local) - 1), local) == 0;
}

/* Is the host one of ours? */
bool
stats_host_known(const char *host, size_t len, const struct strlist *names)
{
	char		 name[256], own[256];
	const char	*colon;
	size_t		 i;

	colon = memrchr(host, ':', len);
	if (colon != NULL && (host[0] != '[' || colon[-1] == ']'))
		len = (size_t)(colon - host);
	if (len == 0 || len >= sizeof(name) || memchr(host, '\0', len))
		return false;
	memcpy(name, host, len);
	name[len] = '\0';
	if (stats_host_is_address(name) || stats_host_is_local(name))
		return true;
	if (gethostname(own, sizeof(own)) == 0) {
		own[sizeof(own) - 1] = '\0';
		if (strcasecmp(name, own) == 0)
			return true;
	}
	for (i = 0; i < names->count; i++) {
		if (strcasecmp(name, names->items[i]) == 0)
			return true;
	}
	return false;
}

/* The words for a status. */
const char *
stats_status_text(int status)
{
	size_t	 i;

	for (i = 0; i < sizeof(stats_statuses) / sizeof(stats_statuses[0]);
	    i++) {
		if (stats_statuses[i].status == status)
			return stats_statuses[i].text;
	}
	return "Error";
}

/* Appends the head of an answer. */
void
stats_head_write(struct strbuf *out, const struct stats_head *head)
{
	strbuf_addf(out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\n",
	    head->status, stats_status_text(head->status), head->type);
	if (head->length >= 0)
		strbuf_addf(out, "Content-Length: %lld\r\n",
		    (long long)head->length);
	else if (head->chunked)
		strbuf_adds(out, "Transfer-Encoding: chunked\r\n");
	strbuf_adds(out, "Cache-Control: no-store\r\n"
	    "X-Content-Type-Options: nosniff\r\n");
	if (head->fields != NULL)
		strbuf_adds(out, head->fields);
	strbuf_addf(out, "Connection: %s\r\n\r\n",
	    head->keep ? "keep-alive" : "close");
}

/* Appends bytes as one chunk. */
void
stats_chunk_write(struct strbuf *out, const char *data, size_t len)
{
	strbuf_addf(out, "%zx\r\n", len);
	strbuf_add(out, data, len);
	strbuf_add(out, "\r\n", 2);
}
