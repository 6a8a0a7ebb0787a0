/* Is it time to replace a worker? Pure. */
#include "master/recycle_due.h"

#include "config/config.h"

#define RECYCLE_JITTER	0.1	/* of a limit without delta */
#define MIB		(1024 * 1024)

/* A limit as it is for this worker. */
static double
recycle_limit(double limit, double delta, const struct recycle_facts *facts)
{
	if (delta > 0)
		return limit + delta * facts->id;
	return limit * (1 + RECYCLE_JITTER * facts->jitter);
}

/* Is a limit in MiB set, and exceeded? */
static bool
recycle_exceeds(int limit, uint64_t bytes)
{
	return limit > 0 && bytes > (uint64_t)limit * MIB;
}

/* The first reason that holds. */
enum ending
recycle_due(const struct config *cfg, const struct recycle_facts *facts)
{
	if (facts->seconds < cfg->min_worker_lifetime)
		return ENDING_DIED;
	if (cfg->max_requests > 0 && facts->requests >= (uint64_t)
	    recycle_limit(cfg->max_requests, cfg->max_requests_delta, facts))
		return ENDING_MAX_REQUESTS;
	if (cfg->max_worker_lifetime > 0 && facts->seconds >=
	    recycle_limit(cfg->max_worker_lifetime,
	    cfg->max_worker_lifetime_delta, facts))
		return ENDING_LIFETIME;
	if (recycle_exceeds(cfg->reload_on_as, facts->mem.as) ||
	    recycle_exceeds(cfg->reload_on_rss, facts->mem.rss) ||
	    recycle_exceeds(cfg->reload_on_uss, facts->mem.uss) ||
	    recycle_exceeds(cfg->reload_on_pss, facts->mem.pss))
		return ENDING_MEMORY;
	return ENDING_DIED;
}

/* Is there a limit that the cheap file tells? */
bool
recycle_wants_memory(const struct config *cfg)
{
	return cfg->reload_on_as > 0 || cfg->reload_on_rss > 0;
}

/* Is there a limit that the dear file tells? */
bool
recycle_wants_shares(const struct config *cfg)
{
	return cfg->reload_on_uss > 0 || cfg->reload_on_pss > 0;
}

/* Is there any limit? */
bool
recycle_is_wanted(const struct config *cfg)
{
	return cfg->max_requests > 0 || cfg->max_worker_lifetime > 0 ||
	    recycle_wants_memory(cfg) || recycle_wants_shares(cfg);
}
