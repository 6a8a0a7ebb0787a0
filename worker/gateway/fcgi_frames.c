/* FastCGI on a connection: records around responses, and small answers. */
#include <string.h>
#include <sys/socket.h>

#include "worker/conn.h"
#include "worker/conn_io.h"
#include "worker/gateway/fcgi.h"
#include "worker/gateway/fcgi_record.h"
#include "worker/protocol.h"

/* The id of the request whose head is there; 0 when there is none. */
static uint16_t
fcgi_id(const struct conn *c)
{
	return c->in == NULL ? 0 : c->in->head.fcgi_id;
}

/* A record of the response. */
static size_t
fcgi_before(const struct conn *c, char *out, size_t len)
{
	return fcgi_record_write(out, FCGI_STDOUT, fcgi_id(c), (uint32_t)len);
}

/* No padding. */
static size_t
fcgi_behind(const struct conn *c, char *out, size_t len)
{
	(void)c, (void)out, (void)len;
	return 0;
}

/* The stream's end and the request's. */
static size_t
fcgi_end(const struct conn *c, char *out)
{
	size_t	 n = fcgi_record_write(out, FCGI_STDOUT, fcgi_id(c), 0);

	return n + fcgi_end_write(out + n, fcgi_id(c), FCGI_REQUEST_COMPLETE);
}

/*
 * The connection's end without END_REQUEST should be enough. nginx takes it
 * for the response's, if it was not to be kept, but not a record that it does
 * not expect.
 */
static size_t
fcgi_cut(const struct conn *c, char *out)
{
	(void)c;
	memset(out + FCGI_HEADER, 0, 8);
	return fcgi_record_write(out, FCGI_UNKNOWN_TYPE, 0, 8) + 8;
}

const struct protocol_frames fcgi_frames = {
	.max = FCGI_CONTENT_MAX,
	.before = fcgi_before,
	.behind = fcgi_behind,
	.end = fcgi_end,
	.cut = fcgi_cut,
};

/* Answers what the parser found. */
int
fcgi_send_reply(struct conn *c)
{
	char	 text[FCGI_REPLY_MAX];
	size_t	 len;

	len = fcgi_reply(&c->in->head, c->in->data, text);
	return conn_send(c, text, len, 0) == (ssize_t)len ? 0 : -1;
}

/* Is the next record, behind the whole body, this request's ABORT_REQUEST? */
bool
fcgi_says_gone(const struct conn *c)
{
	char			 text[FCGI_HEADER];
	struct fcgi_record	 record;

	if (c->transport != NULL || recv(c->fd, text, sizeof(text),
	    MSG_PEEK | MSG_DONTWAIT) != sizeof(text))
		return false;
	record = fcgi_record_read(text);
	return record.version == 1 && record.type == FCGI_ABORT_REQUEST &&
	    record.id == fcgi_id(c);
}
