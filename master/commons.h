/* Makes what the processes of the server have in common. */
#ifndef WM_MASTER_COMMONS_H
#define WM_MASTER_COMMONS_H

struct commons;
struct config;

/* What the configuration asks for; -1 with *cause. commons_done either way. */
int	 commons_init(struct commons *commons, const struct config *cfg,
	    char **cause);
/* Closes and unmaps; the struct may be all zero. */
void	 commons_done(struct commons *commons);
/*
 * The process on that seat is reaped: what it has in shared memory is a dead
 * one's, and whoever waits for it looks.
 */
void	 commons_seat_left(const struct commons *commons, int seat);

#endif
