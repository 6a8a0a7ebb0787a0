/* A script's environment (RFC 3875 section 4.1; doc/cgi.md has the list). */
#ifndef WM_PLUGINS_CGI_CGI_ENVIRON_H
#define WM_PLUGINS_CGI_CGI_ENVIRON_H

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

struct cgi_script;
struct request;

/*
 * Variables, each of a name once, as "NAME=value" with a NUL behind it in
 * text; at is where each begins. All zero: none.
 */
struct cgi_environ {
	struct strbuf	 text;
	size_t		*at;
	size_t		 count;
	size_t		 room;
};

/*
 * All variables of a request's script: what is inherited, what came with the
 * request (its header fields, or a gateway's variables), and what the server
 * knows better than that; without those of cgi-unset. length is that of the
 * body, -1 without one.
 */
void	 cgi_environ_make(struct cgi_environ *env, const struct request *req,
	    const struct cgi_script *script, int64_t length);
/* As execve(2) takes it; on the heap, and true until env is changed. */
char	**cgi_environ_array(const struct cgi_environ *env);
void	 cgi_environ_done(struct cgi_environ *env);

#endif
