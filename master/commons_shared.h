/* Makes the app's shared memory: locks, metrics, queue, shared areas. */
#ifndef WM_MASTER_COMMONS_SHARED_H
#define WM_MASTER_COMMONS_SHARED_H

struct commons;
struct config;
struct master;

/* What the options ask for; -1 with *cause. For commons.c. */
int	 commons_shared_init(struct commons *commons,
	    const struct config *cfg, char **cause);
void	 commons_shared_done(struct commons *commons);
/* For checks.c: what is to be done now and then. */
void	 commons_shared_check(struct master *m);

#endif
