/*
 * A response's bytes on their way out: sent at once, or joined and held for a
 * moment (held.h). For response*.c, and wait.c; on the core's stack.
 *
 * What sends returns 0 when the kernel has all of it, or -1: the response is
 * broken. It may wait for the client (write-timeout).
 */
#ifndef WM_WORKER_RESPONSE_OUT_H
#define WM_WORKER_RESPONSE_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "worker/request.h"
#include "worker/wait.h"

#define RESPONSE_PARTS		4	/* at most, at a time */
#define RESPONSE_LINE_MAX	18	/* a chunk's length, CR, LF */

/* The client has left or is too slow: nothing more is sent. Gives -1. */
int	 response_break(struct request *req, bool timed_out);
/* A send has failed, errno says why: 0, when it may be tried again, or -1. */
int	 response_send_failed(struct request *req);
/* Counts bytes that the kernel took. */
void	 response_count(struct request *req, size_t n);

/* Sends one piece, with these flags of send(2); nothing may be held. */
int	 response_send(struct request *req, const char *data, size_t len,
	    int flags);
/* Sends these pieces, whose array it uses up; nothing may be held. */
int	 response_send_parts(struct request *req, struct iovec *parts, int n,
	    int flags);
/* Sends what is held and then these pieces. */
int	 response_send_held(struct request *req, const struct iovec *parts,
	    int n, int flags);
/* Holds these pieces, behind what is held; sends what there is no room for. */
int	 response_hold(struct request *req, const struct iovec *parts, int n);

/*
 * response_records.c: for protocols whose responses travel in records. Sends
 * the head, if it is not out, and a piece of the body; last: and the end, if
 * the body is not shorter than its length. hold: it may be held.
 */
int	 response_put_records(struct request *req, const char *data,
	    size_t len, bool last, bool hold);
/* The same for bytes of a file, which send sends. */
int	 response_put_file_records(struct request *req, int fd, off_t offset,
	    size_t len, int (*send)(struct request *, int, off_t, size_t));

/* response.c's, for response_file.c: completes the head, */
int	 response_start(struct request *req, int64_t known);
/* what of len bytes fits into the announced length, */
size_t	 response_clip(struct request *req, size_t len);
/* a chunk's first line and its length. */
size_t	 response_chunk_line(char line[RESPONSE_LINE_MAX], size_t len);

/*
 * Before the core waits: sends what is held, if anything is. WAIT_READY, or
 * what has ended the wait for the client and must end the other one, too.
 */
enum wait_reason response_push_held(struct request *req);
/* Drops what is held. */
void	 response_forget_held(struct request *req);

/* The same, where mostly nothing is held. */
static inline enum wait_reason
response_push(struct request *req)
{
	return req->resp.held.pending ? response_push_held(req) : WAIT_READY;
}

#endif
