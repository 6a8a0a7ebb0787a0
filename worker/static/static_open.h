/*
 * Opens files beneath a folder, and nothing else: whatever the path says, and
 * wherever a symbolic link points, the kernel resolves it from the folder's
 * descriptor and refuses to leave it (openat2, RESOLVE_BENEATH). No path is
 * compared with another to decide that.
 *
 * A link that leads outside, or is absolute, is followed only if what it
 * leads to lies beneath the folder itself or a static-safe one; that is found
 * out by opening it once more, from there. Kernels without openat2 get a walk
 * that follows no links at all.
 */
#ifndef WM_WORKER_STATIC_STATIC_OPEN_H
#define WM_WORKER_STATIC_STATIC_OPEN_H

#include <stdbool.h>
#include <stddef.h>

/* A folder that was there when the server started. */
struct static_root {
	char	*path;
	int	 fd;		/* O_PATH */
};

struct static_roots {
	struct static_root	*items;
	size_t			 count;
};

/* Opens the folder; -1 with errno. The path is copied. */
int	 static_root_open(struct static_root *root, const char *path);
void	 static_root_close(struct static_root *root);
/*
 * A descriptor to read from, never blocking (a FIFO, a device), of rel beneath
 * the root; "" is the root itself. -1 with errno. A folder that was deleted and
 * made anew is opened anew.
 */
int	 static_open(struct static_root *root, const char *rel,
	    const struct static_roots *safe);

/* Says whether openat2 is left alone; chosen when a root is opened. */
void	 static_open_set_walk(bool on);

#endif
