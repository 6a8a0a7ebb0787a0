/* Answers that need no core: how they are made. */
#include "worker/answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/xmalloc.h"
#include "worker/conn.h"
#include "worker/conn_buf.h"
#include "worker/conn_keep.h"
#include "worker/response.h"
#include "worker/response_head.h"
#include "worker/worker.h"

/* Most heads have room in this. */
#define ANSWER_ROOM	512

/* Is there a whole head (pos is behind it)? */
static bool
answer_has_request(const struct conn *c)
{
	return c->in != NULL && c->in->pos > 0;
}

/* Is it a HEAD request? Also one whose head was refused. */
static bool
answer_is_head(const struct conn *c)
{
	const struct conn_buf	*in = c->in;

	if (!answer_has_request(c))
		return in != NULL && in->len >= 5 &&
		    memcmp(in->data, "HEAD ", 5) == 0;
	return in->head.method.len == 4 &&
	    memcmp(in->data + in->head.method.off, "HEAD", 4) == 0;
}

/* An answer with its status line and Date. */
struct answer *
answer_new(struct conn *c, int status)
{
	struct answer	*a = xcalloc(1, sizeof(*a));

	a->conn = c;
	a->status = status;
	a->fd = -1;
	a->unsent = -1;
	a->parts = a->few;
	a->no_body = status == 204 || status == 304 || answer_is_head(c);
	strbuf_reserve(&a->text, ANSWER_ROOM);
	strbuf_adds(&a->text, c->protocol->status);
	strbuf_addu(&a->text, (unsigned)status);
	strbuf_addc(&a->text, ' ');
	strbuf_adds(&a->text, response_reason(status));
	strbuf_add(&a->text, "\r\nDate: ", 8);
	strbuf_adds(&a->text, response_date());
	strbuf_add(&a->text, "\r\n", 2);
	return a;
}

/* Adds a header. */
void
answer_add(struct answer *a, const char *name, const char *value)
{
	a->nheaders++;
	strbuf_adds(&a->text, name);
	strbuf_add(&a->text, ": ", 2);
	strbuf_adds(&a->text, value);
	strbuf_add(&a->text, "\r\n", 2);
}

/* Must the connection end with this answer? */
static bool
answer_must_close(const struct conn *c)
{
	return !conn_may_keep(c) ||
	    (c->worker->closing && !conn_has_next(c));
}

/* Says what becomes of the connection, where that is said in a header. */
static void
answer_add_connection(struct answer *a)
{
	struct conn	*c = a->conn;

	if (!answer_has_request(c))
		a->close = c->linger = true;	/* it may still be asking */
	else if (c->protocol->send_head == NULL && answer_must_close(c))
		a->close = true;
	if (!c->protocol->is_http1)
		return;
	if (a->close)
		strbuf_adds(&a->text, "Connection: close\r\n");
	else if (c->in->head.minor == 0)
		strbuf_adds(&a->text, "Connection: keep-alive\r\n");
}

/* Ends the head. */
void
answer_end_head(struct answer *a, int64_t length)
{
	if (length >= 0) {
		strbuf_adds(&a->text, "Content-Length: ");
		strbuf_addu(&a->text, (unsigned long long)length);
		strbuf_add(&a->text, "\r\n", 2);
		a->nheaders++;
	}
	answer_add_connection(a);
	strbuf_add(&a->text, "\r\n", 2);
	a->head_len = a->text.len;
	a->parts[0] = (struct answer_part){ .len = a->head_len };
	a->nparts = 1;
}

/* One more part. */
static struct answer_part *
answer_part_new(struct answer *a)
{
	size_t			 n = a->nparts++;
	struct answer_part	*parts;

	if (n < ANSWER_PARTS || (n & (n - 1)) != 0)
		return &a->parts[n];
	parts = xmalloc(2 * n * sizeof(*parts));
	memcpy(parts, a->parts, n * sizeof(*parts));
	if (a->parts != a->few)
		free(a->parts);
	a->parts = parts;
	return &a->parts[n];
}

/* Room for bytes of the body. */
char *
answer_text_room(struct answer *a, size_t len)
{
	strbuf_reserve(&a->text, len);
	return a->text.buf + a->text.len;
}

/* So many bytes were put into the room. */
void
answer_text_put(struct answer *a, size_t len)
{
	struct answer_part	*part = &a->parts[a->nparts - 1];

	if (len == 0)
		return;
	if (part->file) {
		part = answer_part_new(a);
		*part = (struct answer_part){ .at = (off_t)a->text.len };
	}
	part->len += len;
	a->text.len += len;
	a->text.buf[a->text.len] = '\0';
}

/* Adds bytes to the body. */
void
answer_text(struct answer *a, const char *data, size_t len)
{
	memcpy(answer_text_room(a, len), data, len);
	answer_text_put(a, len);
}

/* Adds some bytes of the file. */
void
answer_file(struct answer *a, off_t offset, uint64_t len)
{
	if (len > 0)
		*answer_part_new(a) = (struct answer_part){ .file = true,
		    .at = offset, .len = len };
}

/* How many bytes of the body were sent. */
uint64_t
answer_sent(const struct answer *a)
{
	return a->content > a->head_len ? a->content - a->head_len : 0;
}

/* Frees it. */
void
answer_free(struct answer *a)
{
	if (a == NULL)
		return;
	fd_close(&a->fd);
	if (a->parts != a->few)
		free(a->parts);
	strbuf_done(&a->text);
	free(a);
}
