/* How long a file may be kept: the static-expires family. */
#ifndef WM_WORKER_STATIC_STATIC_EXPIRES_H
#define WM_WORKER_STATIC_STATIC_EXPIRES_H

#include <stdbool.h>
#include <stdint.h>

struct config;
struct static_expires;

/* What the rules look at. */
struct static_asked {
	const char	*type;
	const char	*folder;	/* the file's path is folder/name */
	const char	*name;
	const char	*uri;
	uint32_t	 uri_len;
	const char	*path_info;
};

/* NULL: there are no rules. The configuration was checked. */
struct static_expires *static_expires_new(const struct config *cfg);
void	 static_expires_free(struct static_expires *expires);
/* When it expires; false: no rule fits. */
bool	 static_expires_when(const struct static_expires *expires,
	    const struct static_asked *asked, int64_t modified, int64_t now,
	    int64_t *when);

#endif
