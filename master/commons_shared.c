/* Makes the app's shared memory: locks, metrics, queue, shared areas. */
#include "master/commons_shared.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/shared_rule.h"
#include "master/master.h"
#include "master/takeover.h"
#include "shm/commons.h"
#include "shm/lock.h"
#include "shm/metrics.h"
#include "shm/queue.h"
#include "shm/sharedarea.h"

/* The areas of "sharedarea" and those of "py-sharedarea". */
static int
commons_sharedareas(struct commons *commons, const struct config *cfg,
    char **cause)
{
	size_t			 i, n = cfg->sharedarea.count, count;
	struct sharedarea_rule	*rules;
	struct sharedarea_spec	*specs;
	char			*text;
	int			 result = 0;

	count = n + cfg->py_sharedarea.count;
	if (count == 0)
		return 0;
	rules = xcalloc(count, sizeof(*rules));
	specs = xcalloc(count, sizeof(*specs));
	for (i = 0; i < count && result == 0; i++) {
		text = i < n ? xstrdup(cfg->sharedarea.items[i]) :
		    xasprintf("size=%s", cfg->py_sharedarea.items[i - n]);
		result = sharedarea_rule_parse(&rules[i], text, cause);
		free(text);
		specs[i] = (struct sharedarea_spec){ .size = rules[i].size,
		    .file = rules[i].file, .fd = rules[i].fd,
		    .offset = (off_t)rules[i].offset };
	}
	if (result == 0)
		commons->sharedareas = sharedareas_new(specs, (int)count,
		    cause);
	while (i > 0)
		sharedarea_rule_done(&rules[--i]);
	free(rules);
	free(specs);
	return commons->sharedareas == NULL ? -1 : 0;
}

/* Those of lock(), and one for each area. */
static int
commons_locks(struct commons *commons, const struct config *cfg,
    char **cause)
{
	struct sharedareas	*areas = commons->sharedareas;
	int			 i, count = areas == NULL ? 0 : areas->count;

	commons->locks = locks_new(cfg->locks + 1, count,
	    seats_count(&commons->seats), commons->lives,
	    commons->doorbells, cause);
	if (commons->locks == NULL)
		return -1;
	for (i = 0; i < count; i++)
		areas->items[i].lock = &commons->locks->items[cfg->locks +
		    1 + i];
	return 0;
}

/* The app's metrics. */
static int
commons_metrics(struct commons *commons, const struct config *cfg,
    char **cause)
{
	size_t			 i, count = cfg->metric.count;
	struct metric_rule	*rules;
	struct metric_spec	*specs;
	int			 result = 0;

	if (count == 0)
		return 0;
	rules = xcalloc(count, sizeof(*rules));
	specs = xcalloc(count, sizeof(*specs));
	for (i = 0; i < count && result == 0; i++) {
		result = metric_rule_parse(&rules[i], cfg->metric.items[i],
		    cause);
		specs[i] = (struct metric_spec){ .name = rules[i].name,
		    .oid = rules[i].oid, .type = (int)rules[i].type,
		    .initial = rules[i].initial };
	}
	if (result == 0)
		commons->metrics = app_metrics_new(specs, (int)count, cause);
	while (i > 0)
		metric_rule_done(&rules[--i]);
	free(rules);
	free(specs);
	return commons->metrics == NULL ? -1 : 0;
}

/* The queue. */
static int
commons_queue(struct commons *commons, const struct config *cfg,
    char **cause)
{
	const char	*join;

	join = takeover_is_upgrade() ? getenv("WSGIMASTER_QUEUE") : NULL;
	if (cfg->queue != 0)
		commons->queue = queue_new((uint64_t)cfg->queue,
		    cfg->queue_blocksize, cfg->queue_store, join, cause);
	unsetenv("WSGIMASTER_QUEUE");
	if (cfg->queue == 0)
		return 0;
	if (commons->queue != NULL && commons->queue->joined)
		log_info("queue-store: shared with the old server's "
		    "processes until they have left");
	return commons->queue == NULL ? -1 : 0;
}

/* All of it. */
int
commons_shared_init(struct commons *commons, const struct config *cfg,
    char **cause)
{
	if (commons_sharedareas(commons, cfg, cause) == -1 ||
	    commons_locks(commons, cfg, cause) == -1 ||
	    commons_metrics(commons, cfg, cause) == -1 ||
	    commons_queue(commons, cfg, cause) == -1)
		return -1;
	return 0;
}

/* Unmaps it. */
void
commons_shared_done(struct commons *commons)
{
	queue_free(commons->queue);
	app_metrics_free(commons->metrics);
	locks_free(commons->locks);
	sharedareas_free(commons->sharedareas);
}

/* queue-store-sync. */
void
commons_shared_check(struct master *m)
{
	struct queue	*q = m->commons->queue;
	uint64_t	 now = clock_mono_us();

	if (q == NULL || m->cfg->queue_store_sync == 0 || now - q->synced_us <
	    (uint64_t)m->cfg->queue_store_sync * 1000000)
		return;
	q->synced_us = now;
	queue_sync(q);
}
