/* What a client gets for a script's head, or instead of it. */
#ifndef WM_PLUGINS_CGI_CGI_ANSWER_H
#define WM_PLUGINS_CGI_CGI_ANSWER_H

struct cgi_output;
struct cgi_pump;
struct request;

/*
 * Begins the response that a head (out, a view of buf) asks for. NULL, or
 * what is wrong with it (a constant text).
 */
const char *cgi_answer_begin(struct request *req, const char *buf,
	    const struct cgi_output *out);
/* Sends the client to another address, which is of the same server. */
void	 cgi_answer_redirect(struct request *req, const char *location);
/*
 * A script's work is over: logs what was wrong with it, and gives the client
 * what is due. The response's end is left to the caller.
 */
void	 cgi_answer_end(struct cgi_pump *pump);

#endif
