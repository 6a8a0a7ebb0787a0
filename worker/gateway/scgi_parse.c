/* Parses SCGI requests. */
#include "worker/gateway/scgi_parse.h"

#include <string.h>

#include "worker/gateway/gateway_vars.h"

/* head->state, besides those of gateway_vars.h. */
#define STATE_NAME	1
#define STATE_VALUE	2

#define SCGI_DIGITS	7	/* of a netstring's length, at most */

/* The length is known: the strings begin behind its colon. */
static bool
scgi_begin(struct http_head *head, uint32_t size,
    const struct http_limits *limits)
{
	if (size == 0)
		return gateway_bad(head, 400, "the SCGI request is empty");
	if (size + 2 > limits->max_head - head->scan)
		return gateway_bad(head, 431, "the SCGI request is above "
		    "buffer-size");
	gateway_vars_begin(head);
	head->scan++;
	head->start = head->scan + size;	/* of the comma */
	head->mark = head->scan;
	head->state = STATE_NAME;
	return true;
}

/* The netstring's length and colon, from the first byte each time. */
static bool
scgi_length(struct http_head *head, const char *buf, size_t len,
    const struct http_limits *limits)
{
	uint32_t	 n = 0;

	for (head->scan = 0; head->scan < len; head->scan++) {
		if (buf[head->scan] == ':' && head->scan > 0)
			return scgi_begin(head, n, limits);
		if (buf[head->scan] < '0' || buf[head->scan] > '9' ||
		    (n == 0 && head->scan > 0) || head->scan == SCGI_DIGITS)
			return gateway_bad(head, 400,
			    "the SCGI request begins with no length");
		n = n * 10 + (uint32_t)(buf[head->scan] - '0');
	}
	return false;
}

/* Is a view this text? */
static bool
scgi_is(const char *buf, struct http_view view, const char *text)
{
	return view.len == strlen(text) &&
	    memcmp(buf + view.off, text, view.len) == 0;
}

/* Behind the last string: the comma, and what must have been there. */
static bool
scgi_end(struct http_head *head, const char *buf, uint32_t end,
    const struct http_limits *limits)
{
	const struct http_field	*scgi;

	if (end <= head->start)
		return false;
	if (buf[head->start] != ',')
		return gateway_bad(head, 400, "no comma ends the SCGI request");
	scgi = http_head_var(head, buf, "SCGI");
	if (scgi == NULL || !scgi_is(buf, scgi->value, "1"))
		return gateway_bad(head, 400, "no SCGI=1");
	if (!scgi_is(buf, head->fields[0].name, "CONTENT_LENGTH") ||
	    head->content_length == -1)
		return gateway_bad(head, 400, "CONTENT_LENGTH is not first");
	gateway_vars_end(head, buf, limits, head->start + 1);
	return false;
}

/* A string up to its NUL; false if there is no more to do. */
static bool
scgi_string(struct http_head *head, const char *buf, uint32_t end,
    struct http_view *view)
{
	uint32_t	 stop = end < head->start ? end : head->start;
	const char	*nul = memchr(buf + head->scan, '\0',
			    stop - head->scan);

	if (nul == NULL) {
		head->scan = stop;
		if (stop == head->start)
			gateway_bad(head, 400, "an SCGI string has no end");
		return false;
	}
	view->off = head->mark;
	view->len = (uint32_t)(nul - buf) - head->mark;
	head->scan = head->mark = (uint32_t)(nul - buf) + 1;
	return true;
}

/* The next name or value; false if there is no more to do. */
static bool
scgi_step(struct http_head *head, const char *buf, uint32_t end,
    const struct http_limits *limits)
{
	struct http_view	 value;

	if (head->state == STATE_NAME) {
		if (head->mark == head->start)
			return scgi_end(head, buf, end, limits);
		if (!scgi_string(head, buf, end, &head->line))
			return false;
		head->state = STATE_VALUE;
		return true;
	}
	if (head->state != STATE_VALUE ||
	    !scgi_string(head, buf, end, &value) ||
	    !gateway_var_add(head, buf, limits, head->line, value))
		return false;
	head->line = (struct http_view){ 0, 0 };
	head->state = STATE_NAME;
	return true;
}

/* Looks at the bytes that came since the last call. */
enum http_parse_verdict
scgi_parse(const char *buf, size_t len, const struct http_limits *limits,
    struct http_head *head)
{
	uint32_t	 end;

	if (head->state == GATEWAY_START &&
	    !scgi_length(head, buf, len, limits))
		return gateway_verdict(head);
	if (head->state == GATEWAY_DONE || head->state == GATEWAY_BAD)
		return gateway_verdict(head);
	end = len <= head->start ? (uint32_t)len : head->start + 1;
	while (scgi_step(head, buf, end, limits))
		continue;
	return gateway_verdict(head);
}
