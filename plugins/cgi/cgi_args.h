/* A query as a script's arguments (RFC 3875 section 4.4): pure. */
#ifndef WM_PLUGINS_CGI_CGI_ARGS_H
#define WM_PLUGINS_CGI_CGI_ARGS_H

#include <stddef.h>

#define CGI_ARGS_MAX	64

/*
 * Splits a query without an unencoded "=" at each "+", and decodes the words
 * into out (room for len + 1 bytes); args gets where each begins, with a NUL
 * behind it. How many; 0 when the query is empty, has a "=", a word that
 * cannot be decoded or begins with "-" (it would be taken for an option of
 * the script's interpreter), or more than CGI_ARGS_MAX words: RFC 3875 wants
 * all of them or none.
 */
size_t	 cgi_args_split(const char *query, size_t len, char *out,
	    char *args[CGI_ARGS_MAX]);

#endif
