/* Jobs: what a worker does beside its requests. */
#include "worker/job.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "shm/scoreboard.h"
#include "worker/core.h"
#include "worker/harakiri.h"
#include "worker/request_id.h"
#include "worker/worker.h"

#define JOB_WARN_US	10000000	/* not more often */

/* The core on which they run. */
static struct core *
job_core(const struct worker *w)
{
	return &w->cores[w->ncores];
}

/* None yet. */
void
jobs_init(struct worker *w)
{
	STAILQ_INIT(&w->jobs.queue);
}

/* Forgets those that were never begun. */
void
jobs_done(struct worker *w)
{
	struct job	*job;

	while ((job = STAILQ_FIRST(&w->jobs.queue)) != NULL) {
		STAILQ_REMOVE_HEAD(&w->jobs.queue, link);
		free(job);
	}
	w->jobs.queued = 0;
}

/* Counts one that was refused, and says so now and then. */
static void
job_refuse(struct worker *w)
{
	uint64_t	 now = clock_mono_us();

	sb_add(&w->stats->jobs_lost, 1);
	if (w->stopped || (w->jobs.warned_us != 0 &&
	    now - w->jobs.warned_us < JOB_WARN_US))
		return;
	w->jobs.warned_us = now;
	log_warn("%u jobs (signals) wait already: one more is lost, %llu so "
	    "far", w->jobs.queued,
	    (unsigned long long)sb_get(&w->stats->jobs_lost));
}

/* One more. */
int
job_add(struct worker *w, void (*run)(struct core *core, void *arg), void *arg)
{
	struct job	*job;

	if (w->forked)
		return -1;
	if (w->stopped || w->jobs.queued >= JOB_QUEUE_MAX) {
		job_refuse(w);
		return -1;
	}
	job = xmalloc(sizeof(*job));
	job->run = run;
	job->arg = arg;
	STAILQ_INSERT_TAIL(&w->jobs.queue, job, link);
	w->jobs.queued++;
	sb_set(&w->stats->jobs_queued, w->jobs.queued);
	if (w->running == NULL && !w->working)
		event_active(&w->work_ev, EV_TIMEOUT, 1);
	return 0;
}

/* Is nothing left to do? */
bool
jobs_are_over(const struct worker *w)
{
	return w->jobs.queued == 0 && job_core(w)->state == CORE_IDLE;
}

/*
 * Shall one begin now? Requests that can begin, and those that go on, have
 * their turn.
 */
bool
job_is_due(const struct worker *w)
{
	return w->jobs.queued > 0 && job_core(w)->state == CORE_IDLE &&
	    (!w->jobs.begun || (TAILQ_EMPTY(&w->woken) &&
	    (w->nready + w->queued == 0 || TAILQ_EMPTY(&w->idle))));
}

/* What it is. */
void
job_show(struct core *core, const char *what)
{
	const struct request	*req = &core->req;
	uint64_t		 deadline = sb_get(&core->sb->deadline_us);

	sb_core_begin(core->sb, &(struct sb_request){
	    .start_us = req->start_us, .method = { "JOB", 3 },
	    .addr = { "", 0 }, .id = { req->id, req->id_len },
	    .path = { what, strlen(what) } });
	sb_set(&core->sb->deadline_us, deadline);
}

/* The next one gets the core. */
struct core *
job_begin(struct worker *w)
{
	struct core	*core = job_core(w);

	core->job = STAILQ_FIRST(&w->jobs.queue);
	STAILQ_REMOVE_HEAD(&w->jobs.queue, link);
	w->jobs.queued--;
	w->jobs.begun = true;
	sb_set(&w->stats->jobs_queued, w->jobs.queued);
	core->switches = 0;
	core->req.start_us = clock_mono_us();
	core->req.end_us = 0;
	request_id_make(&core->req);
	job_show(core, "");
	harakiri_begin_job(core);
	core_set_state(core, CORE_RUNNING);
	return core;
}

/* Does it. */
void
job_run(struct core *core)
{
	const struct job	*job = core->job;

	job->run(core, job->arg);
	core->req.end_us = clock_mono_us();
	sb_core_end(core->sb);
}

/* It is over. */
void
job_end(struct core *core)
{
	free(core->job);
	core->job = NULL;
	pool_reset(&core->req.pool);
	core_set_state(core, CORE_IDLE);
	sb_add(&core->worker->stats->jobs, 1);
}
