/* Input buffers of connections, kept for reuse; idle connections have none. */
#include "worker/conn_buf.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "worker/conn.h"
#include "worker/worker.h"

#define CONN_BUF_SIZE	8192
/*
 * What does not fit into so much stays in its large one; small ones up to KEPT
 * are all of that size, and kept.
 */
#define CONN_BUF_SMALL	4096
#define CONN_BUF_KEPT	512
#define CONN_BUF_KEEP	256

/* Takes a kept buffer or makes one. */
struct conn_buf *
conn_buf_take(struct worker *w)
{
	struct conn_buf	*in = w->free_bufs;

	if (in != NULL) {
		w->free_bufs = in->next_free;
		w->nfree_bufs--;
	} else {
		in = xcalloc(1, sizeof(*in));
		in->cap = CONN_BUF_SIZE;
		in->data = xmalloc(in->cap);
		in->fields = xcalloc(w->limits.max_fields,
		    sizeof(*in->fields));
	}
	in->len = in->pos = 0;
	http_head_init(&in->head, in->fields);
	return in;
}

/* Frees a large buffer's memory. */
static void
conn_buf_free(struct conn_buf *in)
{
	free(in->data);
	free(in->fields);
	free(in);
}

/* Takes a kept small buffer or makes one, of so many bytes in all. */
static struct conn_buf *
conn_buf_take_small(struct worker *w, size_t size)
{
	struct conn_buf	*in = w->free_small_bufs;

	if (size > CONN_BUF_KEPT)
		return xmalloc(size);
	if (in == NULL)
		return xmalloc(CONN_BUF_KEPT);
	w->free_small_bufs = in->next_free;
	w->nfree_small_bufs--;
	return in;
}

/* Keeps a small buffer of the usual size, frees others. */
static void
conn_buf_put_small(struct worker *w, struct conn_buf *in)
{
	if (in->cap > CONN_BUF_KEPT || w->nfree_small_bufs >= CONN_BUF_KEEP) {
		free(in);
		return;
	}
	in->next_free = w->free_small_bufs;
	w->free_small_bufs = in;
	w->nfree_small_bufs++;
}

/* Keeps a buffer of the usual size for the next, frees others. */
void
conn_buf_put(struct worker *w, struct conn_buf *in)
{
	if (in == NULL)
		return;
	if (in->small) {
		conn_buf_put_small(w, in);
		return;
	}
	if (in->cap != CONN_BUF_SIZE || w->nfree_bufs >= CONN_BUF_KEEP) {
		conn_buf_free(in);
		return;
	}
	in->next_free = w->free_bufs;
	w->free_bufs = in;
	w->nfree_bufs++;
}

/* Makes room. */
void
conn_buf_reserve(struct conn_buf *in, size_t more)
{
	size_t	 cap = in->cap;

	while (cap - in->len < more)
		cap *= 2;
	if (cap == in->cap)
		return;
	in->data = xrealloc(in->data, cap);
	in->cap = cap;
}

/*
 * The fields, the first bytes and what was not used up, in a small buffer with
 * room for more.
 */
static struct conn_buf *
conn_buf_make_small(struct worker *w, const struct conn_buf *in, size_t first,
    size_t more)
{
	size_t		 fields = in->head.nfields * sizeof(*in->fields);
	size_t		 left = in->len - in->pos;
	size_t		 size = sizeof(*in) + fields + first + left + more;
	struct conn_buf	*out = conn_buf_take_small(w, size);

	out->small = true;
	out->cap = size;
	out->pos = first;
	out->len = first + left;
	out->fields = (struct http_field *)(out + 1);
	out->data = (char *)out->fields + fields;
	out->head = in->head;
	out->head.fields = out->fields;
	memcpy(out->fields, in->fields, fields);
	memcpy(out->data, in->data, first);
	memcpy(out->data + first, in->data + in->pos, left);
	return out;
}

/* Is so much too long for a small buffer? */
static bool
conn_buf_is_long(const struct conn_buf *in, size_t first)
{
	return sizeof(*in) + in->head.nfields * sizeof(*in->fields) + first +
	    in->len - in->pos > CONN_BUF_SMALL;
}

/* Puts a request into memory of the right size. */
struct conn_buf *
conn_buf_shrink(struct worker *w, struct conn_buf *in)
{
	struct conn_buf	*out;

	if (in->cap == CONN_BUF_SIZE && conn_buf_is_long(in, in->head.size))
		return in;
	out = conn_buf_make_small(w, in, in->head.size, 0);
	conn_buf_put(w, in);
	return out;
}

/* Puts half a head away. */
struct conn_buf *
conn_buf_hold(struct worker *w, struct conn_buf *in)
{
	struct conn_buf	*out;

	if (in->small || conn_buf_is_long(in, 0))
		return in;
	out = conn_buf_make_small(w, in, 0, 0);
	conn_buf_put(w, in);
	return out;
}

/* Takes half a head out again. */
struct conn_buf *
conn_buf_resume(struct worker *w, struct conn_buf *in)
{
	struct conn_buf	*out;

	if (!in->small)
		return in;
	out = conn_buf_take(w);
	conn_buf_reserve(out, in->len);
	memcpy(out->data, in->data, in->len);
	memcpy(out->fields, in->fields,
	    in->head.nfields * sizeof(*in->fields));
	out->len = in->len;
	out->head = in->head;
	out->head.fields = out->fields;
	conn_buf_put(w, in);
	return out;
}

/* Adds what was read elsewhere. */
struct conn_buf *
conn_buf_append(struct worker *w, struct conn_buf *in, const char *data,
    size_t len)
{
	struct conn_buf	*out = in;

	if (in->small) {
		out = conn_buf_make_small(w, in, in->head.size, len);
		conn_buf_put(w, in);
	} else {
		conn_buf_reserve(in, len);
	}
	memcpy(out->data + out->len, data, len);
	out->len += len;
	return out;
}

/* Goes on with what is left. */
struct conn_buf *
conn_buf_next(struct worker *w, struct conn_buf *in)
{
	size_t		 left = in->len - in->pos;
	struct conn_buf	*out = in;

	if (left == 0) {
		conn_buf_put(w, in);
		return NULL;
	}
	if (in->small) {
		out = conn_buf_take(w);
		conn_buf_reserve(out, left);
	}
	memmove(out->data, in->data + in->pos, left);
	out->len = left;
	out->pos = 0;
	http_head_init(&out->head, out->fields);
	if (out != in)
		conn_buf_put(w, in);
	return out;
}

/* Frees those kept. */
void
conn_bufs_done(struct worker *w)
{
	struct conn_buf	*in;

	while ((in = w->free_bufs) != NULL) {
		w->free_bufs = in->next_free;
		conn_buf_free(in);
	}
	while ((in = w->free_small_bufs) != NULL) {
		w->free_small_bufs = in->next_free;
		free(in);
	}
	w->nfree_bufs = w->nfree_small_bufs = 0;
}
