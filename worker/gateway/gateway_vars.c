/* CGI variables of a request: checks them, and what follows from them. */
#include "worker/gateway/gateway_vars.h"

#include <string.h>

#include "worker/http_scan.h"

/* What was among the variables. */
#define SEEN_URI		0x01
#define SEEN_QUERY		0x02
#define SEEN_LENGTH		0x04
#define SEEN_HTTP_LENGTH	0x08
#define SEEN_HOST		0x10

/* A variable that means something to the server. */
struct gateway_known {
	size_t			 len;
	const char		*name;
	enum http_field_kind	 kind;
	bool			(*act)(struct http_head *, const char *,
				    struct http_view);
};

/* Ends with this status. */
bool
gateway_bad(struct http_head *head, int status, const char *why)
{
	head->status = status;
	head->why = why;
	head->state = GATEWAY_BAD;
	return false;
}

/* By the state. */
enum http_parse_verdict
gateway_verdict(const struct http_head *head)
{
	if (head->state == GATEWAY_BAD)
		return HTTP_PARSE_BAD;
	return head->state == GATEWAY_DONE ? HTTP_PARSE_DONE : HTTP_PARSE_MORE;
}

/* The first call for a head. */
void
gateway_vars_begin(struct http_head *head)
{
	head->vars = true;
	head->minor = 1;
	head->form = HTTP_URL_ORIGIN;
}

/* Are two values the same? */
static bool
gateway_same(const char *buf, struct http_view a, struct http_view b)
{
	return a.len == b.len && memcmp(buf + a.off, buf + b.off, a.len) == 0;
}

/* REQUEST_METHOD. */
static bool
gateway_method(struct http_head *head, const char *buf, struct http_view value)
{
	uint32_t	 i;

	if (head->method.len > 0 && !gateway_same(buf, head->method, value))
		return gateway_bad(head, 400, "two REQUEST_METHOD");
	for (i = 0; i < value.len; i++) {
		if (http_token_lower[(uint8_t)buf[value.off + i]] == 0)
			return gateway_bad(head, 400, "bad REQUEST_METHOD");
	}
	head->method = value;
	return true;
}

/* REQUEST_URI. */
static bool
gateway_uri(struct http_head *head, const char *buf, struct http_view value)
{
	if (head->seen & SEEN_URI && !gateway_same(buf, head->target, value))
		return gateway_bad(head, 400, "two REQUEST_URI");
	head->target = value;
	if (value.len > 0)
		head->seen |= SEEN_URI;
	return true;
}

/* QUERY_STRING. */
static bool
gateway_query(struct http_head *head, const char *buf, struct http_view value)
{
	const char	*end = buf + value.off + value.len;

	if (http_value_skip(buf + value.off, end) != end)
		return gateway_bad(head, 400, "bad QUERY_STRING");
	head->query = value;
	head->seen |= SEEN_QUERY;
	return true;
}

/* Digits below 2^63; -1 for others. */
static int64_t
gateway_number(const char *p, uint32_t len)
{
	int64_t		 n = 0;
	uint32_t	 i;

	for (i = 0; i < len; i++) {
		if (p[i] < '0' || p[i] > '9' ||
		    n > (INT64_MAX - (p[i] - '0')) / 10)
			return -1;
		n = n * 10 + (p[i] - '0');
	}
	return len > 0 ? n : -1;
}

/* CONTENT_LENGTH; nginx sends an empty one for no body. */
static bool
gateway_length(struct http_head *head, const char *buf, struct http_view value)
{
	const int64_t	 n = gateway_number(buf + value.off, value.len);

	if (n == -1 && value.len > 0)
		return gateway_bad(head, 400, "bad CONTENT_LENGTH");
	if (head->seen & SEEN_LENGTH && head->content_length != n)
		return gateway_bad(head, 400, "two CONTENT_LENGTH");
	head->seen |= SEEN_LENGTH;
	head->content_length = n;
	return true;
}

/* The client's own Content-Length. */
static bool
gateway_http_length(struct http_head *head, const char *buf,
    struct http_view value)
{
	(void)buf, (void)value;
	head->seen |= SEEN_HTTP_LENGTH;
	return true;
}

/* HTTP_HOST. */
static bool
gateway_host(struct http_head *head, const char *buf, struct http_view value)
{
	if (head->seen & SEEN_HOST)
		return gateway_bad(head, 400, "two HTTP_HOST");
	head->seen |= SEEN_HOST;
	if (!http_url_host_ok(buf + value.off, value.len))
		return gateway_bad(head, 400, "bad HTTP_HOST");
	head->host = value;
	return true;
}

/* SERVER_PROTOCOL: what the client speaks to the gateway. */
static bool
gateway_protocol(struct http_head *head, const char *buf,
    struct http_view value)
{
	if (value.len == 8 && memcmp(buf + value.off, "HTTP/1.0", 8) == 0)
		head->minor = 0;
	return true;
}

/* PATH_INFO and SCRIPT_NAME, which are joined. */
static bool
gateway_path_part(struct http_head *head, const char *buf,
    struct http_view value)
{
	if (value.len > 0 && buf[value.off] != '/' &&
	    (value.len > 1 || buf[value.off] != '*'))
		return gateway_bad(head, 400,
		    "PATH_INFO or SCRIPT_NAME without a slash");
	return true;
}

#define GATEWAY_KNOWN(name, kind, act)	{ sizeof(name) - 1, name, kind, act }

static const struct gateway_known gateway_known[] = {
	GATEWAY_KNOWN("CONTENT_LENGTH", HTTP_FIELD_CONTENT_LENGTH,
	    gateway_length),
	GATEWAY_KNOWN("CONTENT_TYPE", HTTP_FIELD_CONTENT_TYPE, NULL),
	GATEWAY_KNOWN("HTTP_CONTENT_LENGTH", HTTP_FIELD_OTHER,
	    gateway_http_length),
	GATEWAY_KNOWN("HTTP_HOST", HTTP_FIELD_HOST, gateway_host),
	GATEWAY_KNOWN("PATH_INFO", HTTP_FIELD_OTHER, gateway_path_part),
	GATEWAY_KNOWN("QUERY_STRING", HTTP_FIELD_OTHER, gateway_query),
	GATEWAY_KNOWN("REQUEST_METHOD", HTTP_FIELD_OTHER, gateway_method),
	GATEWAY_KNOWN("REQUEST_URI", HTTP_FIELD_OTHER, gateway_uri),
	GATEWAY_KNOWN("SCRIPT_NAME", HTTP_FIELD_OTHER, gateway_path_part),
	GATEWAY_KNOWN("SERVER_PROTOCOL", HTTP_FIELD_OTHER, gateway_protocol),
};

/* Begin the names of the server's own items of an environ. */
static const char *const gateway_reserved[] = {
	"wsgi.", "uwsgi.", "wsgimaster.", "x-wsgiorg."
};

/* What this name means; NULL: nothing. */
static const struct gateway_known *
gateway_find_known(const char *name, size_t len)
{
	size_t	 i;

	for (i = 0; i < sizeof(gateway_known) / sizeof(gateway_known[0]);
	    i++) {
		if (gateway_known[i].len == len &&
		    memcmp(gateway_known[i].name, name, len) == 0)
			return &gateway_known[i];
	}
	return NULL;
}

/* Is it a name that no variable may have in an environ? */
static bool
gateway_is_reserved(const char *name, size_t len)
{
	size_t	 i, n;

	if (len == 10 && memcmp(name, "HTTP_PROXY", 10) == 0)
		return true;
	if (name[0] < 'a')		/* nearly always */
		return false;
	for (i = 0; i < sizeof(gateway_reserved) /
	    sizeof(gateway_reserved[0]); i++) {
		n = strlen(gateway_reserved[i]);
		if (len >= n && memcmp(name, gateway_reserved[i], n) == 0)
			return true;
	}
	return false;
}

/*
 * Are all bytes of a name visible and none an "="? Of a header field also none
 * that another field's name could be turned into the same by.
 */
static bool
gateway_name_ok(const char *name, size_t len, bool is_header)
{
	size_t	 i;

	for (i = 0; i < len; i++) {
		if (name[i] <= ' ' || name[i] >= 0x7f || name[i] == '=')
			return false;
		if (is_header && (name[i] == '-' ||
		    (name[i] >= 'a' && name[i] <= 'z')))
			return false;
	}
	return len > 0;
}

/* May a value be one of this name? */
static bool
gateway_value_ok(const char *value, size_t len, bool is_header)
{
	if (is_header)
		return http_value_skip(value, value + len) == value + len;
	return memchr(value, '\0', len) == NULL;
}

/* Keeps a variable that was found good. */
static bool
gateway_var_keep(struct http_head *head, const char *buf,
    struct http_view name, struct http_view value)
{
	const struct gateway_known	*known;
	struct http_field		*f;

	f = &head->fields[head->nfields++];
	f->name = name;
	f->value = value;
	f->hash = http_name_hash(buf + name.off, name.len);
	known = gateway_find_known(buf + name.off, name.len);
	f->kind = known != NULL ? known->kind : HTTP_FIELD_OTHER;
	return known == NULL || known->act == NULL ||
	    known->act(head, buf, value);
}

/* Takes a variable. */
bool
gateway_var_add(struct http_head *head, const char *buf,
    const struct http_limits *limits, struct http_view name,
    struct http_view value)
{
	const char	*p = buf + name.off;
	bool		 is_header;

	if (head->nfields + head->dropped == limits->max_fields)
		return gateway_bad(head, 431, "more variables than "
		    "limit-request-fields");
	is_header = name.len > 5 && memcmp(p, "HTTP_", 5) == 0;
	if (!gateway_name_ok(p, name.len, is_header))
		return gateway_bad(head, 400, name.len == 0 ?
		    "a variable without a name" :
		    "a bad byte in a variable's name");
	if (!gateway_value_ok(buf + value.off, value.len, is_header))
		return gateway_bad(head, 400, "a bad byte in a variable");
	if (gateway_is_reserved(p, name.len)) {
		head->dropped++;
		return true;
	}
	return gateway_var_keep(head, buf, name, value);
}

/* The path that the gateway asks for. */
bool
gateway_path(const struct http_head *head, const char *buf,
    struct http_view *script_name, struct http_view *path_info)
{
	const struct http_field	*script, *path;

	script = http_head_var(head, buf, "SCRIPT_NAME");
	path = http_head_var(head, buf, "PATH_INFO");
	*script_name = *path_info = (struct http_view){ 0, 0 };
	if (path == NULL) {
		/* nginx's fastcgi_params: the script is the whole path. */
		if (script == NULL || script->value.len == 0)
			return false;
		*path_info = script->value;
		return true;
	}
	*path_info = path->value;
	if (script == NULL)
		return true;
	*script_name = script->value;
	if (script_name->len > 0 &&
	    buf[script_name->off + script_name->len - 1] == '/')
		script_name->len--;
	return true;
}

/* Without REQUEST_URI: a path that is the same decoded and not. */
static bool
gateway_target_of_path(struct http_head *head, const char *buf)
{
	struct http_view	 script, path;
	const char		*p;

	if (!gateway_path(head, buf, &script, &path) || script.len > 0 ||
	    path.len == 0)
		return gateway_bad(head, 400, "no REQUEST_URI");
	p = buf + path.off;
	if (http_scan_target(p, p + path.len) != p + path.len ||
	    memchr(p, '%', path.len) != NULL ||
	    memchr(p, '?', path.len) != NULL)
		return gateway_bad(head, 400, "no REQUEST_URI");
	head->target = path;
	head->path = path;
	return true;
}

/* Takes REQUEST_URI apart. */
static bool
gateway_split_target(struct http_head *head, const char *buf)
{
	const char	*target = buf + head->target.off;
	const uint32_t	 off = head->target.off;
	struct http_url	 url;
	const char	*why;

	if (http_scan_target(target, target + head->target.len) !=
	    target + head->target.len)
		return gateway_bad(head, 400, "bad byte in REQUEST_URI");
	why = http_url_split(target, head->target.len, &url);
	if (why != NULL)
		return gateway_bad(head, 400, why);
	if (url.form == HTTP_URL_ASTERISK && (head->method.len != 7 ||
	    memcmp(buf + head->method.off, "OPTIONS", 7) != 0))
		return gateway_bad(head, 400, "target * without OPTIONS");
	head->form = url.form;
	head->path = (struct http_view){ off + url.path.off, url.path.len };
	if (url.authority.len > 0)
		head->host = (struct http_view){ off + url.authority.off,
		    url.authority.len };
	if (!(head->seen & SEEN_QUERY))
		head->query = (struct http_view){ off + url.query.off,
		    url.query.len };
	return true;
}

/* A Content-Length that the client sent must be the gateway's. */
static bool
gateway_lengths_agree(struct http_head *head, const char *buf)
{
	const struct http_field	*field;
	uint32_t		 i;

	for (i = 0; i < head->nfields; i++) {
		field = &head->fields[i];
		if (field->name.len != 19 || memcmp(buf + field->name.off,
		    "HTTP_CONTENT_LENGTH", 19) != 0)
			continue;
		if (gateway_number(buf + field->value.off,
		    field->value.len) != head->content_length)
			return gateway_bad(head, 400,
			    "HTTP_CONTENT_LENGTH is not CONTENT_LENGTH");
	}
	return true;
}

/* All variables are there. */
bool
gateway_vars_end(struct http_head *head, const char *buf,
    const struct http_limits *limits, uint32_t size)
{
	if (head->method.len == 0)
		return gateway_bad(head, 400, "no REQUEST_METHOD");
	if (head->method.len == 7 &&
	    memcmp(buf + head->method.off, "CONNECT", 7) == 0)
		return gateway_bad(head, 501, "CONNECT is not implemented");
	if (head->target.len > limits->max_line)
		return gateway_bad(head, 414, "REQUEST_URI is longer than "
		    "limit-request-line");
	if (head->seen & SEEN_URI ? !gateway_split_target(head, buf) :
	    !gateway_target_of_path(head, buf))
		return false;
	if ((head->seen & (SEEN_HTTP_LENGTH | SEEN_LENGTH)) ==
	    (SEEN_HTTP_LENGTH | SEEN_LENGTH) &&
	    !gateway_lengths_agree(head, buf))
		return false;
	head->has_query = head->query.len > 0;
	head->size = size;
	head->state = GATEWAY_DONE;
	return true;
}
