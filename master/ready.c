/* Is the server ready to answer requests? */
#include "master/ready.h"

#include <stddef.h>

#include "master/master.h"
#include "master/seats.h"
#include "master/workers.h"

/* Why it is not ready; NULL: it is. */
const char *
master_why_not_ready(const struct master *m)
{
	int	 i;

	if (m->state != MASTER_RUNNING)
		return master_state_name(m->state);
	for (i = 0; i < m->max; i++) {
		if (m->seats[i].proc != NULL &&
		    m->seats[i].proc->child.state == SB_SLOT_READY)
			return NULL;
	}
	return "no worker is ready";
}

/* Can a request be answered now? */
bool
master_is_ready(const struct master *m)
{
	return master_why_not_ready(m) == NULL;
}
