/* What the master looks at again and again, without having been told. */
#include "master/checks.h"

#include <event2/event.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "master/autoscale.h"
#include "master/commons_shared.h"
#include "master/master.h"
#include "master/stuck.h"
#include "master/touch.h"
#include "master/service.h"

struct checks {
	struct master	*master;
	struct event	*ev;
};

/* One row for each thing that is looked at, in this order. */
static void (*const checks_table[])(struct master *m) = {
	stuck_check,
	autoscale_check,
	recycle_check,
	touch_check,
	service_check,
	commons_shared_check,
	NULL
};

/* Looks at all of it. */
static void
checks_cb(evutil_socket_t fd, short what, void *arg)
{
	struct checks	*checks = arg;
	size_t		 i;

	(void)fd, (void)what;
	for (i = 0; checks_table[i] != NULL; i++)
		checks_table[i](checks->master);
}

/* Begins to look. */
struct checks *
checks_new(struct master *m)
{
	static const struct timeval	 often = { 0, 500000 };
	struct checks			*checks = xcalloc(1, sizeof(*checks));

	checks->master = m;
	checks->ev = event_new(m->base, -1, EV_PERSIST, checks_cb, checks);
	if (checks->ev == NULL || event_add(checks->ev, &often) == -1)
		fatalx("cannot make the timer of the checks");
	return checks;
}

/* Looks no more. */
void
checks_free(struct checks *checks)
{
	event_free(checks->ev);
	free(checks);
}
