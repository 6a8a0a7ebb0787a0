/* Reloading: from one generation to the next, one worker id after the other. */
#include "master/reload.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "master/autoscale.h"
#include "master/backoff.h"
#include "master/daemons.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/seats.h"
#include "master/timer.h"
#include "master/workers.h"

#define RELOAD_RETRY_S	0.5	/* when the system had no room */
#define RELOAD_TRIES	3	/* failures until the next reload may come */

/* No reload is under way. */
void
reload_init(struct master *m)
{
	evtimer_assign(&m->reload.retry, m->base, timer_wakes_cb, NULL);
	TAILQ_INIT(&m->reload.watches);
}

/* Notes that somebody wants one. */
void
reload_request(struct master *m, const char *why)
{
	if (master_is_stopping(m))
		return;
	if (m->state == MASTER_LEAVING) {
		log_info("no reload (%s): the server is about to stop", why);
		return;
	}
	log_info("reload (%s)%s", why, m->reload.fresh != NULL ?
	    ": one is under way, this one comes after it" : "");
	m->reload.again = true;
	m->reload.requests++;
	if (upgrade_takes_reload(m))
		log_info("reload: the new master does it");
}

/* Somebody wants to know how the next one goes. */
void
reload_watch(struct master *m, struct reload_watch *watch)
{
	watch->begun = false;
	TAILQ_INSERT_TAIL(&m->reload.watches, watch, link);
}

/* And does not any more. */
void
reload_unwatch(struct master *m, struct reload_watch *watch)
{
	TAILQ_REMOVE(&m->reload.watches, watch, link);
}

/* The next one is now: it is the one that those want to know of who wait. */
static void
reload_mark_watches(struct reload *r)
{
	struct reload_watch	*watch;

	r->began_us = clock_mono_us();
	TAILQ_FOREACH(watch, &r->watches, link)
		watch->begun = true;
}

/* Tells those who wait for the one under way, or all, how it went. */
static void
reload_tell(struct reload *r, int generation, const char *failure, bool all)
{
	double			 seconds;
	struct reload_watch	*watch, *next;

	seconds = (double)(clock_mono_us() - r->began_us) / 1e6;
	for (watch = TAILQ_FIRST(&r->watches); watch != NULL; watch = next) {
		next = TAILQ_NEXT(watch, link);
		if (!watch->begun && !all)
			continue;
		TAILQ_REMOVE(&r->watches, watch, link);
		watch->done(watch, generation, seconds, failure);
	}
}

/* How it went: for the statistics, and for those who wait for it. */
static void
reload_note(struct reload *r, int generation, const char *failure)
{
	r->last_generation = generation;
	r->last_ok = failure == NULL;
	r->last_real_us = clock_real_us();
	r->last_took_us = clock_mono_us() - r->began_us;
	*(r->last_ok ? &r->count_ok : &r->count_failed) += 1;
	snprintf(r->last_failure, sizeof(r->last_failure), "%s",
	    failure != NULL ? failure : "");
	reload_tell(r, generation, failure, false);
}

/* Forgets the one under way; if another was asked for, the loop wakes up. */
static void
reload_clear(struct reload *r)
{
	r->fresh = NULL;
	r->candidate = NULL;
	r->leaving = NULL;
	r->placing = 0;
	r->committed = false;
	r->failures = 0;
	evtimer_del(&r->retry);
	if (r->again)
		timer_arm(&r->retry, 0);
}

/* Nothing has changed yet: the old generation serves on. */
static void
reload_give_up(struct master *m, const char *why)
{
	struct reload		*r = &m->reload;
	struct generation	*fresh = r->fresh;

	log_error("reload failed: %s; generation %d serves on", why,
	    m->serving->id);
	reload_note(r, fresh->id, why);
	if (r->candidate != NULL)
		workers_drain(r->candidate, ENDING_RELOAD);
	reload_clear(r);
	generation_stop(fresh);
}

/* Reads the configuration again and lets a new generation load the app. */
static void
reload_begin(struct master *m)
{
	struct reload	*r = &m->reload;
	struct config	*cfg = xcalloc(1, sizeof(*cfg));
	char		*cause = NULL;
	size_t		 i;

	r->again = false;
	reload_mark_watches(r);
	if (config_reload(cfg, m->cfg, m->argc, m->argv, &cause) == -1) {
		log_error("reload failed: %s; generation %d serves on", cause,
		    m->serving->id);
		reload_note(r, m->serving->id + 1, cause);
		free(cause);
		config_done(cfg);
		free(cfg);
		return;
	}
	for (i = 0; i < cfg->warnings.count; i++)
		log_warn("%s", cfg->warnings.items[i]);
	r->fresh = generation_new(m, cfg, true);
	r->target = cfg->reuse_port ? m->target :
	    autoscale_after_reload(cfg, m->target);
	log_info("reload: generation %d loads the app", r->fresh->id);
	generation_start(r->fresh);
}

/* The log is as the new configuration says. */
static void
reload_choose_log(struct master *m)
{
	char	*cause;

	log_choose(m->log_level != -1 ? (enum log_level)m->log_level :
	    (enum log_level)m->cfg->log_level,
	    m->cfg->log_encoder == LOG_ENCODER_JSON);
	if (master_reopen_logs(m, "reload", &cause) == 0)
		return;
	log_error("%s", cause);
	free(cause);
}

/* The first new worker is READY: there is no way back from here. */
static void
reload_commit(struct master *m)
{
	struct reload	*r = &m->reload;

	r->committed = true;
	m->serving = r->fresh;
	m->cfg = r->fresh->cfg;
	daemons_reload(m->daemons);
	reload_choose_log(m);
	if (r->target > m->target)
		seats_set_target(m, r->target);
}

/* All seats are the new generation's. */
static void
reload_finish(struct master *m)
{
	struct reload	*r = &m->reload;

	seats_set_target(m, r->target);
	log_info("reload done in %.1f s: generation %d serves",
	    (double)(clock_mono_us() - r->began_us) / 1e6, r->fresh->id);
	reload_note(r, r->fresh->id, NULL);
	reload_clear(r);
}

/* A candidate has died. */
static void
reload_candidate_lost(struct master *m)
{
	struct reload		*r = &m->reload;
	struct worker_proc	*wp = r->candidate;
	char			 why[320];
	double			 delay;

	r->candidate = NULL;
	r->placing = 0;
	if (!r->committed) {
		snprintf(why, sizeof(why), "worker %d died before it was "
		    "ready%s%s", wp->child.id,
		    wp->child.failure[0] != '\0' ? ": " : "",
		    wp->child.failure);
		reload_give_up(m, why);
		return;
	}
	r->failures++;
	if (r->failures >= RELOAD_TRIES &&
	    (r->again || m->upgrade.wanted)) {
		log_error("reload of generation %d is left incomplete for "
		    "the next one: worker %d does not start", r->fresh->id,
		    wp->child.id);
		reload_note(r, r->fresh->id, "left incomplete");
		reload_clear(r);
		return;
	}
	delay = backoff_delay(r->failures, -1, m->cfg->respawn_delay_max);
	log_warn("reload: worker %d did not start; the old one serves on, "
	    "the next try is in %g seconds", wp->child.id, delay);
	timer_arm(&r->retry, delay);
}

/* What has become of those that were waited for. */
static void
reload_notice(struct master *m)
{
	struct reload	*r = &m->reload;

	if (r->leaving != NULL && workers_is_lost(r->leaving))
		r->leaving = NULL;
	if (r->fresh->state == GENERATION_DOWN && !r->committed) {
		reload_give_up(m, r->fresh->failure);
		return;
	}
	if (r->candidate == NULL)
		return;
	if (workers_is_lost(r->candidate)) {
		reload_candidate_lost(m);
	} else if (r->candidate->child.state == SB_SLOT_READY) {
		if (!r->committed)
			reload_commit(m);
		seats_replace(m, r->candidate, ENDING_RELOAD);
		r->candidate = NULL;
		r->placing = 0;
		r->failures = 0;
	}
}

/* The first worker id that is not the new generation's, 0 if all are. */
static int
reload_next_id(const struct master *m)
{
	int	 id;

	for (id = 1; id <= m->reload.target; id++) {
		if (m->seats[id - 1].gen != m->reload.fresh)
			return id;
	}
	return 0;
}

/* The next candidate, if there can be one now. */
static void
reload_step(struct master *m)
{
	struct reload			*r = &m->reload;
	const struct worker_proc	*old;
	int				 id;

	if (r->candidate != NULL || r->leaving != NULL ||
	    evtimer_pending(&r->retry, NULL) ||
	    !generation_can_spawn(r->fresh))
		return;
	id = reload_next_id(m);
	if (id == 0) {
		reload_finish(m);
		return;
	}
	old = m->seats[id - 1].proc;
	if (old != NULL && old->owns_listeners) {
		r->placing = id;
		r->leaving = seats_vacate(m, id, ENDING_RELOAD);
		return;
	}
	if (workers_ports_taken(m, id)) {
		r->placing = id;
		return;
	}
	r->candidate = workers_spawn(m, id, r->fresh, false);
	if (r->candidate == NULL)
		timer_arm(&r->retry, RELOAD_RETRY_S);
}

/* Takes the steps that are possible. */
void
reload_turn(struct master *m)
{
	struct reload	*r = &m->reload;

	if (master_is_stopping(m))
		return;
	if (r->fresh == NULL && r->again && m->serving->was_loaded &&
	    !upgrade_is_trying(m) && !upgrade_is_leaving(m) &&
	    !takeover_is_trial(m))
		reload_begin(m);
	if (r->fresh != NULL)
		reload_notice(m);
	if (r->fresh != NULL)
		reload_step(m);
}

/* The server is about to stop: none begins after the one under way. */
void
reload_is_last(struct master *m)
{
	struct reload		*r = &m->reload;
	struct reload_watch	*watch, *next;

	r->again = false;
	for (watch = TAILQ_FIRST(&r->watches); watch != NULL; watch = next) {
		next = TAILQ_NEXT(watch, link);
		if (watch->begun)
			continue;
		TAILQ_REMOVE(&r->watches, watch, link);
		watch->done(watch, 0, 0, "the server is about to stop");
	}
}

/* The server stops. */
void
reload_abandon(struct master *m)
{
	m->reload.again = false;
	reload_clear(&m->reload);
	reload_tell(&m->reload, 0, "the server stops", true);
}

/* The number of workers was changed by hand. */
void
reload_set_target(struct master *m, int target)
{
	struct reload	*r = &m->reload;

	if (r->fresh == NULL)
		return;
	r->target = target;
	if (r->candidate != NULL && r->candidate->child.id > target) {
		workers_drain(r->candidate, ENDING_RELOAD);
		r->candidate = NULL;
	}
	if (r->placing > target) {
		r->placing = 0;
		r->leaving = NULL;
	}
}
