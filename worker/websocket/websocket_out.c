/* What a websocket has to send and the client has not taken yet. */
#include "worker/websocket/websocket_out.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "worker/conn_io.h"

/* Pieces that go out with one call. */
#define OUT_PARTS	16
/* Small frames share a piece of this size. */
#define OUT_PIECE	2048

/* Bytes from pos to len are to be sent. */
struct websocket_piece {
	TAILQ_ENTRY(websocket_piece)	 link;
	size_t				 pos;
	size_t				 len;
	size_t				 cap;
	unsigned char			 data[];
};

/* Empty. */
void
websocket_out_init(struct websocket_out *out)
{
	TAILQ_INIT(&out->list);
	out->bytes = 0;
}

/* Drops everything. */
void
websocket_out_done(struct websocket_out *out)
{
	struct websocket_piece	*p;

	while ((p = TAILQ_FIRST(&out->list)) != NULL) {
		TAILQ_REMOVE(&out->list, p, link);
		free(p);
	}
	out->bytes = 0;
}

/* The last piece, with room for so many bytes. */
static struct websocket_piece *
websocket_out_room(struct websocket_out *out, size_t len)
{
	struct websocket_piece	*p;
	size_t			 cap = len < OUT_PIECE ? OUT_PIECE : len;

	p = TAILQ_LAST(&out->list, websocket_pieces);
	if (p != NULL && p->cap - p->len >= len)
		return p;
	p = xmalloc(sizeof(*p) + cap);
	p->pos = p->len = 0;
	p->cap = cap;
	TAILQ_INSERT_TAIL(&out->list, p, link);
	return p;
}

/* Copies. */
void
websocket_out_add(struct websocket_out *out, const struct iovec *parts, int n,
    size_t skip)
{
	struct websocket_piece	*p;
	size_t			 len = 0, part;
	int			 i;

	for (i = 0; i < n; i++)
		len += parts[i].iov_len;
	if (len <= skip)
		return;
	p = websocket_out_room(out, len - skip);
	out->bytes += len - skip;
	for (i = 0; i < n; i++) {
		part = parts[i].iov_len;
		if (part > skip) {
			memcpy(p->data + p->len,
			    (const char *)parts[i].iov_base + skip,
			    part - skip);
			p->len += part - skip;
			skip = 0;
		} else
			skip -= part;
	}
}

/* The client has so many bytes more. */
static void
websocket_out_sent(struct websocket_out *out, size_t n)
{
	struct websocket_piece	*p;

	out->bytes -= n;
	while (n > 0) {
		p = TAILQ_FIRST(&out->list);
		if (n < p->len - p->pos) {
			p->pos += n;
			return;
		}
		n -= p->len - p->pos;
		TAILQ_REMOVE(&out->list, p, link);
		free(p);
	}
}

/* Sends what can be sent. */
ssize_t
websocket_out_flush(struct websocket_out *out, struct conn *c)
{
	struct iovec		 parts[OUT_PARTS];
	struct websocket_piece	*p;
	ssize_t			 n, all = 0;
	int			 count;

	while (out->bytes > 0) {
		count = 0;
		TAILQ_FOREACH(p, &out->list, link) {
			parts[count].iov_base = p->data + p->pos;
			parts[count].iov_len = p->len - p->pos;
			if (++count == OUT_PARTS)
				break;
		}
		n = conn_send_parts(c, parts, count, 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return errno == EAGAIN ? all : -1;
		websocket_out_sent(out, (size_t)n);
		all += n;
	}
	return all;
}

/* Writes a frame's head. */
size_t
websocket_out_head(unsigned char head[WEBSOCKET_HEAD], int opcode, bool rsv1,
    size_t len)
{
	int	 i;

	head[0] = (unsigned char)(0x80 | (rsv1 ? 0x40 : 0) | opcode);
	if (len < 126) {
		head[1] = (unsigned char)len;
		return 2;
	}
	if (len < 65536) {
		head[1] = 126;
		head[2] = (unsigned char)(len >> 8);
		head[3] = (unsigned char)len;
		return 4;
	}
	head[1] = 127;
	for (i = 0; i < 8; i++)
		head[2 + i] = (unsigned char)((uint64_t)len >> (56 - 8 * i));
	return 10;
}
