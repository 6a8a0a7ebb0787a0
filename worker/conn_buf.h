/*
 * Input buffers of connections, kept for reuse; idle connections have none.
 *
 *	large	made for reading: 8 KiB, more if a head is longer, and a
 *		field for each that the limits allow
 *	small	made for a request, or half a head that is waited for: what was
 *		read and the fields it has, and not a byte more; cannot grow
 */
#ifndef WM_WORKER_CONN_BUF_H
#define WM_WORKER_CONN_BUF_H

#include <stddef.h>

struct conn_buf;
struct worker;

/* An empty large buffer with its head parser made ready. */
struct conn_buf	*conn_buf_take(struct worker *w);
void		 conn_buf_put(struct worker *w, struct conn_buf *in);
/*
 * Large: room for at least more bytes behind len. Moves the data, so never
 * while a request's views are in use.
 */
void		 conn_buf_reserve(struct conn_buf *in, size_t more);
/*
 * The head is complete: the same in a small buffer, without what of the body
 * was used up; or as it is, if it is long. What it gets is given back.
 */
struct conn_buf	*conn_buf_shrink(struct worker *w, struct conn_buf *in);
/*
 * Half a head, of which more is waited for: the same in a small buffer, or as
 * it is, if it is long; and back into a large one to be read into. So whoever
 * sends half a head and waits costs little more than the bytes that were sent.
 */
struct conn_buf	*conn_buf_hold(struct worker *w, struct conn_buf *in);
struct conn_buf	*conn_buf_resume(struct worker *w, struct conn_buf *in);
/* The head is complete: adds bytes that were read elsewhere behind it. */
struct conn_buf	*conn_buf_append(struct worker *w, struct conn_buf *in,
		    const char *data, size_t len);
/*
 * The request is over: a large buffer that begins with what was not used up,
 * its head parser made ready; NULL if nothing is left.
 */
struct conn_buf	*conn_buf_next(struct worker *w, struct conn_buf *in);
/* Frees those kept. */
void		 conn_bufs_done(struct worker *w);

#endif
