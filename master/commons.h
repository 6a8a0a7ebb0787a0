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

#endif
