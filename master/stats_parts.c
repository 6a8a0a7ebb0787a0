/* Parts of the state that several JSON documents show in the same way. */
#include "master/stats_parts.h"

#include "base/json_out.h"
#include "config/config.h"
#include "master/backlog.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/process.h"
#include "shm/commons.h"
#include "shm/listener.h"
#include "shm/lock.h"
#include "shm/metrics.h"
#include "shm/metrics_own.h"
#include "shm/queue.h"
#include "shm/scoreboard.h"

/* The generations there are. */
void
stats_generations(struct json_out *json, const struct master *m)
{
	const struct generation	*gen;

	json_open(json, "generations", '[');
	TAILQ_FOREACH(gen, &m->generations, link) {
		json_open(json, NULL, '{');
		json_int(json, "id", gen->id);
		json_str(json, "state", generation_state_name(gen->state));
		json_int(json, "spawner_pid", gen->pid);
		json_uint(json, "workers", gen->workers);
		json_str(json, "failure", gen->failure);
		json_close(json);
	}
	json_close(json);
}

/* The reload under way and the last one. */
void
stats_reload(struct json_out *json, const struct master *m)
{
	const struct reload	*r = &m->reload;

	json_open(json, "reload", '{');
	json_bool(json, "running", r->fresh != NULL);
	json_int(json, "generation", r->fresh != NULL ? r->fresh->id : 0);
	if (r->last_generation != 0) {
		json_open(json, "last", '{');
		json_int(json, "generation", r->last_generation);
		json_bool(json, "ok", r->last_ok);
		json_str(json, "error", r->last_failure);
		json_close(json);
	}
	json_close(json);
}

/* How many worker processes ended for which reason. */
void
stats_endings(struct json_out *json, const struct master *m)
{
	int	 i;

	json_open(json, "endings", '{');
	for (i = 0; i < ENDING_COUNT; i++)
		json_uint(json, ending_name((enum ending)i), m->endings[i]);
	json_close(json);
}

/* The locks, each with its owner's process id; 0: it is free. */
void
stats_locks(struct json_out *json, const struct master *m)
{
	const struct locks	*locks = m->commons->locks;
	int			 i;

	json_open(json, "locks", '[');
	for (i = 0; i < locks->count; i++) {
		json_open(json, NULL, '{');
		json_int(json, locks->items[i].name,
		    lock_owner(&locks->items[i]));
		json_close(json);
	}
	json_close(json);
}

/* One metric; arg is the writer. */
static void
stats_metric(void *arg, const char *name, int type, const char *oid,
    int64_t value)
{
	struct json_out	*json = arg;

	json_open(json, name, '{');
	json_int(json, "type", type);
	json_str(json, "oid", oid);
	json_int(json, "value", value);
	json_close(json);
}

/* The length of a socket's listen queue. */
static unsigned
stats_backlog(const void *arg, int i)
{
	const struct listeners	*listeners = arg;
	unsigned		 max;

	return backlog_length(&listeners->items[i], &max);
}

/* uWSGI's own metrics, if they are asked for, and the app's. */
void
stats_metrics(struct json_out *json, const struct master *m)
{
	const struct app_metrics	*app = m->commons->metrics;
	struct metrics_own		 own = { .sb = m->sb,
	    .workers = m->cfg->processes_at_start,
	    .no_cores = m->cfg->metrics_no_cores || m->cfg->stats_no_cores,
	    .sockets = (int)m->listeners->count, .memory = process_memory,
	    .backlog = stats_backlog, .backlog_arg = m->listeners };
	int				 i;

	json_open(json, "metrics", '{');
	if (m->cfg->enable_metrics && !m->cfg->stats_no_metrics)
		metrics_own_each(&own, stats_metric, json);
	for (i = 0; app != NULL && !m->cfg->stats_no_metrics &&
	    i < app->count; i++)
		stats_metric(json, app->items[i].name, app->items[i].type,
		    app->items[i].oid, metric_get(&app->items[i]));
	json_close(json);
}

/* The queue. */
void
stats_queue(struct json_out *json, const struct master *m)
{
	const struct queue	*q = m->commons->queue;

	if (q == NULL)
		return;
	json_open(json, "queue", '{');
	json_uint(json, "slots", q->slots);
	json_uint(json, "blocksize", q->blocksize);
	json_uint(json, "messages", queue_count(q));
	json_uint(json, "slot", queue_slot(q));
	json_uint(json, "pull_slot", queue_pull_slot(q));
	json_close(json);
}
