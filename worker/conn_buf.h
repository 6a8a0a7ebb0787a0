/* Input buffers of connections, kept for reuse; idle connections have none. */
#ifndef WM_WORKER_CONN_BUF_H
#define WM_WORKER_CONN_BUF_H

#include <stddef.h>

struct conn_buf;
struct worker;

/* An empty buffer with its head parser made ready. */
struct conn_buf	*conn_buf_take(struct worker *w);
void		 conn_buf_put(struct worker *w, struct conn_buf *in);
/*
 * Room for at least more bytes behind len. Moves the data, so never while a
 * request's views are in use.
 */
void		 conn_buf_reserve(struct conn_buf *in, size_t more);
/* Drops what was used up: the next byte is the first; head parser ready. */
void		 conn_buf_next(struct conn_buf *in);
/* Frees those kept. */
void		 conn_bufs_done(struct worker *w);

#endif
