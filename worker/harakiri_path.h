/* Limits by path: the longest prefix wins. */
#ifndef WM_WORKER_HARAKIRI_PATH_H
#define WM_WORKER_HARAKIRI_PATH_H

#include <stddef.h>
#include <stdint.h>

struct strlist;

struct harakiri_path {
	char		*prefix;	/* without a slash at its end */
	size_t		 len;
	uint64_t	 us;		/* 0: no limit */
};

/* All zero is none. */
struct harakiri_paths {
	struct harakiri_path	*items;		/* longest prefix first */
	size_t			 count;
};

/* From the option's items, "/prefix=seconds", which were checked. */
void	 harakiri_paths_init(struct harakiri_paths *paths,
	    const struct strlist *list);
void	 harakiri_paths_done(struct harakiri_paths *paths);
/*
 * The limit of a decoded path; otherwise, where no prefix matches. A prefix
 * matches at a slash or at the path's end, as a mount's does.
 */
uint64_t harakiri_paths_find(const struct harakiri_paths *paths,
	    const char *path, size_t len, uint64_t otherwise);

#endif
