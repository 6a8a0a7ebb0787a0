/* What the stats socket answers to those who only ask whether all is well. */
#include "master/stats_health.h"

#include "master/ready.h"

/* The master's loop turns, or this would not be said. */
enum stats_progress
stats_livez(struct stats_reply *r)
{
	strbuf_adds(&r->out, "ok\n");
	return STATS_DONE;
}

/* Shall requests be sent here? */
enum stats_progress
stats_readyz(struct stats_reply *r)
{
	const char	*why = master_why_not_ready(r->master);

	if (why != NULL)
		r->status = 503;
	strbuf_addf(&r->out, "%s\n", why == NULL ? "ok" : why);
	return STATS_DONE;
}
