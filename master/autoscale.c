/* Autoscale: what the policies of scale.h see, and what follows from it. */
#include "master/autoscale.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "master/backlog.h"
#include "master/master.h"
#include "master/scale.h"
#include "master/seats.h"
#include "master/workers.h"
#include "shm/listener.h"
#include "shm/scoreboard.h"

#define AUTOSCALE_MANY	100000	/* of a worker's: more does not matter */

/* How much a process's cores had worked when it was last looked at. */
struct autoscale_seen {
	int32_t		 pid;
	uint64_t	 used_us;
};

struct autoscale {
	struct scale_state	 state;
	uint64_t		 last_us;	/* the look before; 0: none */
	struct autoscale_seen	*seen;		/* one per slot */
};

/* Nothing is known of the load. */
struct autoscale *
autoscale_new(struct master *m)
{
	struct autoscale	*a = xcalloc(1, sizeof(*a));

	a->seen = xcalloc(m->sb->slots, sizeof(*a->seen));
	a->state.busyness = -1;
	return a;
}

/* Forgets all. */
void
autoscale_free(struct autoscale *a)
{
	free(a->seen);
	free(a);
}

/* Within the bounds that a configuration says. */
static int
autoscale_clamp(const struct config *cfg, int workers)
{
	if (workers < cfg->cheaper)
		workers = cfg->cheaper;
	return workers > cfg->processes ? cfg->processes : workers;
}

/* How many at the start. */
int
autoscale_initial(const struct config *cfg)
{
	if (cfg->cheaper == 0)
		return cfg->processes;
	return autoscale_clamp(cfg, cfg->cheaper_initial);
}

/* A new generation starts with what the load needs now. */
int
autoscale_after_reload(const struct config *cfg, int workers)
{
	if (cfg->cheaper == 0)
		return cfg->processes;
	return autoscale_clamp(cfg, workers);
}

/* The least by hand. */
int
autoscale_least(const struct master *m)
{
	return m->cfg->cheaper > 0 ? autoscale_clamp(m->cfg, 0) : 1;
}

/* The most by hand. */
int
autoscale_most(const struct master *m)
{
	return m->cfg->cheaper > 0 && m->cfg->processes < m->max ?
	    m->cfg->processes : m->max;
}

/* For the statistics. */
double
autoscale_busyness(const struct master *m)
{
	return m->autoscale->state.busyness;
}

/* How long the requests that are under way in a slot have run, added up. */
static uint64_t
autoscale_running(struct scoreboard *sb, uint32_t slot, uint64_t now)
{
	struct sb_core_view	 view;
	const struct sb_core	*core;
	uint64_t		 sum = 0;
	uint32_t		 i, left;

	left = sb_get(&sb_slot(sb, slot)->busy_cores);
	for (i = 0; i < sb->cores && left > 0; i++) {
		core = sb_core(sb, slot, i);
		if (sb_get(&core->state) == SB_CORE_IDLE)
			continue;
		left--;
		sb_core_read(core, &view);
		if (view.state != SB_CORE_IDLE && !view.torn &&
		    view.start_us < now)
			sum += now - view.start_us;
	}
	return sum;
}

/*
 * How long cores of a worker have worked since the last look: what finished
 * requests took, and those under way until now. The finished ones are read
 * first: one that ends meanwhile is missed, and comes with the next look.
 */
static uint64_t
autoscale_used(struct master *m, const struct worker_proc *wp, uint64_t now)
{
	struct autoscale_seen	*seen = &m->autoscale->seen[wp->child.seat];
	uint64_t		 used, before;

	used = sb_get(&sb_slot(m->sb, (uint32_t)wp->child.seat)->running_us);
	used += autoscale_running(m->sb, (uint32_t)wp->child.seat, now);
	before = seen->pid == wp->child.pid ? seen->used_us : 0;
	seen->pid = wp->child.pid;
	if (used < before)
		return 0;
	seen->used_us = used;
	return used - before;
}

/* A worker's number, which is what it says: the sum of all shall be one. */
static int
autoscale_sane(uint32_t n)
{
	return n < AUTOSCALE_MANY ? (int)n : AUTOSCALE_MANY;
}

/* Looks at one worker. */
static void
autoscale_look_at(struct master *m, const struct worker_proc *wp,
    uint64_t now, struct scale_input *in)
{
	const struct sb_slot	*slot = sb_slot(m->sb,
	    (uint32_t)wp->child.seat);
	double			 possible, used;

	if (wp->child.state != SB_SLOT_READY)
		return;
	possible = in->passed_s * in->cores;
	used = (double)autoscale_used(m, wp, now) / 1e6;
	in->ready++;
	in->busy += autoscale_sane(sb_get(&slot->busy_cores));
	in->waiting += autoscale_sane(sb_get(&slot->queued));
	in->possible_s += possible;
	in->used_s += used < possible ? used : possible;
}

/* Looks at everything. */
static void
autoscale_look(struct master *m, struct scale_input *in)
{
	struct autoscale	*a = m->autoscale;
	uint64_t		 now = clock_mono_us();
	int			 i;

	in->cfg = m->cfg;
	in->now_s = (double)now / 1e6;
	in->passed_s = a->last_us != 0 ? (double)(now - a->last_us) / 1e6 : 0;
	a->last_us = now;
	in->held = m->state != MASTER_RUNNING || m->reload.fresh != NULL ||
	    m->reload.again || upgrade_is_leaving(m);
	in->least = autoscale_least(m);
	in->most = autoscale_most(m);
	in->workers = m->target;
	in->cores = config_cores(m->cfg);
	for (i = 0; i < m->target; i++) {
		if (m->seats[i].proc != NULL)
			autoscale_look_at(m, m->seats[i].proc, now, in);
	}
	in->backlog = (int)backlog_total(m->listeners);
}

/* Changes the number of workers if that is due. */
void
autoscale_check(struct master *m)
{
	const struct scale_policy	*policy;
	struct scale_input		 in = { .workers = 0 };
	struct scale_state		*state = &m->autoscale->state;
	int				 wanted, windows = state->windows;

	if (m->cfg->cheaper == 0 || master_is_stopping(m))
		return;
	autoscale_look(m, &in);
	policy = scale_policy(m->cfg->cheaper_algo);
	wanted = scale_decide(policy, &in, state);
	if (m->cfg->cheaper_busyness_verbose && state->windows != windows)
		log_info("autoscale (%s): busyness of %d workers is %.0f%%, "
		    "%d connections wait", policy->name, in.ready,
		    state->busyness, in.waiting + in.backlog);
	if (wanted == in.workers)
		return;
	log_info("autoscale (%s): %d workers instead of %d; %d of %d cores "
	    "are in use, %d connections wait", policy->name, wanted,
	    in.workers, in.busy, in.ready * in.cores,
	    in.waiting + in.backlog);
	seats_set_target(m, wanted);
}
