/* Parses uwsgi packets. */
#include "worker/gateway/uwsgi_parse.h"

#include "worker/gateway/gateway_vars.h"

#define UWSGI_HEADER	4

/* head->state, besides those of gateway_vars.h. */
#define STATE_VARS	1

/* Two bytes, little endian. */
static uint32_t
uwsgi_number(const char *p)
{
	return (uint32_t)(unsigned char)p[0] |
	    (uint32_t)(unsigned char)p[1] << 8;
}

/* The packet's first four bytes. */
static bool
uwsgi_header(struct http_head *head, const char *buf, size_t len,
    const struct http_limits *limits)
{
	uint32_t	 size;

	if (len < UWSGI_HEADER)
		return false;
	head->modifier1 = (uint8_t)buf[0];
	if (head->modifier1 != UWSGI_MODIFIER_APP &&
	    head->modifier1 != UWSGI_MODIFIER_CGI)
		return gateway_bad(head, 501, "the uwsgi packet's modifier1 "
		    "is neither 0 (app) nor 9 (CGI)");
	if (buf[3] != 0)
		return gateway_bad(head, 501, "the uwsgi packet's modifier2 "
		    "is not 0");
	size = uwsgi_number(buf + 1);
	if (size == 0)
		return gateway_bad(head, 400, "the uwsgi packet is empty");
	if (size > limits->max_head - UWSGI_HEADER)
		return gateway_bad(head, 431, "the uwsgi packet is above "
		    "buffer-size");
	gateway_vars_begin(head);
	head->size = head->start = UWSGI_HEADER + size;
	head->scan = UWSGI_HEADER;
	head->state = STATE_VARS;
	return true;
}

/*
 * A length and so many bytes from at on. False: they are not there yet, or
 * never will be.
 */
static bool
uwsgi_string(struct http_head *head, const char *buf, uint32_t end,
    uint32_t at, struct http_view *view)
{
	if (head->start - at < 2)
		return gateway_bad(head, 400,
		    "a uwsgi length is cut off by the packet's end");
	if (end < at + 2)
		return false;
	view->off = at + 2;
	view->len = uwsgi_number(buf + at);
	if (view->len > head->start - view->off)
		return gateway_bad(head, 400,
		    "a uwsgi length is beyond the packet's end");
	return end >= view->off + view->len;
}

/* The next variable; false if there is no more to do. */
static bool
uwsgi_var(struct http_head *head, const char *buf, uint32_t end,
    const struct http_limits *limits)
{
	struct http_view	 name, value;

	if (head->scan == head->start) {
		gateway_vars_end(head, buf, limits, head->start);
		return false;
	}
	if (!uwsgi_string(head, buf, end, head->scan, &name) ||
	    !uwsgi_string(head, buf, end, name.off + name.len, &value) ||
	    !gateway_var_add(head, buf, limits, name, value))
		return false;
	head->scan = value.off + value.len;
	return true;
}

/* Looks at the bytes that came since the last call. */
enum http_parse_verdict
uwsgi_parse(const char *buf, size_t len, const struct http_limits *limits,
    struct http_head *head)
{
	uint32_t	 end;

	if (head->state == GATEWAY_START &&
	    !uwsgi_header(head, buf, len, limits))
		return gateway_verdict(head);
	end = len < head->start ? (uint32_t)len : head->start;
	while (head->state == STATE_VARS && uwsgi_var(head, buf, end, limits))
		continue;
	return gateway_verdict(head);
}
