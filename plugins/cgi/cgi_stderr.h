/* What a script writes to its standard error becomes lines of the log. */
#ifndef WM_PLUGINS_CGI_CGI_STDERR_H
#define WM_PLUGINS_CGI_CGI_STDERR_H

#include <stddef.h>

struct request;

#define CGI_STDERR_LINE	1024		/* longer lines are cut into more */
#define CGI_STDERR_MAX	(64 << 10)	/* of a request; then it is dropped */

/* All zero at first. */
struct cgi_stderr {
	size_t	 total;
	size_t	 len;
	char	 line[CGI_STDERR_LINE];
};

/* Takes what can be read now; closes *fd at its end, or on an error. */
void	 cgi_stderr_read(struct cgi_stderr *err, const struct request *req,
	    int *fd);
/* Logs what is left of a line. */
void	 cgi_stderr_end(struct cgi_stderr *err, const struct request *req);

#endif
