/* Autoscale: what the policies of scale.h see, and what follows from it. */
#ifndef WM_MASTER_AUTOSCALE_H
#define WM_MASTER_AUTOSCALE_H

struct autoscale;
struct config;
struct master;

/*
 * With the option "cheaper" the number of workers follows the load, between
 * cheaper and processes. Without it nothing here does anything.
 */
struct autoscale *autoscale_new(struct master *m);
void	 autoscale_free(struct autoscale *a);

/* One of the master's checks (checks.h): looks, asks the policy, changes. */
void	 autoscale_check(struct master *m);
/* So many workers at the start. */
int	 autoscale_initial(const struct config *cfg);
/* So many after a reload to cfg, when there are workers now. */
int	 autoscale_after_reload(const struct config *cfg, int workers);
/* The least and most to which the number can be changed by hand. */
int	 autoscale_least(const struct master *m);
int	 autoscale_most(const struct master *m);
/* Per cent of the cores' time in use over the last window, -1: not known. */
double	 autoscale_busyness(const struct master *m);

#endif
