/* Decodes the STDIN records of a FastCGI request. */
#include "worker/gateway/fcgi_body.h"

#include <string.h>

#include "worker/gateway/fcgi_record.h"

/* st->state */
enum {
	STATE_HEADER,
	STATE_DATA,
	STATE_SKIP,		/* padding, or a record that means nothing */
	STATE_LAST,		/* padding of the last one */
	STATE_DONE,
	STATE_BAD
};

/* Gets ready. */
void
fcgi_body_init(struct http_chunked *st, const struct http_limits *limits,
    const struct http_head *head)
{
	memset(st, 0, sizeof(*st));
	st->limits = *limits;
	st->fcgi.id = head->fcgi_id;
	st->fcgi.expected = head->content_length;
	st->fcgi.spare = limits->max_head;
}

/* Ends with 400. */
static enum http_chunked_verdict
fcgi_body_bad(struct http_chunked *st, const char *why)
{
	st->status = 400;
	st->why = why;
	st->state = STATE_BAD;
	return HTTP_CHUNKED_BAD;
}

/* A record of this request's, which is not STDIN; or of another's. */
static enum http_chunked_verdict
fcgi_body_other(struct http_chunked *st, const struct fcgi_record *record)
{
	if (record->type == FCGI_BEGIN_REQUEST)
		return fcgi_body_bad(st, "a request begins within another");
	if (record->id == st->fcgi.id)
		return fcgi_body_bad(st,
		    record->type == FCGI_ABORT_REQUEST ?
		    "the request was aborted" :
		    "a FastCGI record out of order");
	if (record->size > st->fcgi.spare)
		return fcgi_body_bad(st,
		    "too many FastCGI records of other requests");
	st->fcgi.spare -= record->size;
	st->fcgi.skip = record->size - FCGI_HEADER;
	st->state = STATE_SKIP;
	return HTTP_CHUNKED_MORE;
}

/* A record's header is there. */
static enum http_chunked_verdict
fcgi_body_record(struct http_chunked *st)
{
	struct fcgi_record	 record = fcgi_record_read(st->fcgi.header);

	st->fcgi.have = 0;
	if (record.version != 1)
		return fcgi_body_bad(st, "not a FastCGI record");
	if (record.type != FCGI_STDIN || record.id != st->fcgi.id)
		return fcgi_body_other(st, &record);
	st->left = record.len;
	st->fcgi.skip = record.size - FCGI_HEADER - record.len;
	if (record.len == 0) {
		if (st->fcgi.expected > 0)
			return fcgi_body_bad(st,
			    "STDIN is shorter than CONTENT_LENGTH");
		st->state = STATE_LAST;
		return HTTP_CHUNKED_MORE;
	}
	if (st->fcgi.expected != -1) {
		if ((int64_t)record.len > st->fcgi.expected)
			return fcgi_body_bad(st,
			    "STDIN is longer than CONTENT_LENGTH");
		st->fcgi.expected -= record.len;
	}
	st->state = STATE_DATA;
	return HTTP_CHUNKED_MORE;
}

/* Takes bytes of a record's header. */
static size_t
fcgi_body_header(struct http_chunked *st, const char *in, size_t len)
{
	size_t	 n = FCGI_HEADER - st->fcgi.have;

	if (n > len)
		n = len;
	memcpy(st->fcgi.header + st->fcgi.have, in, n);
	st->fcgi.have = (uint8_t)(st->fcgi.have + n);
	return n;
}

/* Takes bytes that mean nothing. */
static size_t
fcgi_body_skip(struct http_chunked *st, size_t len)
{
	size_t	 n = st->fcgi.skip < len ? st->fcgi.skip : len;

	st->fcgi.skip -= (uint32_t)n;
	return n;
}

/* Goes on up to the first piece of data. */
enum http_chunked_verdict
fcgi_body_decode(struct http_chunked *st, const char *in, size_t inlen,
    size_t *used, const char **data, size_t *datalen)
{
	size_t	 at = 0;

	*used = 0;
	while (st->state < STATE_DONE) {
		if (st->state == STATE_DATA && at < inlen) {
			*data = in + at;
			*datalen = st->left < inlen - at ? (size_t)st->left :
			    inlen - at;
			st->left -= *datalen;
			*used = at + *datalen;
			if (st->left == 0)
				st->state = STATE_SKIP;
			return HTTP_CHUNKED_DATA;
		}
		if (st->state == STATE_HEADER) {
			at += fcgi_body_header(st, in + at, inlen - at);
			if (st->fcgi.have == FCGI_HEADER)
				(void)fcgi_body_record(st);
		} else if (st->state != STATE_DATA) {
			at += fcgi_body_skip(st, inlen - at);
			if (st->fcgi.skip == 0)
				st->state = st->state == STATE_LAST ?
				    STATE_DONE : STATE_HEADER;
		}
		if (at == inlen && (st->state == STATE_HEADER ||
		    st->state == STATE_DATA || st->fcgi.skip > 0))
			break;
	}
	*used = at;
	if (st->state == STATE_BAD)
		return HTTP_CHUNKED_BAD;
	return st->state == STATE_DONE ? HTTP_CHUNKED_DONE :
	    HTTP_CHUNKED_MORE;
}
