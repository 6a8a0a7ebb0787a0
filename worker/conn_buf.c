/* Input buffers of connections, kept for reuse; idle connections have none. */
#include "worker/conn_buf.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "worker/conn.h"
#include "worker/worker.h"

#define CONN_BUF_SIZE	8192
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

/* Frees a buffer's memory. */
static void
conn_buf_free(struct conn_buf *in)
{
	free(in->data);
	free(in->fields);
	free(in);
}

/* Keeps a buffer of the usual size for the next, frees others. */
void
conn_buf_put(struct worker *w, struct conn_buf *in)
{
	if (in == NULL)
		return;
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

/* Moves the first unused byte to the front. */
void
conn_buf_next(struct conn_buf *in)
{
	if (in->pos > 0) {
		in->len -= in->pos;
		memmove(in->data, in->data + in->pos, in->len);
		in->pos = 0;
	}
	http_head_init(&in->head, in->fields);
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
	w->nfree_bufs = 0;
}
