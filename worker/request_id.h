/* A request's id: the client's, if it brings a sane one, or a fresh one. */
#ifndef WM_WORKER_REQUEST_ID_H
#define WM_WORKER_REQUEST_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct request;
struct worker;

#define REQUEST_ID_MAX	128	/* characters of a client's */

/*
 * A worker's: which header brings an id (request-id-header), and how far the
 * calendar's clock is ahead of the monotonic one, so that a request's start
 * tells both.
 */
struct request_ids {
	const char	*header;	/* of cfg */
	size_t		 header_len;	/* 0: no id is taken over */
	uint32_t	 header_hash;
	uint64_t	 ahead_us;	/* modulo 2^64 */
	uint64_t	 serial;	/* of the last request */
};

void	 request_ids_init(struct worker *w);
/* Once a second: the calendar's clock may have been set. */
void	 request_ids_tick(struct worker *w);
/*
 * Gives the request, of which head and start_us are there, its id: text that
 * is the head's or its own, valid as long as the request, and without a NUL.
 */
void	 request_id_choose(struct request *req);
/* One of its own, of start_us. */
void	 request_id_make(struct request *req);
/*
 * May these bytes be an id? 1..REQUEST_ID_MAX letters, digits and any of
 * -._~+/=:;,@ which no log, shell, page or header takes for something else.
 */
bool	 request_id_is_sane(const char *s, size_t len);

#endif
