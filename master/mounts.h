/* What the apps have done, by the path they are mounted at. */
#ifndef WM_MASTER_MOUNTS_H
#define WM_MASTER_MOUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "shm/scoreboard.h"

struct config;
struct master;

/* How many apps a configuration has: numbered 0, 1 ... as the workers do. */
size_t	 mounts_count(const struct config *cfg);
/* The path of one, "" for the one at the top; not a C string: *len. */
const char *mounts_path(const struct config *cfg, size_t id, size_t *len);

/* What all requests of one path have done; like struct sb_app. */
struct mount_sum {
	char		*path;		/* "/", "/admin", or a MOUNT_ name */
	uint64_t	 requests;
	uint64_t	 exceptions;
	uint64_t	 time_us;
	uint64_t	 statuses[SB_CLASSES];
	uint64_t	 steps[LATENCY_STEPS];
};

#define MOUNT_OTHER	"other"		/* apps beyond SB_APPS */
#define MOUNT_NONE	"none"		/* no app: refused, or not found */

/*
 * The sums of dead workers, kept by path and not by number: a reload may have
 * moved the apps, and the sums of a path must never go down. So many paths
 * are told apart over all reloads; what comes then is MOUNT_OTHER.
 */
#define MOUNTS_MAX	256

struct mounts {
	struct mount_sum	*items;
	size_t			 count;
};

/* Adds what a worker of this configuration did. */
void	 mounts_add(struct mounts *mounts, const struct config *cfg,
	    const struct sb_slot *slot);
/* The dead workers' sums and those of the living; mounts_done frees it. */
void	 mounts_collect(struct mounts *mounts, const struct master *m);
void	 mounts_done(struct mounts *mounts);

#endif
