/* The spoolers that the configuration names, and their folders. */
#include "worker/spool/spools.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "config/config.h"
#include "shm/commons.h"
#include "shm/doorbell.h"
#include "worker/spool/spool_folder.h"

/* Makes the folders of one option. */
static int
spools_add(struct spools *spools, const struct strlist *list, bool external,
    char **cause)
{
	struct spool_place	*place;
	char			*why;
	size_t			 i;

	for (i = 0; i < list->count; i++) {
		place = &spools->items[spools->count++];
		place->given = xstrdup(list->items[i]);
		place->is_external = external;
		place->path = spool_folder_make(list->items[i], !external,
		    &why);
		if (place->path != NULL)
			continue;
		*cause = xasprintf("\"%s\": %s", external ?
		    "spooler-external" : "spooler", why);
		free(why);
		return -1;
	}
	return 0;
}

/* All of them. */
struct spools *
spools_new(const struct config *cfg, char **cause)
{
	size_t		 n = cfg->spooler.count + cfg->spooler_external.count;
	struct spools	*spools;

	if (n == 0)
		return NULL;
	spools = xcalloc(1, sizeof(*spools));
	spools->items = xcalloc(n, sizeof(*spools->items));
	spools->processes = cfg->spooler_processes;
	if (spools_add(spools, &cfg->spooler, false, cause) == 0 &&
	    spools_add(spools, &cfg->spooler_external, true, cause) == 0)
		return spools;
	spools_free(spools);
	return NULL;
}

/* Frees them. */
void
spools_free(struct spools *spools)
{
	size_t	 i;

	if (spools == NULL)
		return;
	for (i = 0; i < spools->count; i++) {
		free(spools->items[i].given);
		free(spools->items[i].path);
	}
	free(spools->items);
	free(spools);
}

/* Is it this text? */
static bool
spools_is(const char *name, const char *text, size_t len)
{
	return strlen(name) == len && memcmp(name, text, len) == 0;
}

/* By its path, or by what the configuration calls it. */
const struct spool_place *
spools_find(const struct spools *spools, const char *text, size_t len)
{
	const struct spool_place	*place;
	size_t				 i;

	for (i = 0; i < spools->count; i++) {
		place = &spools->items[i];
		if (spools_is(place->path, text, len) ||
		    spools_is(place->given, text, len))
			return place;
	}
	return NULL;
}

/* Those of one folder are numbered before those of the next one. */
const struct spool_place *
spools_of(const struct spools *spools, int number)
{
	return &spools->items[(number - 1) / spools->processes];
}

/* Wakes them. */
void
spools_ring(const struct spools *spools, const struct spool_place *place,
    const struct commons *commons)
{
	int	 number, i;

	if (place->is_external)
		return;
	number = (int)(place - spools->items) * spools->processes;
	for (i = 1; i <= spools->processes; i++)
		doorbell_ring(commons->doorbells, seats_of(&commons->seats,
		    PROCESS_SPOOLER, number + i));
}
