/* The request's body, read by whoever answers the request. */
#ifndef WM_WORKER_BODY_H
#define WM_WORKER_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "worker/http_chunked.h"
#include "worker/patience.h"

struct conn;
struct request;

enum body_error {
	BODY_OK,
	BODY_TIMEOUT,		/* body-timeout, or client-min-rate */
	BODY_GONE,		/* the client left in the middle */
	BODY_BAD,		/* malformed chunks */
	BODY_TOO_LARGE,		/* more than limit-post */
	BODY_HARAKIRI		/* the request's time is over */
};

/*
 * Where the bytes come from: what was read together with the head (in the
 * connection's buffer, from in_pos), then the socket; or, with
 * post-buffering, what was collected before a core was taken: memory, or a
 * temporary file (spool_fd, an unlinked file, position 0 at first).
 */
struct body {
	int64_t			 length;	/* -1: chunked, or none */
	int64_t			 got;		/* bytes handed out so far */
	bool			 chunked;
	bool			 to_end;	/* it is the stream's end */
	bool			 done;		/* its end was seen */
	bool			 expect;	/* 100 Continue not sent yet */
	struct patience		 patience;	/* with client-min-rate */
	enum body_error		 error;
	struct http_chunked	 decoder;
	/* Collected bodies. */
	bool			 collected;
	char			*mem;		/* owned */
	size_t			 mem_len;
	int			 spool_fd;	/* owned, or -1 */
};

/*
 * Reads up to size bytes; waits for at least one. 0 at the body's end, -1 on
 * error (body->error says which; it stays that way). Sends 100 Continue first
 * if the client waits for it.
 */
ssize_t	 body_read(struct request *req, char *buf, size_t size);
/*
 * The same without waiting: what is there. 0 when there is nothing now, or
 * nothing more (body->done). Data of one chunk at most.
 */
ssize_t	 body_read_now(struct request *req, char *buf, size_t size);
/* Bytes still to come if that is known: -1 for chunked. */
int64_t	 body_left(const struct request *req);
/* Back to the first byte; only a collected body can: else -1. */
int	 body_seek(struct request *req, int64_t offset);
const char *body_error_text(enum body_error error);

/* For conn_collect.c and request.c. */
void	 body_init(struct body *body);
void	 body_done(struct body *body);
/* The body is as body_init left it. */
void	 body_begin(struct request *req);
/* Is so much unread that the connection will be closed afterwards? */
bool	 body_blocks_reuse(const struct request *req);
/* The response is out: discards what has come of the rest, or closes. */
void	 body_finish(struct request *req);

#endif
