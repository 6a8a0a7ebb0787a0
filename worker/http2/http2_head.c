/* The head of an HTTP/2 request, as the text of one of HTTP/1.1. */
#include "worker/http2/http2_head.h"

#include <string.h>
#include <strings.h>

#include "worker/http_scan.h"

/* What no field of HTTP/2 may be called (RFC 9113 8.2.2). */
static const char *const http2_connection_fields[] = {
	"connection",
	"keep-alive",
	"proxy-connection",
	"transfer-encoding",
	"upgrade",
};

static const char *const http2_pseudo_names[HTTP2_PSEUDOS] = {
	[HTTP2_METHOD] = ":method",
	[HTTP2_SCHEME] = ":scheme",
	[HTTP2_AUTHORITY] = ":authority",
	[HTTP2_PATH] = ":path",
};

/* Are these bytes this word, exactly? */
static bool
http2_is(const char *p, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(p, word, len) == 0;
}

/* Begins. */
void
http2_head_init(struct http2_head *h, const struct http_limits *limits)
{
	memset(h, 0, sizeof(*h));
	h->limits = limits;
}

/* Frees the memory. */
void
http2_head_done(struct http2_head *h)
{
	strbuf_done(&h->text);
	strbuf_done(&h->pseudo);
	strbuf_done(&h->host);
	strbuf_done(&h->cookie);
}

/* It is malformed. */
static bool
http2_head_bad(struct http2_head *h, const char *why)
{
	h->why = why;
	return false;
}

/* It is too long: the rest of it is only looked at. */
static bool
http2_head_long(struct http2_head *h, int status, const char *why)
{
	if (h->status == 0) {
		h->status = status;
		h->why = why;
	}
	return true;
}

/* Is it a token without upper case? */
static bool
http2_is_name(const char *p, size_t len)
{
	size_t	 i;
	uint8_t	 lower;

	for (i = 0; i < len; i++) {
		lower = http_token_lower[(unsigned char)p[i]];
		if (lower == 0 || (lower != (uint8_t)p[i] && p[i] != '_'))
			return false;
	}
	return len > 0;
}

/* Is it a field value, without white space around it? */
static bool
http2_is_value(const char *p, size_t len)
{
	if (len > 0 && (http_ows_byte((unsigned char)p[0]) ||
	    http_ows_byte((unsigned char)p[len - 1])))
		return false;
	return http_value_skip(p, p + len) == p + len;
}

/* Is it a token? */
static bool
http2_is_token(const char *p, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++) {
		if (http_token_lower[(unsigned char)p[i]] == 0)
			return false;
	}
	return len > 0;
}

/* May this be the value of this pseudo-header field? */
static bool
http2_pseudo_ok(enum http2_pseudo which, const char *p, size_t len)
{
	switch (which) {
	case HTTP2_METHOD:
		return http2_is_token(p, len);
	case HTTP2_SCHEME:
		return http2_is(p, len, "http") || http2_is(p, len, "https");
	case HTTP2_PATH:
		return len > 0 && (*p == '/' || http2_is(p, len, "*")) &&
		    http_scan_target(p, p + len) == p + len;
	default:
		return len > 0 && http_url_host_ok(p, len);
	}
}

/* A pseudo-header field: once, before all others, one of four. */
static bool
http2_head_pseudo(struct http2_head *h, const char *name, size_t name_len,
    const char *value, size_t len)
{
	unsigned	 i;

	if (h->nfields > 0)
		return http2_head_bad(h, "a pseudo-header behind a field");
	for (i = 0; i < HTTP2_PSEUDOS; i++) {
		if (http2_is(name, name_len, http2_pseudo_names[i]))
			break;
	}
	if (i == HTTP2_PSEUDOS)
		return http2_head_bad(h, "an unknown pseudo-header");
	if (h->seen & 1u << i)
		return http2_head_bad(h, "a pseudo-header came twice");
	if (!http2_pseudo_ok(i, value, len))
		return http2_head_bad(h, "a pseudo-header's value is bad");
	h->seen |= (uint8_t)(1u << i);
	if (i == HTTP2_PATH && len + 16 > h->limits->max_line)
		return http2_head_long(h, 414, "request line too long");
	if (h->status != 0)
		return true;
	h->value[i].off = (uint32_t)h->pseudo.len;
	h->value[i].len = (uint32_t)len;
	strbuf_add(&h->pseudo, value, len);
	return true;
}

/* Host: once; whether it is the authority is seen at the end. */
static bool
http2_head_host(struct http2_head *h, const char *value, size_t len)
{
	if (h->has_host)
		return http2_head_bad(h, "two Host");
	h->has_host = true;
	if (!http_url_host_ok(value, len))
		return http2_head_bad(h, "bad Host");
	if (h->status == 0)
		strbuf_add(&h->host, value, len);
	return true;
}

/* Why a field of this name and value may not be there at all, or NULL. */
static const char *
http2_field_refused(const char *name, size_t name_len, const char *value,
    size_t len)
{
	const size_t	 n = sizeof(http2_connection_fields) /
			    sizeof(http2_connection_fields[0]);
	size_t		 i;

	for (i = 0; i < n; i++) {
		if (http2_is(name, name_len, http2_connection_fields[i]))
			return "a connection-specific field";
	}
	if (http2_is(name, name_len, "te") &&
	    !http_word_is(value, len, "trailers", 8))
		return "TE other than trailers";
	return NULL;
}

/* A field that goes into the text as it is, or a crumb of the cookie. */
static void
http2_head_keep(struct http2_head *h, const char *name, size_t name_len,
    const char *value, size_t len)
{
	if (http2_is(name, name_len, "cookie")) {
		if (h->cookie.len > 0)
			strbuf_add(&h->cookie, "; ", 2);
		strbuf_add(&h->cookie, value, len);
		return;
	}
	strbuf_add(&h->text, name, name_len);
	strbuf_add(&h->text, ": ", 2);
	strbuf_add(&h->text, value, len);
	strbuf_add(&h->text, "\r\n", 2);
}

/* One more field. */
static bool
http2_head_field(struct http2_head *h, const char *name, size_t name_len,
    const char *value, size_t len)
{
	const char	*why;

	h->nfields++;
	if (!http2_is_name(name, name_len))
		return http2_head_bad(h, "a bad field name");
	if (!http2_is_value(value, len))
		return http2_head_bad(h, "a bad field value");
	why = http2_field_refused(name, name_len, value, len);
	if (why != NULL)
		return http2_head_bad(h, why);
	if (http2_is(name, name_len, "host"))
		return http2_head_host(h, value, len);
	if (h->nfields > h->limits->max_fields)
		return http2_head_long(h, 431, "too many fields");
	if (h->status == 0)
		http2_head_keep(h, name, name_len, value, len);
	return true;
}

/* One more. */
bool
http2_head_add(struct http2_head *h, const char *name, size_t name_len,
    const char *value, size_t value_len)
{
	h->size += name_len + value_len + 4;
	if (h->size > h->limits->max_head)
		http2_head_long(h, 431, "head too long");
	if (name_len > 0 && name[0] == ':')
		return http2_head_pseudo(h, name, name_len, value, value_len);
	return http2_head_field(h, name, name_len, value, value_len);
}

/* Is everything there that a request must have, and nothing else? */
static bool
http2_head_is_whole(struct http2_head *h)
{
	const unsigned	 all = 1u << HTTP2_METHOD | 1u << HTTP2_SCHEME |
			    1u << HTTP2_PATH;
	const struct http_view *method = &h->value[HTTP2_METHOD];

	if ((h->seen & 1u << HTTP2_METHOD) == 0)
		return http2_head_bad(h, "no :method");
	if (h->status == 0 && http2_is(h->pseudo.buf + method->off,
	    method->len, "CONNECT")) {
		h->status = 501;
		h->why = "CONNECT is not implemented";
		return true;
	}
	if ((h->seen & all) != all)
		return http2_head_bad(h, "no :scheme or :path");
	if ((h->seen & 1u << HTTP2_AUTHORITY) == 0 && !h->has_host)
		return http2_head_bad(h, "no :authority and no Host");
	return true;
}

/* Appends a pseudo-header field's value. */
static void
http2_add_pseudo(struct strbuf *out, const struct http2_head *h,
    enum http2_pseudo which)
{
	strbuf_add(out, h->pseudo.buf + h->value[which].off,
	    h->value[which].len);
}

/* Do Host and :authority, where both are there, say the same? */
static bool
http2_hosts_agree(const struct http2_head *h)
{
	const struct http_view	*authority = &h->value[HTTP2_AUTHORITY];

	if (!h->has_host || (h->seen & 1u << HTTP2_AUTHORITY) == 0)
		return true;
	return h->host.len == authority->len && strncasecmp(h->host.buf,
	    h->pseudo.buf + authority->off, authority->len) == 0;
}

/* Appends a line of the head, if it has a value. */
static void
http2_add_line(struct strbuf *out, const char *name, const char *value,
    size_t len)
{
	strbuf_adds(out, name);
	strbuf_add(out, value, len);
	strbuf_add(out, "\r\n", 2);
}

/* No more come. */
bool
http2_head_end(struct http2_head *h)
{
	struct strbuf	 fields = h->text;

	if (!http2_head_is_whole(h))
		return false;
	if (h->status != 0) {	/* whose answer has no body, is asked for */
		h->text.len = 0;
		http2_add_pseudo(&h->text, h, HTTP2_METHOD);
		strbuf_addc(&h->text, ' ');
		return true;
	}
	if (!http2_hosts_agree(h))
		return http2_head_bad(h, "Host is not :authority");
	h->text = (struct strbuf)STRBUF_INIT;
	strbuf_reserve(&h->text, h->pseudo.len + h->host.len + fields.len +
	    h->cookie.len + 64);
	http2_add_pseudo(&h->text, h, HTTP2_METHOD);
	strbuf_addc(&h->text, ' ');
	http2_add_pseudo(&h->text, h, HTTP2_PATH);
	strbuf_adds(&h->text, " HTTP/1.1\r\n");
	if (h->seen & 1u << HTTP2_AUTHORITY)
		http2_add_line(&h->text, "host: ", h->pseudo.buf +
		    h->value[HTTP2_AUTHORITY].off,
		    h->value[HTTP2_AUTHORITY].len);
	else
		http2_add_line(&h->text, "host: ", h->host.buf, h->host.len);
	strbuf_add(&h->text, fields.buf, fields.len);
	strbuf_done(&fields);
	if (h->cookie.len > 0)
		http2_add_line(&h->text, "cookie: ", h->cookie.buf,
		    h->cookie.len);
	strbuf_add(&h->text, "\r\n", 2);
	return true;
}

/* Refuses. */
static enum http_parse_verdict
http2_parse_bad(struct http_head *head, int status, const char *why)
{
	head->status = status;
	head->why = why;
	return HTTP_PARSE_BAD;
}

/* Parses the text as HTTP/1.1, and says what is not so in HTTP/2. */
enum http_parse_verdict
http2_head_parse(const struct http2_head *h, const char *text, size_t len,
    struct http_head *head, bool ended)
{
	const struct http_field	*expect;

	if (h->status != 0)
		return http2_parse_bad(head, h->status, h->why);
	switch (http_parse(text, len, h->limits, head)) {
	case HTTP_PARSE_BAD:
		return HTTP_PARSE_BAD;
	case HTTP_PARSE_MORE:
	case HTTP_PARSE_REPLY:
		return http2_parse_bad(head, 431, "head too long");
	case HTTP_PARSE_DONE:
		break;
	}
	if (head->size != len || head->chunked)
		return http2_parse_bad(head, 400, "malformed head");
	head->http2 = true;
	head->keep_alive = head->upgrade = false;
	if (ended && head->content_length > 0)
		return http2_parse_bad(head, 400, "the body is missing");
	if (ended)
		head->expect_continue = false;
	if (ended || head->content_length >= 0)
		return HTTP_PARSE_DONE;
	head->to_end = true;
	expect = http_head_find(head, text, "expect");
	head->expect_continue = expect != NULL;
	return HTTP_PARSE_DONE;
}
