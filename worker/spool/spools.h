/* The spoolers that the configuration names, and their folders. */
#ifndef WM_WORKER_SPOOL_SPOOLS_H
#define WM_WORKER_SPOOL_SPOOLS_H

#include <stdbool.h>
#include <stddef.h>

struct commons;
struct config;

/*
 * Made in the spawner, as the app's user, before anything changes the working
 * folder. "spooler" first, "spooler-external" (run by somebody else) behind.
 */
struct spool_place {
	char		*given;		/* as in the configuration */
	char		*path;		/* absolute */
	bool		 is_external;
};

struct spools {
	struct spool_place	*items;
	size_t			 count;
	int			 processes;	/* of each that is ours */
};

/* NULL without *cause: none is asked for. */
struct spools *spools_new(const struct config *cfg, char **cause);
void	 spools_free(struct spools *spools);
/* By the text of "spooler"; NULL: there is none. */
const struct spool_place *spools_find(const struct spools *spools,
	    const char *text, size_t len);
/* That of a spooler process (1..N). */
const struct spool_place *spools_of(const struct spools *spools, int number);
/* Wakes the processes of one. */
void	 spools_ring(const struct spools *spools,
	    const struct spool_place *place, const struct commons *commons);

#endif
