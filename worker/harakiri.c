/* Harakiri: a request that has had a core for too long is told to end. */
#include "worker/harakiri.h"

#include <event2/event.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "shm/messages.h"
#include "shm/scoreboard.h"
#include "worker/core.h"
#include "worker/harakiri_log.h"
#include "worker/http_url.h"
#include "worker/request.h"
#include "worker/suspend.h"
#include "worker/worker.h"

/* Told so often, a request is given up. */
#define HARAKIRI_GIVE_UP	3
/* So many are told before the others have their turn. */
#define HARAKIRI_BATCH		16
/* libevent's clock may be so late, and a timer then so early. */
#define HARAKIRI_COARSE_US	5000
/* The longest time that an app may ask for, in seconds. */
#define HARAKIRI_MAX		1e8

/* The earlier of two times, where 0 is never. */
static uint64_t
harakiri_earlier(uint64_t a, uint64_t b)
{
	if (a == 0 || b == 0)
		return a + b;
	return a < b ? a : b;
}

/* The timer shall be due at this time at the latest. */
static void
harakiri_arm(struct worker *w, uint64_t when)
{
	struct harakiri	*h = &w->harakiri;
	uint64_t	 now, us = HARAKIRI_GRID_US;
	struct timeval	 tv;

	if (h->next_us != 0 && h->next_us <= when)
		return;
	h->next_us = when;
	now = clock_mono_us();
	if (when > now + us)
		us = when - now;
	us += HARAKIRI_COARSE_US;
	tv.tv_sec = (time_t)(us / 1000000);
	tv.tv_usec = (suseconds_t)(us % 1000000);
	event_add(&h->timer, &tv);
}

/* The next step of a core's request is due then; 0: never. */
static void
harakiri_set(struct core *core, uint64_t when)
{
	sb_set(&core->sb->deadline_us, when);
	if (when != 0)
		harakiri_arm(core->worker, when);
}

/* The master shall replace this worker. Once. */
static void
harakiri_give_up(struct core *core)
{
	struct worker	*w = core->worker;

	if (w->harakiri.given_up || w->draining)
		return;
	w->harakiri.given_up = true;
	request_log(&core->req, LOG_LEVEL_ERROR, "harakiri: the request does "
	    "not end; this worker finishes the others and is replaced");
	worker_tell_master(w, MSG_ASK_REPLACE, 0);
}

/*
 * Raises Harakiri in the request, whatever its core is at. One that runs may
 * be on its way to its end by itself.
 */
static void
harakiri_raise(struct core *core)
{
	switch (core->state) {
	case CORE_WAITING:
		core_wake(core, WAIT_HARAKIRI);
		break;
	case CORE_WOKEN:
		if (core->woken != WAIT_GONE)
			core->woken = WAIT_HARAKIRI;
		break;
	case CORE_RUNNING:
		core_interrupt(core);
		break;
	default:
		break;
	}
}

/* Notes that the request is told, and what comes after that. */
static void
harakiri_note(struct core *core)
{
	struct worker	*w = core->worker;
	uint64_t	 seen = sb_get(&core->sb->deadline_us);
	uint64_t	 next = clock_mono_us() + w->harakiri.grace_us;

	if (!core->harakiri.is_late)
		sb_add(&w->stats->harakiris, 1);
	core->harakiri.is_late = true;
	core->harakiri.told++;
	/* Unless its thread ends it at this moment. */
	if (seen != 0)
		(void)atomic_compare_exchange_strong(&core->sb->deadline_us,
		    &seen, next);
	harakiri_log(core);
	if (core->harakiri.told == HARAKIRI_GIVE_UP)
		harakiri_give_up(core);
}

/* A deadline of this core's is over: tells its request, if there is one. */
static void
harakiri_tell(struct core *core)
{
	if (core->state == CORE_IDLE || core->state == CORE_FINISHED) {
		sb_set(&core->sb->deadline_us, 0);
		return;
	}
	harakiri_note(core);
	harakiri_raise(core);
}

/* The earliest deadline may be over. */
static void
harakiri_cb(evutil_socket_t fd, short events, void *arg)
{
	struct worker	*w = arg;
	uint64_t	 now = clock_mono_us(), next = 0, when;
	int		 i, told = 0;

	(void)fd, (void)events;
	w->harakiri.next_us = 0;
	if (w->forked)
		return;
	/* With the jobs' core. */
	for (i = w->busy > 0 ? 0 : w->ncores; i <= w->ncores; i++) {
		when = sb_get(&w->cores[i].sb->deadline_us);
		if (when != 0 && when <= now && told < HARAKIRI_BATCH &&
		    w->running == NULL) {
			harakiri_tell(&w->cores[i]);
			when = sb_get(&w->cores[i].sb->deadline_us);
			told++;
		}
		next = harakiri_earlier(next, when);
	}
	if (told == HARAKIRI_BATCH)
		event_active(&w->harakiri.timer, EV_TIMEOUT, 1);
	else if (next != 0)
		harakiri_arm(w, next);
	cores_work_off(w);
}

/* Spawner, where numbers are read as they were written: the limits. */
void
harakiri_prepare(struct worker *w)
{
	struct harakiri	*h = &w->harakiri;
	size_t		 i;

	h->limit_us = (uint64_t)(w->cfg->harakiri * 1e6);
	h->grace_us = (uint64_t)(w->cfg->harakiri_graceful_timeout * 1e6);
	harakiri_paths_init(&h->paths, &w->cfg->harakiri_path);
	h->is_set = h->limit_us != 0;
	for (i = 0; i < h->paths.count; i++)
		if (h->paths.items[i].us != 0)
			h->is_set = true;
}

/* In the worker. */
void
harakiri_init(struct worker *w)
{
	event_assign(&w->harakiri.timer, w->base, -1, 0, harakiri_cb, w);
}

/* The worker leaves. */
void
harakiri_done(struct worker *w)
{
	event_del(&w->harakiri.timer);
	harakiri_paths_done(&w->harakiri.paths);
}

/* The limit of the request's path. */
static uint64_t
harakiri_limit(struct request *req)
{
	const struct harakiri	*h = &req->worker->harakiri;
	const struct http_view	 view = req->head->path;
	const char		*path = request_text(req, view);
	char			*decoded;
	size_t			 len = view.len;

	if (h->paths.count == 0)
		return h->limit_us;
	if (memchr(path, '%', len) != NULL) {
		decoded = pool_alloc(&req->pool, len);
		if (!http_url_decode(path, len, decoded, &len))
			return h->limit_us;
		path = decoded;
	}
	return harakiri_paths_find(&h->paths, path, len, h->limit_us);
}

/* A request gets this core, and there are limits. */
void
harakiri_begin(struct core *core)
{
	uint64_t	 us = harakiri_limit(&core->req);

	if (us == 0)
		return;
	core->harakiri.limit_us = core->req.start_us + us;
	harakiri_set(core, core->harakiri.limit_us);
}

/* A job gets it. */
void
harakiri_begin_job(struct core *core)
{
	uint64_t	 us = core->worker->harakiri.limit_us;

	memset(&core->harakiri, 0, sizeof(core->harakiri));
	if (us == 0)
		return;
	core->harakiri.limit_us = core->req.start_us + us;
	harakiri_set(core, core->harakiri.limit_us);
}

/* The app's own deadline. */
void
harakiri_set_user(struct core *core, double seconds)
{
	struct core_harakiri	*own = &core->harakiri;
	uint64_t		 now = clock_mono_us(), first;

	if (core->worker->forked)
		return;
	own->user_us = 0;
	if (seconds > HARAKIRI_MAX)
		seconds = HARAKIRI_MAX;
	if (seconds > 0)
		own->user_us = now + (uint64_t)(seconds * 1e6);
	first = harakiri_earlier(own->limit_us, own->user_us);
	/* What it was told for may still hold: the grace goes on. */
	if (own->told > 0 && first != 0 && first <= now)
		return;
	own->told = 0;
	own->is_due = false;
	harakiri_set(core, first);
}

/* Only the app's own deadline counts from now on. */
void
harakiri_spare(struct core *core)
{
	struct core_harakiri	*own = &core->harakiri;

	if (own->limit_us == 0 || own->told > 0 || core->worker->forked)
		return;
	own->limit_us = 0;
	harakiri_set(core, own->user_us);
}

/* How long the only core may block the worker. */
double
harakiri_poll_limit(const struct core *core, double timeout)
{
	uint64_t	 when = sb_get(&core->sb->deadline_us);
	uint64_t	 now;
	double		 left = 0.001;

	if (when == 0 || core->worker->forked)
		return timeout;
	now = clock_mono_us();
	if (when > now)
		left += (double)(when - now) / 1e6;
	return timeout < 0 || left < timeout ? left : timeout;
}

/* Is its time over? */
bool
harakiri_poll_due(struct core *core)
{
	uint64_t	 when = sb_get(&core->sb->deadline_us);

	if (when == 0 || core->worker->forked || when > clock_mono_us())
		return false;
	harakiri_note(core);
	return true;
}
