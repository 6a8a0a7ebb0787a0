/* Parses uwsgi packets. */
#include "worker/gateway/uwsgi_parse.h"

#include "worker/gateway/gateway_vars.h"
#include "worker/gateway/uwsgi_array.h"

#define UWSGI_HEADER	UWSGI_PACKET_HEADER

/* head->state, besides those of gateway_vars.h. */
#define STATE_VARS	1
#define STATE_CALL	2

/* Is it known what is to be done with such a packet? */
static bool
uwsgi_modifiers(struct http_head *head, uint8_t modifier1, uint8_t modifier2)
{
	if (modifier1 == UWSGI_MODIFIER_SIGNAL)
		return true;	/* modifier2 is its number */
	if (modifier1 != UWSGI_MODIFIER_APP &&
	    modifier1 != UWSGI_MODIFIER_CGI &&
	    modifier1 != UWSGI_MODIFIER_RPC)
		return gateway_bad(head, 501, "the uwsgi packet's modifier1 "
		    "is none of 0 (app), 9 (CGI), 110 (signal) and 173 (RPC)");
	if (modifier1 == UWSGI_MODIFIER_RPC && modifier2 > UWSGI_RPC_RAW)
		return gateway_bad(head, 501, "the uwsgi packet's modifier2 "
		    "is neither 0 nor 1: RPC by path, XML or JSON");
	if (modifier1 != UWSGI_MODIFIER_RPC && modifier2 != 0)
		return gateway_bad(head, 501, "the uwsgi packet's modifier2 "
		    "is not 0");
	return true;
}

/* A signal's packet is its first four bytes. */
static bool
uwsgi_signal(struct http_head *head, uint32_t size)
{
	if (size > 0)
		return gateway_bad(head, 400, "the uwsgi packet of a signal "
		    "has content");
	gateway_vars_begin(head);
	head->size = head->start = UWSGI_HEADER;
	head->content_length = -1;
	head->state = GATEWAY_DONE;
	return true;
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
	if (!uwsgi_modifiers(head, head->modifier1, (uint8_t)buf[3]))
		return false;
	size = uwsgi_number_read(buf + 1);
	if (head->modifier1 == UWSGI_MODIFIER_SIGNAL)
		return uwsgi_signal(head, size);
	if (size == 0)
		return gateway_bad(head, 400, "the uwsgi packet is empty");
	if (size > limits->max_head - UWSGI_HEADER)
		return gateway_bad(head, 431, "the uwsgi packet is above "
		    "buffer-size");
	gateway_vars_begin(head);
	head->size = head->start = UWSGI_HEADER + size;
	head->scan = UWSGI_HEADER;
	head->state = head->modifier1 == UWSGI_MODIFIER_RPC ? STATE_CALL :
	    STATE_VARS;
	return true;
}

/* Can it be shown in a log? */
static bool
uwsgi_is_visible(const char *text, uint32_t len)
{
	uint32_t	 i;

	for (i = 0; i < len; i++) {
		if (text[i] <= 0x20 || text[i] >= 0x7f)
			return false;
	}
	return true;
}

/* A call, once it is there as a whole. */
static void
uwsgi_call(struct http_head *head, const char *buf, uint32_t end)
{
	struct http_view	 name;
	const char		*why;
	uint32_t		 at = UWSGI_HEADER;

	if (end < head->start)
		return;
	why = uwsgi_array_check(buf, at, head->start);
	if (why != NULL) {
		gateway_bad(head, 400, why);
		return;
	}
	(void)uwsgi_array_next(buf, head->start, &at, &name);
	if (uwsgi_is_visible(buf + name.off, name.len))
		head->target = name;
	head->content_length = -1;
	head->state = GATEWAY_DONE;
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
	view->len = uwsgi_number_read(buf + at);
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
	if (head->state == STATE_CALL)
		uwsgi_call(head, buf, end);
	while (head->state == STATE_VARS && uwsgi_var(head, buf, end, limits))
		continue;
	return gateway_verdict(head);
}
