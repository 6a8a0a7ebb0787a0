/* post-buffering: the body is collected before a core is taken. */
#include "worker/conn_collect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "worker/conn.h"
#include "worker/conn_buf.h"
#include "worker/conn_io.h"
#include "worker/conn_timeout.h"
#include "worker/protocol.h"
#include "worker/worker.h"

/* Read in one go, before other connections have their turn. */
#define COLLECT_READ	65536

/* An unlinked temporary file, or -1 with errno. */
int
conn_collect_open(void)
{
	const char	*dir = getenv("TMPDIR");
	char		*name;
	int		 fd;

	if (dir == NULL || *dir == '\0')
		dir = "/tmp";
	fd = open(dir, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (fd != -1 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	name = xasprintf("%s/wsgimaster-body-XXXXXX", dir);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd != -1)
		unlink(name);
	free(name);
	return fd;
}

/* Moves what is in memory to a file. */
static int
conn_collect_spool(struct body *b)
{
	b->spool_fd = conn_collect_open();
	if (b->spool_fd == -1)
		return -1;
	if (fd_write_all(b->spool_fd, b->mem, b->mem_len) == -1)
		return -1;
	free(b->mem);
	b->mem = NULL;
	return 0;
}

/* How much memory a body of so many bytes has: it grows by doubling. */
static size_t
conn_collect_room(size_t len)
{
	size_t	 room = 64;

	while (room < len)
		room *= 2;
	return room;
}

/* Keeps a piece of the body. -1: the connection was rejected. */
static int
conn_collect_keep(struct conn *c, const char *data, size_t len)
{
	const struct config	*cfg = c->worker->cfg;
	struct body		*b = c->collected;

	if (len == 0)
		return 0;
	b->got += (int64_t)len;
	if (cfg->limit_post != 0 && b->got > (int64_t)cfg->limit_post) {
		conn_reject(c, 413, "the body is above limit-post");
		return -1;
	}
	if (b->spool_fd == -1 && b->got > (int64_t)cfg->post_buffering &&
	    conn_collect_spool(b) == -1)
		goto fail;
	if (b->spool_fd != -1) {
		if (fd_write_all(b->spool_fd, data, len) == -1)
			goto fail;
		return 0;
	}
	if (b->mem == NULL ||
	    b->mem_len + len > conn_collect_room(b->mem_len))
		b->mem = xrealloc(b->mem, conn_collect_room(b->mem_len + len));
	memcpy(b->mem + b->mem_len, data, len);
	b->mem_len += len;
	return 0;

fail:
	log_error("cannot spool a request body: %s", strerror(errno));
	conn_reject(c, 507, "the body cannot be spooled");
	return -1;
}

/* Decodes chunks; *used says how far. -1: rejected. */
static int
conn_collect_chunked(struct conn *c, const char *in, size_t size,
    size_t *used)
{
	struct body	*b = c->collected;
	const char	*data;
	size_t		 n, len;

	for (*used = 0; *used < size && !b->done; *used += n) {
		switch (c->protocol->body_decode(&b->decoder, in + *used,
		    size - *used, &n, &data, &len)) {
		case HTTP_CHUNKED_DATA:
			if (conn_collect_keep(c, data, len) == -1)
				return -1;
			break;
		case HTTP_CHUNKED_DONE:
			b->done = true;
			break;
		case HTTP_CHUNKED_BAD:
			conn_reject(c, b->decoder.status, b->decoder.why);
			return -1;
		case HTTP_CHUNKED_MORE:
			break;
		}
	}
	return 0;
}

/* Takes what of these bytes is the body's; *used says how far. -1: rejected. */
static int
conn_collect_take(struct conn *c, const char *in, size_t size, size_t *used)
{
	struct body	*b = c->collected;

	if (b->chunked)
		return conn_collect_chunked(c, in, size, used);
	*used = !b->to_end && (int64_t)size > b->length - b->got ?
	    (size_t)(b->length - b->got) : size;
	if (conn_collect_keep(c, in, *used) == -1)
		return -1;
	b->done = !b->to_end && b->got == b->length;
	return 0;
}

/* The body is whole: on to a core. */
static void
conn_collect_finish(struct conn *c)
{
	struct body	*b = c->collected;

	b->length = b->got;
	b->got = 0;
	b->done = false;
	b->collected = true;
	if (!c->in->small)
		c->in = conn_buf_shrink(c->worker, c->in);
	conn_dispatch(c);
}

/* More is to come. */
static void
conn_collect_wait(struct conn *c)
{
	conn_set_state(c, CONN_BODY);	/* the timeout begins anew */
	conn_watch(c, true);
}

/* Sends 100 Continue, as well as the socket takes it at once. */
static void
conn_collect_continue(struct conn *c)
{
	if (c->in->head.expect_continue && c->in->len == c->in->pos)
		conn_send_continue(c);
}

/* The head is complete and announces a body. */
void
conn_collect_start(struct conn *c)
{
	struct conn_buf		*in = c->in;
	const struct http_head	*head = &in->head;
	struct body		*b;
	size_t			 used;

	b = c->collected = xcalloc(1, sizeof(*b));
	body_init(b);
	b->chunked = head->chunked;
	b->to_end = head->to_end;
	b->length = head->content_length;
	if (b->chunked)
		c->protocol->body_init(&b->decoder, &c->worker->limits, head);
	conn_collect_continue(c);
	if (conn_collect_take(c, in->data + in->pos, in->len - in->pos,
	    &used) == -1)
		return;
	in->pos += used;
	if (b->done) {
		conn_collect_finish(c);
		return;
	}
	in->len = in->pos = head->size;
	c->in = conn_buf_shrink(c->worker, in);
	conn_collect_wait(c);
}

/* Has the client been slow for too long? A full buffer says: we were. */
static bool
conn_collect_is_slow(struct conn *c, size_t n)
{
	const struct config	*cfg = c->worker->cfg;
	struct patience		*p = &c->collected->patience;
	bool			 slow;

	if (cfg->client_min_rate == 0 || n == COLLECT_READ)
		return false;
	patience_spend(p, (double)(clock_coarse_us() - c->since_us) / 1e6,
	    cfg->body_timeout);
	slow = patience_left(p, cfg->body_timeout) <= 0;
	patience_earn(p, n, (double)cfg->client_min_rate);
	return slow;
}

/* More of the body can be read. */
void
conn_collect_read(struct conn *c)
{
	static char	 piece[COLLECT_READ];	/* one for all: loop thread */
	size_t		 used;
	ssize_t		 n;

	n = conn_recv(c, piece, sizeof(piece));
	if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
		conn_watch(c, true);
		return;
	}
	if (n == 0 && c->collected->to_end) {
		conn_collect_finish(c);
		return;
	}
	if (n <= 0) {
		conn_close(c);
		return;
	}
	if (conn_collect_take(c, piece, (size_t)n, &used) == -1)
		return;
	if (!c->collected->done && conn_collect_is_slow(c, (size_t)n)) {
		conn_reject(c, 408, "the request body came too slowly");
		return;
	}
	if (!c->collected->done) {
		conn_collect_wait(c);
		return;
	}
	if (used < (size_t)n)	/* the next request's */
		c->in = conn_buf_append(c->worker, c->in, piece + used,
		    (size_t)n - used);
	conn_collect_finish(c);
}
