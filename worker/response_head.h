/* The last lines of a response head, which the server adds. */
#ifndef WM_WORKER_RESPONSE_HEAD_H
#define WM_WORKER_RESPONSE_HEAD_H

#include <stdint.h>

struct request;

/*
 * Chooses the framing and completes req->resp.head. known is the length of
 * the whole body, -1 when more may come.
 */
void	 response_head_complete(struct request *req, int64_t known);

/* The value of Date now, 29 bytes; the calling thread's. */
const char *response_date(void);

#endif
