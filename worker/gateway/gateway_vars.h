/*
 * CGI variables of a request: what uwsgi, SCGI and FastCGI have in common.
 *
 * A parser finds one variable after the other and gives each to
 * gateway_var_add; when all are there gateway_vars_end draws the conclusions.
 * Both only look at bytes and change struct http_head. False: the head is bad,
 * and says why.
 *
 *	name	visible ASCII without "="; HTTP_*: no lower case, no hyphen
 *	twice	the last one counts: nginx's own lists and what is added to
 *		them often overlap. HTTP_* are joined where they are shown, as
 *		header fields are. REQUEST_METHOD, REQUEST_URI and
 *		CONTENT_LENGTH, by which a request is what it is, must be
 *		the same; HTTP_HOST may not come twice
 *	value	no NUL; HTTP_* also no other byte that a field may not have
 *	dropped	HTTP_PROXY, and names that are the server's own (wsgi.*)
 *
 * Needed are REQUEST_METHOD, and REQUEST_URI or a plain PATH_INFO.
 * CONTENT_LENGTH says how long the body is; an empty one is none.
 */
#ifndef WM_WORKER_GATEWAY_GATEWAY_VARS_H
#define WM_WORKER_GATEWAY_GATEWAY_VARS_H

#include <stdbool.h>
#include <stddef.h>

#include "worker/http_parse.h"

/* Values of http_head.state, for all three parsers; theirs lie between. */
#define GATEWAY_START	0
#define GATEWAY_DONE	254
#define GATEWAY_BAD	255

/* The first call for a head. */
void	 gateway_vars_begin(struct http_head *head);
bool	 gateway_var_add(struct http_head *head, const char *buf,
	    const struct http_limits *limits, struct http_view name,
	    struct http_view value);
/* size is the head's, all included. */
bool	 gateway_vars_end(struct http_head *head, const char *buf,
	    const struct http_limits *limits, uint32_t size);
/* Ends with this status; false, so that callers can return it. */
bool	 gateway_bad(struct http_head *head, int status, const char *why);
/* By the state. */
enum http_parse_verdict gateway_verdict(const struct http_head *head);

/*
 * The decoded path that the gateway asks for is SCRIPT_NAME and PATH_INFO
 * behind each other; either may be empty. False: no variable says so, and the
 * target's path is to be decoded.
 */
bool	 gateway_path(const struct http_head *head, const char *buf,
	    struct http_view *script_name, struct http_view *path_info);

#endif
