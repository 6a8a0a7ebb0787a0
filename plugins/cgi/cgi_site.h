/* What the configuration says of CGI, ready for requests. */
#ifndef WM_PLUGINS_CGI_CGI_SITE_H
#define WM_PLUGINS_CGI_CGI_SITE_H

#include <stdbool.h>
#include <stddef.h>

struct config;
struct worker;

/* A prefix of paths, and where its scripts are. */
struct cgi_mount {
	char		*prefix;	/* "/cgi-bin"; "": all paths */
	size_t		 prefix_len;
	char		*path;		/* absolute, of a folder or script */
};

/* Who runs scripts whose names end so. */
struct cgi_helper {
	char		*ext;		/* ".php" */
	size_t		 ext_len;
	char		*command;	/* absolute */
};

/* Handler's prepare: reads the configuration; -1 with *cause. */
int	 cgi_site_prepare(struct worker *w, char **cause);
/* The mount of a path, or NULL: the longest prefix, by components. */
const struct cgi_mount *cgi_site_mount(const char *path, size_t len);
/* The helper of a script's name, or NULL. */
const struct cgi_helper *cgi_site_helper(const char *name);
/* Do folders' scripts need none of cgi-allowed-ext, or has it one? */
bool	 cgi_site_allows(const struct config *cfg, const char *name);

#endif
