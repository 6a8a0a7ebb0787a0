/*
 * Parses HTTP/1.1 request heads: one pass, from any byte to any byte.
 */
#include <string.h>

#include "worker/http_parse.h"
#include "worker/http_scan.h"

/* Empty lines before a request line that are forgiven (RFC 9112, 2.2). */
#define EMPTY_LINES_MAX	4

/* What byte is expected next. DONE and BAD are last. */
enum {
	STATE_START,		/* CR or LF of an empty line, or the method */
	STATE_METHOD,
	STATE_TARGET,
	STATE_VERSION,		/* up to and with the line's LF */
	STATE_LINE,		/* first byte of a field line, or the last CR */
	STATE_NAME,
	STATE_SPACE,		/* white space before a value, or the value */
	STATE_VALUE,
	STATE_VALUE_LF,
	STATE_END_LF,
	STATE_DONE,
	STATE_BAD
};

/* What was in the head so far. */
#define SEEN_HOST		0x01
#define SEEN_CLOSE		0x02	/* Connection: close */
#define SEEN_KEEP_ALIVE		0x04	/* Connection: keep-alive */
#define SEEN_UPGRADE_OPTION	0x08	/* Connection: upgrade */
#define SEEN_UPGRADE		0x10
#define SEEN_EXPECT		0x20

/* End with this status; false, so that callers can return it. */
static bool
head_bad(struct http_head *head, int status, const char *why)
{
	head->status = status;
	head->why = why;
	head->state = STATE_BAD;
	return false;
}

/* The bytes from mark up to scan. */
static struct http_view
head_token(const struct http_head *head)
{
	return (struct http_view){ .off = head->mark,
	    .len = head->scan - head->mark };
}

/* Begin a new token, so many bytes after the next one. */
static void
head_enter(struct http_head *head, uint8_t state, uint32_t skip)
{
	head->scan += skip;
	head->mark = head->scan;
	head->state = state;
}

/* Step over empty lines before the request line. */
static bool
head_start(struct http_head *head, const char *buf, uint32_t end)
{
	for (; head->scan < end; head->scan++) {
		if (head->scan % 2 == 1) {
			if (buf[head->scan] != '\n')
				return head_bad(head, 400, "bare CR");
		} else if (buf[head->scan] != '\r') {
			head->start = head->scan;
			head_enter(head, STATE_METHOD, 0);
			return true;
		} else if (head->scan == 2 * EMPTY_LINES_MAX)
			return head_bad(head, 400, "too many empty lines");
	}
	return false;
}

/* Read the method and the one space after it. */
static bool
head_method(struct http_head *head, const char *buf, uint32_t end)
{
	uint32_t	i = head->scan;

	while (i < end && http_token_lower[(unsigned char)buf[i]] != 0)
		i++;
	head->scan = i;
	if (i == end)
		return false;
	if (buf[i] != ' ' || i == head->mark)
		return head_bad(head, 400, "bad byte in method");
	head->method = head_token(head);
	head_enter(head, STATE_TARGET, 1);
	return true;
}

/* Read the target and the one space after it. */
static bool
head_target(struct http_head *head, const char *buf, uint32_t end)
{
	char	c;

	head->scan = (uint32_t)(http_scan_target(buf + head->scan,
	    buf + end) - buf);
	if (head->scan == end)
		return false;
	c = buf[head->scan];
	if (c == '\r' || c == '\n')
		return head_bad(head, 400, "no HTTP version");
	if (c != ' ')
		return head_bad(head, 400, "bad byte in target");
	if (head->scan == head->mark)
		return head_bad(head, 400, "empty target");
	head->target = head_token(head);
	head_enter(head, STATE_VERSION, 1);
	return true;
}

/* A view into the target as a view into the head. */
static struct http_view
head_target_view(const struct http_head *head, struct http_view v)
{
	return (struct http_view){ .off = head->target.off + v.off,
	    .len = v.len };
}

/* Check the method against the target, and take the target apart. */
static bool
head_split_target(struct http_head *head, const char *buf)
{
	const char	*method = buf + head->method.off, *why;
	struct http_url	 url;

	if (head->method.len == 7 && memcmp(method, "CONNECT", 7) == 0)
		return head_bad(head, 501, "CONNECT is not implemented");
	why = http_url_split(buf + head->target.off, head->target.len, &url);
	if (why != NULL)
		return head_bad(head, 400, why);
	if (url.form == HTTP_URL_ASTERISK &&
	    (head->method.len != 7 || memcmp(method, "OPTIONS", 7) != 0))
		return head_bad(head, 400, "target * without OPTIONS");
	head->form = url.form;
	head->path = head_target_view(head, url.path);
	head->query = head_target_view(head, url.query);
	head->has_query = url.has_query;
	head->host = head_target_view(head, url.authority);
	return true;
}

/* Is this "HTTP/1.1" CR LF? */
static bool
version_is_usual(const char *p)
{
	return memcmp(p, "HTTP/1.1", 8) == 0 && memcmp(p + 8, "\r\n", 2) == 0;
}

/* Read "HTTP/1.1" CR LF, which ends the request line. */
static bool
head_version(struct http_head *head, const char *buf, uint32_t end)
{
	static const char	 want[] = "HTTP/0.0\r\n";
	const uint32_t		 size = sizeof want - 1;
	const char		*p = buf + head->mark;
	uint32_t		 i;

	if (head->scan == head->mark && end - head->scan >= size &&
	    version_is_usual(p))
		head->scan += size;
	for (i = head->scan - head->mark; i < size; i++, head->scan++) {
		if (head->scan == end)
			return false;
		if (want[i] == '0' ? p[i] < '0' || p[i] > '9' :
		    p[i] != want[i])
			return head_bad(head, 400, "bad HTTP version");
	}
	if (p[5] != '1')
		return head_bad(head, 505, "HTTP version is not 1.x");
	head->minor = p[7] == '0' ? 0 : 1;
	head->line.off = head->start;
	head->line.len = head->scan - head->start - 2;
	head_enter(head, STATE_LINE, 0);
	return head_split_target(head, buf);
}

/* What a field of this name means to us. */
static enum http_field_kind
field_kind(const char *name, uint32_t len)
{
	static const struct {
		const char		*name;
		enum http_field_kind	 kind;
	} kinds[] = {
		[4] = { "host", HTTP_FIELD_HOST },
		[6] = { "expect", HTTP_FIELD_EXPECT },
		[7] = { "upgrade", HTTP_FIELD_UPGRADE },
		[10] = { "connection", HTTP_FIELD_CONNECTION },
		[12] = { "content-type", HTTP_FIELD_CONTENT_TYPE },
		[14] = { "content-length", HTTP_FIELD_CONTENT_LENGTH },
		[17] = { "transfer-encoding", HTTP_FIELD_TRANSFER_ENCODING }
	};

	if (len >= sizeof kinds / sizeof kinds[0] || kinds[len].name == NULL)
		return HTTP_FIELD_OTHER;
	if (!http_word_is(name, len, kinds[len].name, len))
		return HTTP_FIELD_OTHER;
	return kinds[len].kind;
}

/* Take the next member of a comma separated list; false if there is none. */
static bool
list_next(const char **list, const char *end, const char **p, size_t *len)
{
	const char	*stop;

	if (*list == NULL)
		return false;
	for (*p = *list; *p < end && http_ows_byte((unsigned char)**p); ++*p)
		;
	for (stop = *p; stop < end && *stop != ','; stop++)
		;
	*list = stop < end ? stop + 1 : NULL;
	while (stop > *p && http_ows_byte((unsigned char)stop[-1]))
		stop--;
	*len = (size_t)(stop - *p);
	return true;
}

/* Note the connection options we know. */
static bool
field_connection(struct http_head *head, const char *list, uint32_t listlen)
{
	const char	*end = list + listlen, *p;
	size_t		 len;

	if (http_word_is(list, listlen, "close", 5)) {
		head->seen |= SEEN_CLOSE;
		return true;
	}
	while (list_next(&list, end, &p, &len)) {
		if (http_word_is(p, len, "close", 5))
			head->seen |= SEEN_CLOSE;
		else if (http_word_is(p, len, "keep-alive", 10))
			head->seen |= SEEN_KEEP_ALIVE;
		else if (http_word_is(p, len, "upgrade", 7))
			head->seen |= SEEN_UPGRADE_OPTION;
	}
	return true;
}

/* One Content-Length: digits, below 2^63, and no Transfer-Encoding. */
static bool
field_content_length(struct http_head *head, const char *p, uint32_t len)
{
	int64_t		n = 0;
	uint32_t	i;

	if (head->content_length >= 0)
		return head_bad(head, 400, "two Content-Length");
	if (head->chunked)
		return head_bad(head, 400,
		    "Content-Length with Transfer-Encoding");
	if (len == 0)
		return head_bad(head, 400, "empty Content-Length");
	for (i = 0; i < len; i++) {
		if (p[i] < '0' || p[i] > '9')
			return head_bad(head, 400, "bad Content-Length");
		if (n > (INT64_MAX - (p[i] - '0')) / 10)
			return head_bad(head, 400, "huge Content-Length");
		n = n * 10 + (p[i] - '0');
	}
	head->content_length = n;
	return true;
}

/* Expect: 100-continue, or 417. */
static bool
field_expect(struct http_head *head, const char *p, uint32_t len)
{
	if (!http_word_is(p, len, "100-continue", 12))
		return head_bad(head, 417, "unknown expectation");
	head->seen |= SEEN_EXPECT;
	return true;
}

/* One valid Host, which the target's authority overrides. */
static bool
field_host(struct http_head *head, const char *buf, struct http_view value)
{
	if (head->seen & SEEN_HOST)
		return head_bad(head, 400, "two Host");
	if (!http_url_host_ok(buf + value.off, value.len))
		return head_bad(head, 400, "bad Host");
	head->seen |= SEEN_HOST;
	if (head->form != HTTP_URL_ABSOLUTE)
		head->host = value;
	return true;
}

/* Why a Transfer-Encoding that is not just "chunked" is refused. */
static bool
field_bad_coding(struct http_head *head, const char *list, uint32_t listlen)
{
	const char	*end = list + listlen, *p;
	unsigned	 nchunked = 0;
	bool		 last = false;
	size_t		 len;

	while (list_next(&list, end, &p, &len)) {
		last = http_word_is(p, len, "chunked", 7);
		nchunked += last;
	}
	if (last && nchunked == 1)
		return head_bad(head, 501, "unknown transfer coding");
	return head_bad(head, 400, "last transfer coding is not chunked");
}

/* One Transfer-Encoding, only chunked, from HTTP/1.1 on, without a length. */
static bool
field_transfer_encoding(struct http_head *head, const char *p, uint32_t len)
{
	if (head->minor == 0)
		return head_bad(head, 400, "Transfer-Encoding in HTTP/1.0");
	if (head->chunked)
		return head_bad(head, 400, "two Transfer-Encoding");
	if (head->content_length >= 0)
		return head_bad(head, 400,
		    "Transfer-Encoding with Content-Length");
	if (!http_word_is(p, len, "chunked", 7))
		return field_bad_coding(head, p, len);
	head->chunked = true;
	return true;
}

/* Act on a field that means something to us. */
static bool
head_act(struct http_head *head, const char *buf, enum http_field_kind kind,
    struct http_view value)
{
	const char	*p = buf + value.off;

	switch (kind) {
	case HTTP_FIELD_CONNECTION:
		return field_connection(head, p, value.len);
	case HTTP_FIELD_CONTENT_LENGTH:
		return field_content_length(head, p, value.len);
	case HTTP_FIELD_EXPECT:
		return field_expect(head, p, value.len);
	case HTTP_FIELD_HOST:
		return field_host(head, buf, value);
	case HTTP_FIELD_TRANSFER_ENCODING:
		return field_transfer_encoding(head, p, value.len);
	case HTTP_FIELD_UPGRADE:
		if (value.len > 0)
			head->seen |= SEEN_UPGRADE;
		return true;
	case HTTP_FIELD_CONTENT_TYPE:
	case HTTP_FIELD_OTHER:
		break;
	}
	return true;
}

/* Begin a field line, or the end of the head. */
static bool
head_line(struct http_head *head, const char *buf, uint32_t end,
    const struct http_limits *limits)
{
	if (head->scan == end)
		return false;
	if (buf[head->scan] == '\r') {
		head_enter(head, STATE_END_LF, 1);
		return true;
	}
	if (http_ows_byte((unsigned char)buf[head->scan]))
		return head_bad(head, 400, "folded field line");
	if (head->nfields + head->dropped == limits->max_fields)
		return head_bad(head, 431, "too many fields");
	head->name_flags = 0;
	head_enter(head, STATE_NAME, 0);
	return true;
}

/* Why this byte may not follow a name. */
static bool
head_bad_name(struct http_head *head, char c)
{
	if (head->scan == head->mark)
		return head_bad(head, 400, "empty field name");
	if (http_ows_byte((unsigned char)c))
		return head_bad(head, 400, "space before colon");
	return head_bad(head, 400, "bad byte in field name");
}

/* Read a field's name and colon. */
static bool
head_name(struct http_head *head, const char *buf, uint32_t end)
{
	uint32_t	i = (uint32_t)(http_scan_name(buf + head->scan,
			    buf + end) - buf);
	uint8_t		flags = head->name_flags, c;

	for (; i < end; i++) {
		c = http_token_lower[(unsigned char)buf[i]];
		if (c == 0)
			break;
		flags |= c;
	}
	head->scan = i;
	head->name_flags = flags;
	if (i == end)
		return false;
	if (buf[i] != ':' || i == head->mark)
		return head_bad_name(head, buf[i]);
	head->name = head_token(head);
	head_enter(head, STATE_SPACE, 1);
	return true;
}

/* Step over white space before a value. */
static bool
head_space(struct http_head *head, const char *buf, uint32_t end)
{
	uint32_t	i = head->scan;

	while (i < end && http_ows_byte((unsigned char)buf[i]))
		i++;
	head->scan = i;
	if (i == end)
		return false;
	head_enter(head, STATE_VALUE, 0);
	return true;
}

/* Read a value up to its CR. */
static bool
head_value(struct http_head *head, const char *buf, uint32_t end)
{
	head->scan = (uint32_t)(http_scan_value(buf + head->scan,
	    buf + end) - buf);
	if (head->scan == end)
		return false;
	if (buf[head->scan] == '\n')
		return head_bad(head, 400, "bare LF");
	if (buf[head->scan] != '\r')
		return head_bad(head, 400, "control byte in field value");
	head->scan++;
	head->state = STATE_VALUE_LF;
	return true;
}

/* The value that ends before the CR at scan - 1, without white space. */
static struct http_view
head_value_view(const struct http_head *head, const char *buf)
{
	uint32_t	stop = head->scan - 1;

	while (stop > head->mark &&
	    http_ows_byte((unsigned char)buf[stop - 1]))
		stop--;
	return (struct http_view){ .off = head->mark,
	    .len = stop - head->mark };
}

/* Keep a field, or drop it, and act on it. */
static inline bool
head_keep(struct http_head *head, const char *buf, struct http_view name,
    struct http_view value)
{
	const char		*p = buf + name.off;
	struct http_field	*f;

	if (name.len == 5 && http_word_is(p, 5, "proxy", 5)) {
		head->dropped++;
		return true;
	}
	f = &head->fields[head->nfields++];
	f->name = name;
	f->value = value;
	f->hash = http_name_hash(p, name.len);
	f->kind = field_kind(p, name.len);
	return head_act(head, buf, f->kind, value);
}

/* A field line is complete. */
static bool
head_field(struct http_head *head, const char *buf, uint32_t end)
{
	struct http_view	 value;

	if (head->scan == end)
		return false;
	if (buf[head->scan] != '\n')
		return head_bad(head, 400, "bare CR");
	value = head_value_view(head, buf);
	head_enter(head, STATE_LINE, 1);
	if (head->name_flags & HTTP_TOKEN_UNDERSCORE) {
		head->dropped++;
		return true;
	}
	return head_keep(head, buf, head->name, value);
}

/* The bytes from p up to end as a view into buf. */
static inline struct http_view
view_of(const char *buf, const char *p, const char *end)
{
	return (struct http_view){ .off = (uint32_t)(p - buf),
	    .len = (uint32_t)(end - p) };
}

/*
 * Read field lines of the usual form that are here as a whole: a plain name,
 * one space or none, a value without white space around it. What is not such
 * a line is left for the steps, which know what is wrong with it, if anything.
 */
static bool
head_usual_lines(struct http_head *head, const char *buf, uint32_t end,
    const struct http_limits *limits)
{
	const char	*stop = buf + end, *p = buf + head->scan, *colon;
	const char	*value, *cr;
	bool		 good = true;

	while (good && head->nfields + head->dropped < limits->max_fields) {
		colon = http_scan_name(p, stop);
		if (stop - colon < 4 || *colon != ':' || colon == p)
			break;
		value = colon + 1 + (colon[1] == ' ');
		cr = http_scan_value(value, stop);
		if (stop - cr < 2 || cr[0] != '\r' || cr[1] != '\n' ||
		    http_ows_byte((unsigned char)value[0]) ||
		    http_ows_byte((unsigned char)cr[-1]))
			break;
		good = head_keep(head, buf, view_of(buf, p, colon),
		    view_of(buf, value, cr));
		p = cr + 2;
	}
	if (good)
		head->scan = head->mark = (uint32_t)(p - buf);
	return good;
}

/* The head is complete: draw the conclusions. */
static bool
head_end(struct http_head *head, const char *buf, uint32_t end)
{
	const uint8_t	seen = head->seen;

	if (head->scan == end)
		return false;
	if (buf[head->scan] != '\n')
		return head_bad(head, 400, "bare CR");
	if (head->minor > 0 && !(seen & SEEN_HOST))
		return head_bad(head, 400, "no Host");
	head_enter(head, STATE_DONE, 1);
	head->size = head->scan;
	head->keep_alive = !(seen & SEEN_CLOSE) &&
	    (head->minor > 0 || seen & SEEN_KEEP_ALIVE);
	head->upgrade = head->minor > 0 && seen & SEEN_UPGRADE &&
	    seen & SEEN_UPGRADE_OPTION;
	head->expect_continue = head->minor > 0 && seen & SEEN_EXPECT &&
	    (head->chunked || head->content_length > 0);
	return false;
}

/* Go on in the request line; false if there is no more to do. */
static bool
head_request_line(struct http_head *head, const char *buf, uint32_t end,
    const struct http_limits *limits)
{
	if (end - head->start > limits->max_line)
		end = head->start + limits->max_line;
	switch (head->state) {
	case STATE_METHOD:
		if (!head_method(head, buf, end))
			break;
		/* FALLTHROUGH */
	case STATE_TARGET:
		if (!head_target(head, buf, end))
			break;
		/* FALLTHROUGH */
	case STATE_VERSION:
		if (head_version(head, buf, end))
			return true;
	}
	if (head->state < STATE_LINE &&
	    head->scan - head->start == limits->max_line)
		head_bad(head, 414, "request line too long");
	return false;
}

/* Go on in a field line or at the end; false if there is no more to do. */
static bool
head_field_line(struct http_head *head, const char *buf, uint32_t end,
    const struct http_limits *limits)
{
	switch (head->state) {
	case STATE_LINE:
		if (!head_line(head, buf, end, limits))
			return false;
		if (head->state == STATE_END_LF)
			return head_end(head, buf, end);
		/* FALLTHROUGH */
	case STATE_NAME:
		if (!head_name(head, buf, end))
			return false;
		/* FALLTHROUGH */
	case STATE_SPACE:
		if (!head_space(head, buf, end))
			return false;
		/* FALLTHROUGH */
	case STATE_VALUE:
		if (!head_value(head, buf, end))
			return false;
		/* FALLTHROUGH */
	case STATE_VALUE_LF:
		return head_field(head, buf, end);
	case STATE_END_LF:
		return head_end(head, buf, end);
	}
	return false;
}

/* Go on from where the last call ended. */
static void
head_run(struct http_head *head, const char *buf, uint32_t end,
    const struct http_limits *limits)
{
	if (head->state == STATE_START && !head_start(head, buf, end))
		return;
	if (head->state < STATE_LINE &&
	    !head_request_line(head, buf, end, limits))
		return;
	if (head->state == STATE_LINE &&
	    !head_usual_lines(head, buf, end, limits))
		return;
	while (head_field_line(head, buf, end, limits))
		;
}

/* Make ready for a new request. */
void
http_head_init(struct http_head *head, struct http_field *fields)
{
	*head = (struct http_head){ .fields = fields, .content_length = -1 };
}

/* Look at the bytes that came since the last call. */
enum http_parse_verdict
http_parse(const char *buf, size_t len, const struct http_limits *limits,
    struct http_head *head)
{
	head_run(head, buf, len < limits->max_head ? (uint32_t)len :
	    limits->max_head, limits);
	if (head->state < STATE_DONE && head->scan == limits->max_head)
		head_bad(head, 431, "head too long");
	if (head->state == STATE_BAD)
		return HTTP_PARSE_BAD;
	return head->state == STATE_DONE ? HTTP_PARSE_DONE : HTTP_PARSE_MORE;
}

/* Is a CGI variable's name the rest of what a header field makes? */
static bool
var_is_field(const char *var, const char *name, size_t len)
{
	size_t	i;
	char	c;

	for (i = 0; i < len; i++) {
		c = name[i];
		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		if (var[i] != (c == '-' ? '_' : c))
			return false;
	}
	return true;
}

/* The variable that a header field of this name becomes. */
static const struct http_field *
head_find_var(const struct http_head *head, const char *buf, const char *name)
{
	const size_t	 len = strlen(name);
	const char	*var;
	size_t		 skip = 5;
	uint32_t	 i;

	if (strcmp(name, "content-type") == 0 ||
	    strcmp(name, "content-length") == 0)
		skip = 0;
	for (i = 0; i < head->nfields; i++) {
		var = buf + head->fields[i].name.off;
		if (head->fields[i].name.len == len + skip &&
		    memcmp(var, "HTTP_", skip) == 0 &&
		    var_is_field(var + skip, name, len))
			return &head->fields[i];
	}
	return NULL;
}

/* What the client speaks. */
const char *
http_version(const struct http_head *head)
{
	if (head->http2)
		return "HTTP/2.0";
	return head->minor == 0 ? "HTTP/1.0" : "HTTP/1.1";
}

/* First field of this name (lower case), or NULL. */
const struct http_field *
http_head_find(const struct http_head *head, const char *buf,
    const char *name)
{
	const size_t	len = strlen(name);
	uint32_t	i;

	if (head->vars)
		return head_find_var(head, buf, name);
	for (i = 0; i < head->nfields; i++) {
		if (http_word_is(buf + head->fields[i].name.off,
		    head->fields[i].name.len, name, len))
			return &head->fields[i];
	}
	return NULL;
}

/* The CGI variable of this name. */
const struct http_field *
http_head_var(const struct http_head *head, const char *buf, const char *name)
{
	const size_t	len = strlen(name);
	uint32_t	i;

	for (i = head->vars ? head->nfields : 0; i-- > 0;) {
		if (head->fields[i].name.len == len &&
		    memcmp(buf + head->fields[i].name.off, name, len) == 0)
			return &head->fields[i];
	}
	return NULL;
}
