/* When cores that wait are to go on: one heap and one timerfd a worker. */
#include "worker/core_timer.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "worker/core.h"
#include "worker/worker.h"

#define CORE_TIMER_MAX	1e8	/* seconds */

/* Puts a core in a place of the heap. */
static void
core_timer_place(struct core_timers *t, struct core *core, size_t i)
{
	t->heap[i] = core;
	core->timer_at = i + 1;
}

/* Moves a core, whose place is i, to where nothing above it is later. */
static void
core_timer_rise(struct core_timers *t, struct core *core, size_t i)
{
	for (; i > 0 && t->heap[(i - 1) / 2]->until_us > core->until_us;
	    i = (i - 1) / 2)
		core_timer_place(t, t->heap[(i - 1) / 2], i);
	core_timer_place(t, core, i);
}

/* Moves it to where nothing below it is earlier. */
static void
core_timer_sink(struct core_timers *t, struct core *core, size_t i)
{
	size_t	 child;

	while ((child = 2 * i + 1) < t->count) {
		if (child + 1 < t->count && t->heap[child + 1]->until_us <
		    t->heap[child]->until_us)
			child++;
		if (t->heap[child]->until_us >= core->until_us)
			break;
		core_timer_place(t, t->heap[child], i);
		i = child;
	}
	core_timer_place(t, core, i);
}

/* Sets the timerfd; 0: to nothing. What has expired is forgotten. */
static void
core_timers_set(struct core_timers *t, uint64_t us)
{
	struct itimerspec	 when = { .it_value = {
	    .tv_sec = (time_t)(us / 1000000),
	    .tv_nsec = (long)(us % 1000000) * 1000 } };

	t->armed_us = us;
	if (timerfd_settime(t->fd, TFD_TIMER_ABSTIME, &when, NULL) == -1)
		log_error("timerfd_settime: %s", strerror(errno));
}

/* When the earliest core is to be woken; 0: there is none. */
static uint64_t
core_timers_due(const struct core_timers *t)
{
	const uint64_t	 grid = CORE_TIMER_GRID_US;

	if (t->count == 0)
		return 0;
	return (t->heap[0]->until_us + grid - 1) / grid * grid;
}

/* Time is over for some cores. */
static void
core_timers_cb(evutil_socket_t fd, short events, void *arg)
{
	struct worker		*w = arg;
	struct core_timers	*t = &w->timers;
	struct core		*core;
	uint64_t		 now = clock_mono_us();

	(void)fd, (void)events;
	while (t->count > 0 && t->heap[0]->until_us <= now) {
		core = t->heap[0];
		core_timer_del(core);
		core_wake(core, WAIT_TIMEOUT);
	}
	core_timers_set(t, core_timers_due(t));
	cores_work_off(w);
}

/* In so many seconds. */
void
core_timer_add(struct core *core, double seconds)
{
	struct core_timers	*t = &core->worker->timers;
	uint64_t		 due;

	if (!(seconds < CORE_TIMER_MAX))
		seconds = CORE_TIMER_MAX;
	core_timer_del(core);
	core->until_us = clock_mono_us() + (uint64_t)(seconds * 1e6) + 1;
	core_timer_rise(t, core, t->count++);
	due = core_timers_due(t);
	if (t->armed_us == 0 || due < t->armed_us)
		core_timers_set(t, due);
}

/* Not any more. */
void
core_timer_del(struct core *core)
{
	struct core_timers	*t = &core->worker->timers;
	struct core		*last;
	size_t			 i;

	if (core->timer_at == 0)
		return;
	i = core->timer_at - 1;
	core->timer_at = 0;
	last = t->heap[--t->count];
	if (last == core)
		return;
	core_timer_place(t, last, i);
	core_timer_rise(t, last, i);
	core_timer_sink(t, last, last->timer_at - 1);
}

/* Makes the heap and the timerfd, which are for the whole run. */
void
core_timers_init(struct worker *w)
{
	struct core_timers	*t = &w->timers;

	t->heap = xcalloc((size_t)w->ncores + 1, sizeof(struct core *));
	t->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (t->fd == -1)
		fatal("timerfd_create");
	event_assign(&t->ev, w->base, t->fd, EV_READ | EV_PERSIST,
	    core_timers_cb, w);
	if (event_add(&t->ev, NULL) == -1)
		fatalx("cannot watch a timerfd");
}

/* Frees them. */
void
core_timers_done(struct worker *w)
{
	event_del(&w->timers.ev);
	fd_close(&w->timers.fd);
	free(w->timers.heap);
	w->timers.heap = NULL;
}
