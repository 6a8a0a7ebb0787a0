/* post-buffering: the body is collected before a core is taken. */
#include "worker/conn_collect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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
	b->mem = xrealloc(b->mem, b->mem_len + len);
	memcpy(b->mem + b->mem_len, data, len);
	b->mem_len += len;
	return 0;

fail:
	log_error("cannot spool a request body: %s", strerror(errno));
	conn_reject(c, 507, "the body cannot be spooled");
	return -1;
}

/* Decodes what is in the connection's buffer. -1: rejected. */
static int
conn_collect_chunked(struct conn *c)
{
	struct conn_buf	*in = c->in;
	struct body	*b = c->collected;
	const char	*data;
	size_t		 used, len;

	while (in->pos < in->len && !b->done) {
		switch (c->protocol->body_decode(&b->decoder,
		    in->data + in->pos, in->len - in->pos, &used, &data,
		    &len)) {
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
		in->pos += used;
	}
	return 0;
}

/* Takes what is in the connection's buffer. -1: rejected. */
static int
conn_collect_buffer(struct conn *c)
{
	struct conn_buf	*in = c->in;
	struct body	*b = c->collected;
	size_t		 len = in->len - in->pos;

	if (b->chunked) {
		if (conn_collect_chunked(c) == -1)
			return -1;
	} else {
		if ((int64_t)len > b->length - b->got)
			len = (size_t)(b->length - b->got);
		if (conn_collect_keep(c, in->data + in->pos, len) == -1)
			return -1;
		in->pos += len;
		b->done = b->got == b->length;
	}
	if (!b->done)	/* the head stays, what was taken makes room */
		in->len = in->pos = in->head.size;
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
	c->in = conn_buf_shrink(c->worker, c->in);
	conn_dispatch(c);
}

/* Goes on after the buffer was filled. */
static void
conn_collect_step(struct conn *c)
{
	if (conn_collect_buffer(c) == -1)
		return;
	if (c->collected->done) {
		conn_collect_finish(c);
		return;
	}
	conn_set_state(c, CONN_BODY);	/* the timeout begins anew */
	conn_watch(c, true);
}

/* Sends 100 Continue, as well as the socket takes it at once. */
static void
conn_collect_continue(struct conn *c)
{
	static const char	 text[] = "HTTP/1.1 100 Continue\r\n\r\n";

	if (c->in->head.expect_continue && c->in->len == c->in->pos)
		(void)conn_send(c, text, sizeof(text) - 1, 0);
}

/* The head is complete and announces a body. */
void
conn_collect_start(struct conn *c)
{
	const struct http_head	*head = &c->in->head;
	struct body		*b;

	b = c->collected = xcalloc(1, sizeof(*b));
	body_init(b);
	b->chunked = head->chunked;
	b->length = head->content_length;
	if (b->chunked)
		c->protocol->body_init(&b->decoder, &c->worker->limits, head);
	conn_collect_continue(c);
	conn_collect_step(c);
}

/* More of the body can be read. */
void
conn_collect_read(struct conn *c)
{
	struct conn_buf	*in = c->in;
	ssize_t		 n;

	conn_buf_reserve(in, COLLECT_READ);
	n = conn_recv(c, in->data + in->len, in->cap - in->len);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		conn_close(c);
		return;
	}
	in->len += (size_t)n;
	conn_collect_step(c);
}
