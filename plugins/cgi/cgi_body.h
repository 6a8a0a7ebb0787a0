/* What becomes a script's standard input. */
#ifndef WM_PLUGINS_CGI_CGI_BODY_H
#define WM_PLUGINS_CGI_CGI_BODY_H

#include <stdint.h>

struct request;

/*
 * The request's body, for a script. Where it has a length and comes over a
 * socket, it is pumped into a pipe as it comes. A script must know the length
 * before it starts (CONTENT_LENGTH), so a chunked body is read to its end
 * first, into a temporary file which the script gets; and so is that of an
 * HTTP/2 stream, which nobody can wait for together with something else.
 */
struct cgi_body {
	int64_t	 length;	/* CONTENT_LENGTH; -1: none */
	int	 fd;		/* the script's standard input; -1: a pipe */
};

/*
 * Chooses; may wait. 0, or -1 when the body cannot be had (body.error), or
 * errno is set: when it cannot be kept.
 */
int	 cgi_body_begin(struct request *req, struct cgi_body *body);
void	 cgi_body_done(struct cgi_body *body);

#endif
