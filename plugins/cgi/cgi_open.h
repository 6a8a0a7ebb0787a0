/* Opens what is in a folder of scripts, and nothing that is not. */
#ifndef WM_PLUGINS_CGI_CGI_OPEN_H
#define WM_PLUGINS_CGI_CGI_OPEN_H

#include "base/strlist.h"

/*
 * A path below the folder root, as openat(2) with O_PATH and O_CLOEXEC. Links
 * are followed while they stay below root, or lead into one of the folders
 * safe. -1 with errno, EXDEV for what lies elsewhere.
 */
int	 cgi_open(int root, const char *path, const struct strlist *safe);
/* Where an open file really is: its path on the heap, NULL if unknown. */
char	*cgi_open_path(int fd);

#endif
