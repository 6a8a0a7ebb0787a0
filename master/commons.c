/* Makes what the processes of the server have in common. */
#include "master/commons.h"

#include <string.h>

#include "config/config.h"
#include "master/commons_caches.h"
#include "shm/commons.h"
#include "shm/doorbell.h"

/* How many processes of each kind there can be. */
static void
commons_count_seats(struct seats *seats, const struct config *cfg)
{
	/* Twice: in a reload, two processes have one worker id. */
	seats->slots = 2 * cfg->processes;
}

/* Makes what the configuration asks for. */
int
commons_init(struct commons *commons, const struct config *cfg, char **cause)
{
	memset(commons, 0, sizeof(*commons));
	commons_count_seats(&commons->seats, cfg);
	commons->doorbells = doorbells_new(seats_count(&commons->seats),
	    cause);
	if (commons->doorbells == NULL)
		return -1;
	return commons_caches(&commons->caches, cfg, cause);
}

/* Closes and unmaps. */
void
commons_done(struct commons *commons)
{
	commons_caches_free(commons->caches);
	doorbells_free(commons->doorbells);
	memset(commons, 0, sizeof(*commons));
}
