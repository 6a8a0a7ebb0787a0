/*
 * The access log: one line a request, uWSGI's or JSON (log-encoder).
 *
 * Text, as uWSGI writes it and its parsers expect it:
 *
 *	[pid: P|app: A|req: R/T] ADDR (USER) {N vars in B bytes} [TIME] METHOD
 *	URI => generated B bytes in T msecs (PROTO STATUS) H headers in B bytes
 *	(S switches on core C)
 *
 * R counts this worker's requests and T all workers'; USER is always empty. A
 * static file's has A and R -1, and says core 0.
 */
#ifndef WM_WORKER_ACCESS_LOG_H
#define WM_WORKER_ACCESS_LOG_H

struct conn;
struct request;

/* The request is over; its response and times are final. */
void	 access_log_request(const struct request *req);
/* A connection is answered without a request; why goes to the error log. */
void	 access_log_reject(const struct conn *c, int status, const char *why);

#endif
