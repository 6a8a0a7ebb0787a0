/* Parses the head of a FastCGI request. */
#include "worker/gateway/fcgi_parse.h"

#include <string.h>

#include "worker/gateway/fcgi_record.h"
#include "worker/gateway/gateway_vars.h"

/* head->state, besides those of gateway_vars.h. */
#define STATE_PARAMS	1
#define STATE_STDIN	2

/*
 * What became of a record. head->scan is the next record's begin, mark the end
 * of the joined PARAMS and start the begin of the first pair that is not
 * whole yet.
 */
enum fcgi_step {
	FCGI_NEXT,		/* on with the next */
	FCGI_STOP,		/* there is a verdict */
	FCGI_REPLY
};

/* Is a record's header all right, whatever it is? */
static bool
fcgi_record_ok(struct http_head *head, const struct fcgi_record *record,
    const struct http_limits *limits)
{
	if (record->version != 1)
		return gateway_bad(head, 400, "not a FastCGI record");
	if (record->type == FCGI_STDIN && record->id == head->fcgi_id &&
	    head->state == STATE_STDIN && record->len > 0)
		return true;		/* of the body */
	if (record->size > limits->max_head - head->scan)
		return gateway_bad(head, 431, "the FastCGI request is above "
		    "buffer-size");
	return true;
}

/* BEGIN_REQUEST. */
static enum fcgi_step
fcgi_begin(struct http_head *head, const char *buf,
    const struct fcgi_record *record)
{
	const unsigned char	*p = (const unsigned char *)buf +
				    head->scan + FCGI_HEADER;

	if (record->len != 8 || record->id == 0) {
		gateway_bad(head, 400, "a malformed BEGIN_REQUEST");
		return FCGI_STOP;
	}
	if (head->state != GATEWAY_START) {
		if (record->id != head->fcgi_id)
			return FCGI_REPLY;	/* no multiplexing */
		gateway_bad(head, 400, "two BEGIN_REQUEST");
		return FCGI_STOP;
	}
	if ((p[0] << 8 | p[1]) != FCGI_RESPONDER)
		return FCGI_REPLY;
	gateway_vars_begin(head);
	head->fcgi_id = record->id;
	head->keep_alive = (p[2] & FCGI_KEEP_CONN) != 0;
	head->state = STATE_PARAMS;
	return FCGI_NEXT;
}

/* The next pair of the joined PARAMS; false if there is no whole one. */
static bool
fcgi_pair(struct http_head *head, const char *buf,
    const struct http_limits *limits)
{
	const char		*p = buf + head->start;
	size_t			 left = head->mark - head->start, n, m;
	struct http_view	 name, value;

	n = fcgi_length_read(p, left, &name.len);
	m = n == 0 ? 0 : fcgi_length_read(p + n, left - n, &value.len);
	if (m == 0)
		return false;
	if (name.len > limits->max_head || value.len > limits->max_head)
		return gateway_bad(head, 431, "the FastCGI request is above "
		    "buffer-size");
	name.off = head->start + (uint32_t)(n + m);
	value.off = name.off + name.len;
	if ((uint64_t)value.off + value.len > head->mark)
		return false;
	if (!gateway_var_add(head, buf, limits, name, value))
		return false;
	head->start = value.off + value.len;
	return true;
}

/* PARAMS: joined with those before. */
static enum fcgi_step
fcgi_params(struct http_head *head, char *buf,
    const struct fcgi_record *record, const struct http_limits *limits)
{
	if (record->len == 0) {
		if (head->start != head->mark)
			gateway_bad(head, 400, "a variable is cut off by the "
			    "end of PARAMS");
		else
			head->state = STATE_STDIN;
		return head->state == STATE_STDIN ? FCGI_NEXT : FCGI_STOP;
	}
	memmove(buf + head->mark, buf + head->scan + FCGI_HEADER,
	    record->len);
	head->mark += record->len;
	while (fcgi_pair(head, buf, limits))
		continue;
	return head->state == GATEWAY_BAD ? FCGI_STOP : FCGI_NEXT;
}

/* A record of the request's own. */
static enum fcgi_step
fcgi_own(struct http_head *head, char *buf, const struct fcgi_record *record,
    const struct http_limits *limits)
{
	if (record->type == FCGI_PARAMS && head->state == STATE_PARAMS)
		return fcgi_params(head, buf, record, limits);
	if (record->type == FCGI_STDIN && head->state == STATE_STDIN) {
		/* Its end, or a body without CONTENT_LENGTH. */
		head->chunked = record->len > 0;
		gateway_vars_end(head, buf, limits, head->scan +
		    (head->chunked ? 0 : record->size));
	} else if (record->type == FCGI_ABORT_REQUEST) {
		gateway_bad(head, 400, "the request was aborted in its head");
	} else {
		gateway_bad(head, 400, "a FastCGI record out of order");
	}
	return FCGI_STOP;
}

/* A whole record, or the header of the body's first. */
static enum fcgi_step
fcgi_step(struct http_head *head, char *buf, const struct fcgi_record *record,
    const struct http_limits *limits)
{
	if (record->type == FCGI_BEGIN_REQUEST)
		return fcgi_begin(head, buf, record);
	if (record->id == 0)
		return FCGI_REPLY;
	if (head->state != GATEWAY_START && record->id == head->fcgi_id)
		return fcgi_own(head, buf, record, limits);
	return FCGI_NEXT;		/* of a request that was refused */
}

/* Is the record there? Of a body only its header is needed. */
static bool
fcgi_is_there(const struct http_head *head, const struct fcgi_record *record,
    size_t len)
{
	if (head->state == STATE_STDIN && record->type == FCGI_STDIN &&
	    record->id == head->fcgi_id && record->len > 0)
		return true;
	return len - head->scan >= record->size;
}

/* The next record; true to go on. */
static bool
fcgi_next(struct http_head *head, char *buf, size_t len,
    const struct http_limits *limits, enum http_parse_verdict *verdict)
{
	struct fcgi_record	 record;
	enum fcgi_step		 step;

	if (head->state == STATE_STDIN && head->content_length > 0) {
		head->chunked = true;
		gateway_vars_end(head, buf, limits, head->scan);
		return false;
	}
	if (limits->max_head - head->scan < FCGI_HEADER)
		return gateway_bad(head, 431, "the FastCGI request is above "
		    "buffer-size");
	if (len - head->scan < FCGI_HEADER)
		return false;
	record = fcgi_record_read(buf + head->scan);
	if (!fcgi_record_ok(head, &record, limits) ||
	    !fcgi_is_there(head, &record, len))
		return false;
	step = fcgi_step(head, buf, &record, limits);
	if (step == FCGI_STOP)
		return false;
	if (step == FCGI_REPLY) {
		head->line = (struct http_view){ head->scan, record.size };
		*verdict = HTTP_PARSE_REPLY;
	}
	head->scan += record.size;
	return step == FCGI_NEXT;
}

/* Looks at the bytes that came since the last call. */
enum http_parse_verdict
fcgi_parse(char *buf, size_t len, const struct http_limits *limits,
    struct http_head *head)
{
	enum http_parse_verdict	 verdict = HTTP_PARSE_MORE;

	while (head->state < GATEWAY_DONE &&
	    fcgi_next(head, buf, len, limits, &verdict))
		continue;
	if (verdict == HTTP_PARSE_REPLY)
		return verdict;
	if (head->state == GATEWAY_DONE)
		head->line = (struct http_view){ 0, 0 };
	return gateway_verdict(head);
}

/* The answer to a record. */
size_t
fcgi_reply(const struct http_head *head, const char *buf,
    char out[FCGI_REPLY_MAX])
{
	const char		*p = buf + head->line.off;
	struct fcgi_record	 record = fcgi_record_read(p);

	if (record.type == FCGI_BEGIN_REQUEST)
		return fcgi_end_write(out, record.id,
		    head->state == GATEWAY_START ? FCGI_UNKNOWN_ROLE :
		    FCGI_CANT_MPX_CONN);
	if (record.type == FCGI_GET_VALUES)
		return fcgi_values_write(out, FCGI_REPLY_MAX, p + FCGI_HEADER,
		    record.len);
	fcgi_record_write(out, FCGI_UNKNOWN_TYPE, 0, 8);
	memset(out + FCGI_HEADER, 0, 8);
	out[FCGI_HEADER] = (char)record.type;
	return FCGI_HEADER + 8;
}
