/* FastCGI on a connection: what protocol.h wants, beside the pure parts. */
#ifndef WM_WORKER_GATEWAY_FCGI_H
#define WM_WORKER_GATEWAY_FCGI_H

#include <stdbool.h>

#include "worker/gateway/fcgi_body.h"
#include "worker/gateway/fcgi_parse.h"

struct conn;
struct protocol_frames;

/* STDOUT records, behind the last an empty one and END_REQUEST. */
extern const struct protocol_frames fcgi_frames;

/* Answers what the parser found. */
int	 fcgi_send_reply(struct conn *c);
/* Is what has come for a request that runs its ABORT_REQUEST? */
bool	 fcgi_says_gone(const struct conn *c);

#endif
