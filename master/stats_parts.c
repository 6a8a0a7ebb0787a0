/* Parts of the state that several JSON documents show in the same way. */
#include "master/stats_parts.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "master/background.h"
#include "master/backlog.h"
#include "master/cron_commands.h"
#include "master/daemons.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/process.h"
#include "shm/commons.h"
#include "shm/deeds.h"
#include "shm/commons.h"
#include "shm/listener.h"
#include "shm/lock.h"
#include "shm/metrics.h"
#include "shm/metrics_own.h"
#include "shm/queue.h"
#include "shm/scoreboard.h"
#include "shm/spoolers.h"

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

/* One mule. */
static void
stats_mule(struct json_out *json, const struct background_proc *bp)
{
	const struct commons	*commons = bp->child.master->commons;
	struct deeds		*deeds;
	uint64_t		 since, now = clock_mono_us();
	unsigned long long	 rss, vsz;

	deeds = &commons->deeds[bp->child.seat - commons->seats.slots];
	since = atomic_load(&deeds->since_us);
	process_memory(bp->child.pid, &rss, &vsz);
	json_open(json, NULL, '{');
	json_int(json, "id", bp->child.id);
	json_int(json, "pid", bp->child.pid);
	json_str(json, "state", child_state_name(&bp->child));
	json_int(json, "generation",
	    bp->child.gen != NULL ? bp->child.gen->id : 0);
	json_uint(json, "respawns", bp->respawns);
	json_uint(json, "messages", atomic_load(&deeds->done));
	json_uint(json, "exceptions", atomic_load(&deeds->failed));
	json_uint(json, "busy_ms", since != 0 && since < now ?
	    (now - since) / 1000 : 0);
	json_uint(json, "rss", rss);
	json_uint(json, "vsz", vsz);
	json_uint(json, "last_spawn", bp->spawned_real_us / 1000000);
	json_str(json, "failure", bp->child.failure);
	json_close(json);
}

/* The mules. */
void
stats_mules(struct json_out *json, const struct master *m)
{
	size_t	 i;

	json_open(json, "mules", '[');
	for (i = 0; i < m->nbackgrounds; i++) {
		if (m->backgrounds[i].child.kind->kind == PROCESS_MULE)
			stats_mule(json, &m->backgrounds[i]);
	}
	json_close(json);
}

/* A spooler's folder, as the configuration has it, from the top. */
static void
stats_spooler_dir(struct json_out *json, const struct background_proc *bp)
{
	const struct config	*cfg = bp->child.master->cfg;
	size_t			 i;
	const char		*dir;
	char			*cwd, *path;

	i = (size_t)((bp->child.id - 1) / cfg->spooler_processes);
	dir = i < cfg->spooler.count ? cfg->spooler.items[i] : "";
	cwd = dir[0] == '/' ? NULL : getcwd(NULL, 0);
	path = cwd == NULL ? xstrdup(dir) : xasprintf("%s/%s", cwd, dir);
	json_str(json, "dir", path);
	free(path);
	free(cwd);
}

/* One spooler. */
static void
stats_spooler(struct json_out *json, const struct background_proc *bp)
{
	const struct commons		*commons = bp->child.master->commons;
	const struct spooler_row	*row;
	struct deeds			*deeds;
	uint64_t			 since, now = clock_mono_us();

	deeds = &commons->deeds[bp->child.seat - commons->seats.slots];
	row = &commons->spoolers->rows[bp->child.id - 1];
	since = atomic_load(&deeds->since_us);
	json_open(json, NULL, '{');
	stats_spooler_dir(json, bp);
	json_int(json, "pid", bp->child.pid);
	json_uint(json, "tasks", atomic_load(&deeds->done));
	json_uint(json, "respawns", bp->respawns);
	json_int(json, "running", since != 0);
	json_int(json, "id", bp->child.id);
	json_str(json, "state", child_state_name(&bp->child));
	json_int(json, "generation",
	    bp->child.gen != NULL ? bp->child.gen->id : 0);
	json_uint(json, "failed", atomic_load(&deeds->failed));
	json_uint(json, "retried", atomic_load(&row->retried));
	json_uint(json, "put_away", atomic_load(&row->put_away));
	json_uint(json, "due", atomic_load(&row->due));
	json_uint(json, "later", atomic_load(&row->later));
	json_uint(json, "busy_ms", since != 0 && since < now ?
	    (now - since) / 1000 : 0);
	json_str(json, "failure", bp->child.failure);
	json_close(json);
}

/* The spoolers. */
void
stats_spoolers(struct json_out *json, const struct master *m)
{
	size_t	 i;

	json_open(json, "spoolers", '[');
	for (i = 0; i < m->nbackgrounds; i++) {
		if (m->backgrounds[i].child.kind->kind == PROCESS_SPOOLER)
			stats_spooler(json, &m->backgrounds[i]);
	}
	json_close(json);
}

/* The attached daemons, and the commands at times. */
void
stats_daemons(struct json_out *json, const struct master *m)
{
	daemons_show(m->daemons, json);
	cron_commands_show(m->crons, json);
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
