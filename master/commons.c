/* Makes what the processes of the server have in common. */
#include "master/commons.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "config/config.h"
#include "config/mule_rule.h"
#include "master/commons_shared.h"
#include "master/commons_caches.h"
#include "shm/cache.h"
#include "shm/commons.h"
#include "shm/deeds.h"
#include "shm/doorbell.h"
#include "shm/mailbox.h"
#include "shm/spoolers.h"
#include "shm/lives.h"

/* How many processes of each kind there can be. */
static void
commons_count_seats(struct seats *seats, const struct config *cfg)
{
	/* Twice: in a reload, two processes have one worker id. */
	seats->slots = 2 * cfg->processes;
	seats->mules = mules_count(cfg);
	seats->spoolers = spoolers_count(cfg);
}

/* What spoolers tell of themselves. */
static int
commons_init_spoolers(struct commons *commons, const struct config *cfg,
    char **cause)
{
	if (cfg->spooler.count == 0 && cfg->spooler_external.count == 0)
		return 0;
	commons->spoolers = spoolers_new(commons->seats.spoolers);
	if (commons->spoolers != NULL)
		return 0;
	*cause = xasprintf("cannot map shared memory: %s", strerror(errno));
	return -1;
}

/* What mules and spoolers work with. */
static int
commons_init_background(struct commons *commons, const struct config *cfg,
    char **cause)
{
	int	 n = commons->seats.mules + commons->seats.spoolers;

	if (n == 0)
		return 0;
	commons->deeds = deeds_new(n);
	if (commons->deeds == NULL) {
		*cause = xasprintf("cannot map shared memory: %s",
		    strerror(errno));
		return -1;
	}
	if (commons->seats.mules == 0)
		return 0;
	commons->mailboxes = mailboxes_new(commons->seats.mules,
	    (int)cfg->farm.count, cfg->mule_msg_size, cause);
	return commons->mailboxes == NULL ? -1 : 0;
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
	commons->lives = lives_new(seats_count(&commons->seats), cause);
	if (commons->lives == NULL)
		return -1;
	if (commons_init_spoolers(commons, cfg, cause) == -1 ||
	    commons_init_background(commons, cfg, cause) == -1)
		return -1;
	if (commons_caches(&commons->caches, cfg, cause) == -1)
		return -1;
	return commons_shared_init(commons, cfg, cause);
}

/* All descriptors that its parts consist of. */
size_t
commons_descriptors(const struct commons *commons, int **fds)
{
	const struct doorbells	*bells = commons->doorbells;
	const struct mailboxes	*boxes = commons->mailboxes;
	const struct caches	*caches = commons->caches;
	size_t			 n = 0, ncaches, j;
	int			 i, nboxes;

	nboxes = boxes == NULL ? 0 : mailboxes_count(boxes);
	ncaches = caches == NULL ? 0 : caches->count;
	*fds = xcalloc((size_t)(bells->count + 2 * nboxes) + ncaches + 1,
	    sizeof(**fds));
	for (i = 0; i < bells->count; i++)
		(*fds)[n++] = bells->fds[i];
	for (i = 0; i < nboxes; i++) {
		(*fds)[n++] = boxes->list[i].in;
		(*fds)[n++] = boxes->list[i].out;
	}
	for (j = 0; j < ncaches; j++) {
		if (cache_store_fd(caches->items[j]) != -1)
			(*fds)[n++] = cache_store_fd(caches->items[j]);
	}
	return n;
}

/* Closes and unmaps. */
void
commons_done(struct commons *commons)
{
	mailboxes_free(commons->mailboxes);
	spoolers_free(commons->spoolers);
	deeds_free(commons->deeds, commons->seats.mules +
	    commons->seats.spoolers);
	commons_shared_done(commons);
	lives_free(commons->lives);
	commons_caches_free(commons->caches);
	doorbells_free(commons->doorbells);
	memset(commons, 0, sizeof(*commons));
}

/* Nobody sits there any more: what he had is free. */
void
commons_seat_left(const struct commons *commons, int seat)
{
	life_end(commons->lives, seat);
	doorbell_ring_all(commons->doorbells);
}
