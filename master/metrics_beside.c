/* The metrics of what stands beside the requests: mules, caches, locks... */
#include "master/metrics_beside.h"

#include <stddef.h>

#include "config/config.h"
#include "config/shared_rule.h"
#include "master/background.h"
#include "master/master.h"
#include "master/metrics_text.h"
#include "shm/cache.h"
#include "shm/commons.h"
#include "shm/deeds.h"
#include "shm/lock.h"
#include "shm/metrics.h"
#include "shm/queue.h"
#include "shm/spoolers.h"

/* Mules: what they have done, and how often they were started again. */
static void
metrics_mules(const struct master *m, struct metrics_text *t)
{
	uint64_t		 done = 0, failed = 0, respawns = 0, ready = 0;
	const struct deeds	*deeds;
	size_t			 i;

	for (i = 0; i < m->nbackgrounds; i++) {
		if (m->backgrounds[i].child.kind->kind != PROCESS_MULE)
			continue;
		deeds = &m->commons->deeds[m->backgrounds[i].child.seat -
		    m->commons->seats.slots];
		done += atomic_load(&deeds->done);
		failed += atomic_load(&deeds->failed);
		respawns += m->backgrounds[i].respawns;
		ready += m->backgrounds[i].child.state == SB_SLOT_READY;
	}
	metrics_gauge(t, "mules_ready", "Mules that work.", ready);
	metrics_counter(t, "mule_messages",
	    "Messages that mules have handled by their hooks.", done);
	metrics_counter(t, "mule_exceptions",
	    "Of these, those whose hook has raised.", failed);
	metrics_counter(t, "mule_respawns",
	    "Mules started in the place of one that was lost.", respawns);
}

/* Spoolers: the same, and what waits for them. */
static void
metrics_spoolers(const struct master *m, struct metrics_text *t)
{
	const struct commons		*commons = m->commons;
	const struct deeds		*deeds;
	const struct spooler_row	*row;
	uint64_t			 done = 0, failed = 0, put_away = 0;
	uint64_t			 due = 0, later = 0;
	int				 i;

	if (commons->seats.spoolers == 0)
		return;
	for (i = 0; i < commons->seats.spoolers; i++) {
		deeds = &commons->deeds[commons->seats.mules + i];
		row = &commons->spoolers->rows[i];
		done += atomic_load(&deeds->done);
		failed += atomic_load(&deeds->failed);
		put_away += atomic_load(&row->put_away);
		/* Those of one folder see the same tasks. */
		if (i % m->cfg->spooler_processes != 0)
			continue;
		due += atomic_load(&row->due);
		later += atomic_load(&row->later);
	}
	metrics_counter(t, "spooler_tasks", "Tasks that spoolers have run.",
	    done);
	metrics_counter(t, "spooler_failures",
	    "Of these, those whose handler has raised.", failed);
	metrics_counter(t, "spooler_put_away", "Tasks that were moved to the "
	    "folder \"failed\".", put_away);
	metrics_gauge(t, "spooler_tasks_due", "Tasks that wait for a spooler.",
	    due);
	metrics_gauge(t, "spooler_tasks_later",
	    "Tasks that wait for their time.", later);
}

/* One value of each cache. */
static const struct {
	const char		*name;
	enum metrics_kind	 kind;
	const char		*help;
	size_t			 offset;	/* in cache_stats */
} metrics_per_cache[] = {
	{ "cache_items", METRICS_GAUGE, "Items of a cache, expired ones "
	    "whose room was not taken back yet included.",
	    offsetof(struct cache_stats, items) },
	{ "cache_hits", METRICS_COUNTER, "Reads that found an item.",
	    offsetof(struct cache_stats, hits) },
	{ "cache_misses", METRICS_COUNTER, "Reads that found none.",
	    offsetof(struct cache_stats, miss) },
	{ "cache_full", METRICS_COUNTER, "Writes that found the cache full.",
	    offsetof(struct cache_stats, full) },
	{ "cache_evictions", METRICS_COUNTER, "Items dropped for others.",
	    offsetof(struct cache_stats, evicted) },
	{ "cache_expired", METRICS_COUNTER, "Expired items whose room was "
	    "taken back.", offsetof(struct cache_stats, expired) },
	{ "cache_repairs", METRICS_COUNTER, "Repairs after a process was "
	    "killed inside a write.",
	    offsetof(struct cache_stats, repairs) },
};

/* What is told of each cache. */
static void
metrics_caches(const struct master *m, struct metrics_text *t)
{
	const struct caches	*caches = m->commons->caches;
	struct cache_stats	 stats;
	size_t			 row, i;

	if (caches == NULL)
		return;
	metrics_family(t, "cache_items_limit", METRICS_GAUGE,
	    "How many there may be at most.");
	for (i = 0; i < caches->count; i++) {
		metrics_label(t, "cache",
		    cache_spec(caches->items[i])->name);
		metrics_uint(t, cache_spec(caches->items[i])->items);
	}
	for (row = 0; row < sizeof(metrics_per_cache) /
	    sizeof(metrics_per_cache[0]); row++) {
		metrics_family(t, metrics_per_cache[row].name,
		    metrics_per_cache[row].kind, metrics_per_cache[row].help);
		for (i = 0; i < caches->count; i++) {
			cache_stats(caches->items[i], &stats);
			metrics_label(t, "cache",
			    cache_spec(caches->items[i])->name);
			metrics_uint(t, *(const uint64_t *)((const
			    char *)&stats + metrics_per_cache[row].offset));
		}
	}
}

/* The app's metrics of these types, whose names are labels. */
static void
metrics_app(const struct master *m, struct metrics_text *t, bool counters)
{
	const struct app_metrics	*app = m->commons->metrics;
	const struct metric		*metric;
	int				 i;

	metrics_family(t, counters ? "app_counter" : "app_gauge",
	    counters ? METRICS_COUNTER : METRICS_GAUGE,
	    counters ? "The app's own metrics that are counters, by name." :
	    "The app's own metrics that are gauges or absolute, by name.");
	for (i = 0; i < app->count; i++) {
		metric = &app->items[i];
		if ((metric->type == METRIC_TYPE_COUNTER) != counters ||
		    (counters && metric_get(metric) < 0))
			continue;
		metrics_label(t, "name", metric->name);
		metrics_int(t, metric_get(metric));
	}
}

/* What the app shares: its metrics, and how full the queue is. */
static void
metrics_shared(const struct master *m, struct metrics_text *t)
{
	const struct commons	*commons = m->commons;
	unsigned long long	 deaths = 0;
	int			 i;

	for (i = 0; i < commons->locks->count; i++)
		deaths += sb_get(&commons->locks->items[i].shared->deaths);
	metrics_counter(t, "lock_deaths", "Locks that were freed since their "
	    "owner's process had died.", deaths);
	if (commons->metrics != NULL) {
		metrics_app(m, t, true);
		metrics_app(m, t, false);
	}
	if (commons->queue == NULL)
		return;
	metrics_gauge(t, "queue_messages", "Messages in the app's queue.",
	    queue_count(commons->queue));
	metrics_gauge(t, "queue_slots", "How many there is room for.",
	    commons->queue->slots);
}

/* All of them. */
void
metrics_beside(const struct master *m, struct metrics_text *t)
{
	metrics_mules(m, t);
	metrics_spoolers(m, t);
	metrics_caches(m, t);
	metrics_shared(m, t);
}
