/* Requests that scripts answer. */
#ifndef WM_PLUGINS_CGI_CGI_HANDLER_H
#define WM_PLUGINS_CGI_CGI_HANDLER_H

#include <stdbool.h>

struct request;

/* A path below a mount, or a gateway that asks for CGI (modifier1 9)? */
bool	 cgi_handler_match(struct request *req);
/* The page to show a newcomer. */
int	 cgi_handler_run(struct request *req);

#endif
