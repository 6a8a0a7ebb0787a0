/* Which script answers a path, and what is left of the path for it. */
#ifndef WM_PLUGINS_CGI_CGI_FIND_H
#define WM_PLUGINS_CGI_CGI_FIND_H

#include <stddef.h>

struct cgi_helper;
struct cgi_mount;
struct request;

/* A script; everything lives as long as the request. */
struct cgi_script {
	const char		*root;		/* DOCUMENT_ROOT */
	const char		*file;		/* absolute: what is run */
	const char		*name;		/* SCRIPT_NAME */
	const char		*info;		/* PATH_INFO; "": none */
	const struct cgi_helper	*helper;	/* runs it; NULL: it itself */
};

/*
 * Looks for the script of a request below a folder of scripts, one segment
 * of the path after the other: the first that is no folder is the script,
 * what follows it is its PATH_INFO. Nothing outside of the folder is ever
 * taken, wherever dots or links lead (but for cgi-safe). 0 and *script, or the
 * status to answer with: 301 with *script's name as the location, 403, 404.
 */
int	 cgi_find(struct request *req, const struct cgi_mount *mount,
	    struct cgi_script *script);

/* A script's path for the log. */
const char *cgi_find_shown(struct request *req, const char *file);

#endif
