/* Async cores: the places where requests run. */
#include "worker/core.h"

#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "shm/scoreboard.h"
#include "worker/accept.h"
#include "worker/client_gone.h"
#include "worker/conn.h"
#include "worker/job.h"
#include "worker/locks.h"
#include "worker/loop.h"
#include "worker/suspend.h"
#include "worker/worker.h"

/* Steps worked off before the base polls again. */
#define CORE_STEPS	32
/*
 * So many of them are the woken cores' before the others': more cores than a
 * turn has steps may be woken again and again.
 */
#define CORE_STEPS_WOKEN	(CORE_STEPS / 2)
/*
 * Ready connections that gather before they are worked off: what they hold
 * (mostly the first KiB of their input buffers) stays in the cache.
 */
#define CORE_READY_MAX	16

static const char *const core_state_names[] = {
	[CORE_IDLE] = "idle",
	[CORE_RUNNING] = "running",
	[CORE_WAITING] = "waiting",
	[CORE_WOKEN] = "woken",
	[CORE_FINISHED] = "finished",
};

/* Which state may follow which: one bit for each. */
static const unsigned core_next_states[] = {
	[CORE_IDLE] = 1u << CORE_RUNNING,
	[CORE_RUNNING] = 1u << CORE_WAITING | 1u << CORE_FINISHED,
	[CORE_WAITING] = 1u << CORE_WOKEN,
	[CORE_WOKEN] = 1u << CORE_RUNNING,
	[CORE_FINISHED] = 1u << CORE_IDLE,
};

/* Makes the step, or dies: a core in a wrong state would mix requests. */
void
core_set_state(struct core *core, enum core_state state)
{
	if ((core_next_states[core->state] & 1u << state) == 0)
		fatalx("core %d: impossible step from %s to %s", core->id,
		    core_state_names[core->state], core_state_names[state]);
	if (log_enabled(LOG_LEVEL_DEBUG))
		log_debug("core %d: %s -> %s", core->id,
		    core_state_names[core->state], core_state_names[state]);
	core->state = state;
}

/* Works off what happened outside the hub. */
static void
core_work_cb(evutil_socket_t fd, short events, void *arg)
{
	struct worker	*w = arg;

	(void)fd, (void)events;
	w->gathering = false;
	cores_work_off(w);
}

/* Makes the worker's cores, all idle. */
void
cores_init(struct worker *w, int n)
{
	struct core	*core;
	int		 i;

	TAILQ_INIT(&w->idle);
	TAILQ_INIT(&w->woken);
	TAILQ_INIT(&w->finished);
	w->cores = xcalloc((size_t)n + 1, sizeof(*w->cores));
	w->ncores = n;
	jobs_init(w);
	event_assign(&w->work_ev, w->base, -1, 0, core_work_cb, w);
	core_timers_init(w);
	harakiri_init(w);
	for (i = 0; i <= n; i++) {
		core = &w->cores[i];
		core->worker = w;
		core->id = i;
		core->sb = sb_core(w->sb, (uint32_t)w->slot, (uint32_t)i);
		request_init(&core->req, core);
		wait_init(core);
		if (i < n)
			TAILQ_INSERT_TAIL(&w->idle, core, link);
	}
}

/* Frees the cores; none may have a request. */
void
cores_done(struct worker *w)
{
	int	 i;

	for (i = 0; i <= w->ncores; i++) {
		request_done(&w->cores[i].req);
		wait_done(&w->cores[i]);
	}
	jobs_done(w);
	core_timers_done(w);
	harakiri_done(w);
	free(w->cores);
	w->cores = NULL;
	w->ncores = 0;
}

/*
 * Switches into a core and remembers that the hub did it. What the core runs
 * when the hub goes on may be another connection's request than before.
 */
static void
core_switch(struct core *core, void (*into)(struct core *))
{
	struct worker	*w = core->worker;

	worker_moves(w);
	sb_set(&w->running, core);
	into(core);
	if (w->forked) {	/* the loop is the parent's */
		if (w->loop->forked != NULL)
			w->loop->forked(w);
		_exit(0);
	}
	sb_set(&w->running, NULL);
	/* It waits, or seems to. */
	if (core->state != CORE_FINISHED && core->state != CORE_IDLE &&
	    core->job == NULL)
		client_gone_watch(core->req.conn);
}

/* The connection's request is this idle core's. */
static void
core_begin(struct core *core, struct conn *conn)
{
	struct worker	*w = core->worker;

	TAILQ_REMOVE(&w->idle, core, link);
	w->busy++;
	sb_set(&w->stats->busy_cores, (uint32_t)w->busy);
	core->switches = 0;
	core_set_state(core, CORE_RUNNING);
	conn->core = core;
	request_begin(&core->req, conn);
}

/* The core that was used last, whose memory is warm, runs what is due. */
static void
core_start(struct worker *w)
{
	struct core	*core = TAILQ_FIRST(&w->idle);
	struct conn	*conn = conn_take_due(w);

	if (conn == NULL)
		return;
	core_begin(core, conn);
	core_switch(core, w->suspend->start);
}

/* The request is over: the core is to be freed. */
void
core_finish(struct core *core)
{
	core_set_state(core, CORE_FINISHED);
	TAILQ_INSERT_TAIL(&core->worker->finished, core, link);
}

/* Makes a waiting core due. */
void
core_wake(struct core *core, enum wait_reason reason)
{
	struct worker	*w = core->worker;

	if (core->state != CORE_WAITING)
		return;
	core->woken = reason;
	core_set_state(core, CORE_WOKEN);
	TAILQ_INSERT_TAIL(&w->woken, core, link);
	if (w->running == NULL && !w->working)
		event_active(&w->work_ev, EV_TIMEOUT, 1);
}

/* Goes on with a core that is due. */
static void
core_resume(struct core *core)
{
	TAILQ_REMOVE(&core->worker->woken, core, link);
	core_set_state(core, CORE_RUNNING);
	core_switch(core, core->worker->suspend->resume);
}

/* Raises Harakiri in a core that runs, but not here. */
void
core_interrupt(struct core *core)
{
	if (core->worker->suspend->interrupt != NULL)
		core_switch(core, core->worker->suspend->interrupt);
}

/* Takes a finished core back and goes on with its connection. */
static void
core_free(struct core *core)
{
	struct worker	*w = core->worker;
	struct conn	*conn = core->req.conn;

	TAILQ_REMOVE(&w->finished, core, link);
	if (sb_get(&core->locks) != 0)
		locks_request_over(core);
	if (core->job != NULL) {
		job_end(core);
		return;
	}
	request_reset(&core->req);
	core_set_state(core, CORE_IDLE);
	TAILQ_INSERT_HEAD(&w->idle, core, link);
	w->busy--;
	sb_set(&w->stats->busy_cores, (uint32_t)w->busy);
	conn_request_done(conn);
}

/* Is there, or comes from the same connection, one more request? */
static bool
core_has_next(const struct core *core)
{
	const struct conn_buf	*in = core->req.conn->in;

	return core->worker->nready + core->worker->queued > 0 ||
	    in->pos < in->len;
}

/* May the core, whose request is over, take the next on its own stack? */
static bool
core_may_go_on(const struct core *core)
{
	const struct worker	*w = core->worker;

	return w->running == core && w->working && !w->forked &&
	    w->suspend->keeps_stack != NULL && core_has_next(core) &&
	    TAILQ_FIRST(&w->finished) == core &&
	    TAILQ_NEXT(core, link) == NULL && w->suspend->keeps_stack(core);
}

/* Is something ready or queued, whose turn is not after the woken cores'? */
static bool
cores_begin_is_due(const struct worker *w)
{
	return w->nready + w->queued > 0 && !TAILQ_EMPTY(&w->idle) &&
	    (TAILQ_EMPTY(&w->woken) || w->steps > CORE_STEPS_WOKEN);
}

/* Has the hub nothing more important to do, and this turn steps left? */
static bool
core_next_is_due(const struct worker *w)
{
	return TAILQ_EMPTY(&w->finished) && cores_begin_is_due(w) &&
	    w->steps < CORE_STEPS;
}

/* Frees the core, on its own stack, and takes the next; false: to the hub. */
static bool
core_next(struct core *core)
{
	struct worker	*w = core->worker;
	struct conn	*conn = NULL;

	if (!core_may_go_on(core))
		return false;
	core_free(core);
	while (conn == NULL && core_next_is_due(w)) {
		w->steps++;
		conn = conn_take_due(w);
	}
	if (conn != NULL)
		core_begin(core, conn);
	return conn != NULL;
}

/* What the core was given. */
void
core_run(struct core *core)
{
	if (core->job == NULL)
		request_run(&core->req);
	else
		job_run(core);
}

/* Whole requests, or a job, on the core's own stack. */
void
core_main(struct core *core)
{
	struct worker	*w = core->worker;

	if (core->job != NULL) {
		job_run(core);
		core_finish(core);
	} else {
		do {
			request_run(&core->req);
			core_finish(core);
		} while (core_next(core));
	}
	if (w->running == NULL && !w->working)
		event_active(&w->work_ev, EV_TIMEOUT, 1);
}

/* One thing that is due, in an order that frees cores first; or false. */
static bool
cores_step(struct worker *w)
{
	struct core	*core;

	if ((core = TAILQ_FIRST(&w->finished)) != NULL)
		core_free(core);
	else if (job_is_due(w))
		core_switch(job_begin(w), w->suspend->start);
	else if (cores_begin_is_due(w))
		core_start(w);
	else if ((core = TAILQ_FIRST(&w->woken)) != NULL)
		core_resume(core);
	else
		return false;
	return true;
}

/* Does everything that is due, but not more than a turn's share. */
void
cores_work_off(struct worker *w)
{
	static const struct timeval	 at_once = { 0, 0 };

	if (w->working || w->running != NULL)
		return;
	w->working = true;
	w->jobs.begun = false;
	w->steps = 0;
	while (++w->steps <= CORE_STEPS && cores_step(w))
		;
	if (w->steps > CORE_STEPS)	/* others have their turn */
		event_add(&w->work_ev, &at_once);
	w->working = false;
	if (!TAILQ_EMPTY(&w->http2s.dirty))
		http2s_turn(w);
	accept_adjust(w);
	worker_check_done(w);
}

/* May one more connection become ready without any being worked off? */
bool
cores_have_room(const struct worker *w)
{
	return w->suspend->keeps_stack != NULL &&
	    w->nready < CORE_READY_MAX && w->queued == 0 &&
	    w->nready < (uint32_t)(w->ncores - w->busy);
}

/*
 * Works off, unless there is room for more and another callback is to be
 * called in this turn, which may bring it; then work_ev comes behind them all.
 */
void
cores_gather(struct worker *w)
{
	if (w->nready == 0 || !cores_have_room(w) ||
	    event_base_get_num_events(w->base, EVENT_BASE_COUNT_ACTIVE) == 0)
		cores_work_off(w);
	else if (!w->gathering && w->running == NULL && !w->working) {
		w->gathering = true;
		event_active(&w->work_ev, EV_TIMEOUT, 1);
	}
}
