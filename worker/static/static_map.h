/* Which folder's files a path stands for: static-map, -map2, check-static. */
#ifndef WM_WORKER_STATIC_STATIC_MAP_H
#define WM_WORKER_STATIC_STATIC_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "worker/static/static_open.h"

struct config;

struct static_map {
	struct static_root	 root;
	char			*prefix;	/* no slash at its end */
	size_t			 prefix_len;
	bool			 strip;		/* root lacks the prefix */
	char			*file;		/* just this one; NULL: all */
};

/* In the order in which they are asked: maps, maps2, checks. */
struct static_maps {
	struct static_map	*items;
	size_t			 count;
	struct static_roots	 safe;
};

/*
 * Opens all folders, as whoever calls, relative to chdir. -1 with *cause when
 * one is not there; then, too, static_maps_done is to be called.
 */
int	 static_maps_init(struct static_maps *maps, const struct config *cfg,
	    char **cause);
void	 static_maps_done(struct static_maps *maps);
/*
 * What of the path, which is decoded, is looked for in the map's root; NULL:
 * the path is not the map's.
 */
const char *static_map_match(const struct static_map *map, const char *path);

#endif
