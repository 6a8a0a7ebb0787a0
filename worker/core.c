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
#include "worker/loop.h"
#include "worker/suspend.h"
#include "worker/worker.h"

/* Steps worked off before the base polls again. */
#define CORE_STEPS	32

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
	(void)fd, (void)events;
	cores_work_off(arg);
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
	w->cores = xcalloc((size_t)n, sizeof(*w->cores));
	w->ncores = n;
	event_assign(&w->work_ev, w->base, -1, 0, core_work_cb, w);
	for (i = 0; i < n; i++) {
		core = &w->cores[i];
		core->worker = w;
		core->id = i;
		core->sb = sb_core(w->sb, (uint32_t)w->slot, (uint32_t)i);
		request_init(&core->req, core);
		wait_init(core);
		TAILQ_INSERT_TAIL(&w->idle, core, link);
	}
}

/* Frees the cores; none may have a request. */
void
cores_done(struct worker *w)
{
	int	 i;

	for (i = 0; i < w->ncores; i++) {
		request_done(&w->cores[i].req);
		wait_done(&w->cores[i]);
	}
	free(w->cores);
	w->cores = NULL;
	w->ncores = 0;
}

/* Takes the core that was used last: its memory is still warm. */
struct core *
core_take(struct worker *w)
{
	return TAILQ_FIRST(&w->idle);
}

/* Switches into a core and remembers that the hub did it. */
static void
core_switch(struct core *core, void (*into)(struct core *))
{
	struct worker	*w = core->worker;

	w->running = core;
	into(core);
	if (w->forked) {	/* the loop is the parent's */
		if (w->loop->forked != NULL)
			w->loop->forked(w);
		_exit(0);
	}
	w->running = NULL;
}

/* Runs the connection's request on an idle core. */
void
core_run(struct core *core, struct conn *conn)
{
	struct worker	*w = core->worker;

	TAILQ_REMOVE(&w->idle, core, link);
	w->busy++;
	sb_set(&w->stats->busy_cores, (uint32_t)w->busy);
	core->switches = 0;
	core_set_state(core, CORE_RUNNING);
	conn->core = core;
	request_begin(&core->req, conn);
	core_switch(core, w->suspend->start);
	if (core->state != CORE_FINISHED)	/* it waits, or seems to */
		client_gone_watch(conn);
}

/* The request is over: the core is to be freed. */
void
core_finish(struct core *core)
{
	core_set_state(core, CORE_FINISHED);
	TAILQ_INSERT_TAIL(&core->worker->finished, core, link);
}

/* One whole request, on the core's own stack. */
void
core_main(struct core *core)
{
	struct worker	*w = core->worker;

	request_run(&core->req);
	core_finish(core);
	if (w->running == NULL && !w->working)
		event_active(&w->work_ev, EV_TIMEOUT, 1);
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

/* Takes a finished core back and goes on with its connection. */
static void
core_free(struct core *core)
{
	struct worker	*w = core->worker;
	struct conn	*conn = core->req.conn;

	TAILQ_REMOVE(&w->finished, core, link);
	request_reset(&core->req);
	core_set_state(core, CORE_IDLE);
	TAILQ_INSERT_HEAD(&w->idle, core, link);
	w->busy--;
	sb_set(&w->stats->busy_cores, (uint32_t)w->busy);
	conn_request_done(conn);
}

/* Does everything that is due, in an order that frees cores first. */
void
cores_work_off(struct worker *w)
{
	static const struct timeval	 at_once = { 0, 0 };
	struct core			*core;
	int				 steps = 0;

	if (w->working || w->running != NULL)
		return;
	w->working = true;
	for (;;) {
		if (++steps > CORE_STEPS) {	/* others have their turn:
						   not before the next poll */
			event_add(&w->work_ev, &at_once);
			break;
		}
		if ((core = TAILQ_FIRST(&w->finished)) != NULL)
			core_free(core);
		else if ((core = TAILQ_FIRST(&w->woken)) != NULL)
			core_resume(core);
		else if (w->queued > 0 && !TAILQ_EMPTY(&w->idle))
			conn_dequeue(w);
		else
			break;
	}
	w->working = false;
	accept_adjust(w);
	worker_check_done(w);
}
