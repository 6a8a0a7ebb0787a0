/* Makes what the processes of the server have in common. */
#ifndef WM_MASTER_COMMONS_H
#define WM_MASTER_COMMONS_H

#include <stddef.h>

struct commons;
struct config;

/* What the configuration asks for; -1 with *cause. commons_done either way. */
int	 commons_init(struct commons *commons, const struct config *cfg,
	    char **cause);
/*
 * All descriptors that are part of it, which each child needs: how many, and
 * in *fds a list that the caller frees.
 */
size_t	 commons_descriptors(const struct commons *commons, int **fds);
/* Closes and unmaps; the struct may be all zero. */
void	 commons_done(struct commons *commons);
/*
 * The process on that seat is reaped: what it has in shared memory is a dead
 * one's, and whoever waits for it looks.
 */
void	 commons_seat_left(const struct commons *commons, int seat);

#endif
