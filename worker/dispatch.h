/* Whose a request is: handlers are asked in order. */
#ifndef WM_WORKER_DISPATCH_H
#define WM_WORKER_DISPATCH_H

struct handler;
struct request;

/* The first handler that matches, or NULL. */
const struct handler	*dispatch_find(struct request *req);

#endif
