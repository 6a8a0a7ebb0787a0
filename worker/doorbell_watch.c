/* A process hears its doorbell: in its loop, or while it blocks. */
#include "worker/doorbell_watch.h"

#include <event2/event.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "shm/commons.h"
#include "shm/doorbell.h"
#include "worker/core.h"
#include "worker/locks.h"
#include "worker/suspend.h"
#include "worker/worker.h"

/* Wakes the cores, with the jobs', in doorbell_wait for whom it is so now. */
static void
doorbell_look_cores(struct worker *w)
{
	struct core	*core;
	int		 i;

	for (i = 0; i <= w->ncores; i++) {
		core = &w->cores[i];
		if (core->state == CORE_WAITING && core->hears &&
		    core->until != NULL && core->until(core))
			core_wake(core, WAIT_READY);
	}
}

/* Who looks when the bell has rung. */
static void (*const doorbell_looks[])(struct worker *) = {
	locks_look,		/* before those it wakes */
	doorbell_look_cores,
};

/* It has rung. */
static void
doorbell_watch_cb(evutil_socket_t fd, short events, void *arg)
{
	struct worker	*w = arg;
	size_t		 i;

	(void)fd, (void)events;
	doorbell_answer(w->commons->doorbells, w->seat);
	for (i = 0; i < sizeof(doorbell_looks) / sizeof(doorbell_looks[0]);
	    i++)
		doorbell_looks[i](w);
	cores_work_off(w);
}

/* Watches the bell. */
void
doorbell_watch_init(struct worker *w)
{
	int	 fd = -1;

	if (w->commons != NULL)
		fd = doorbell_fd(w->commons->doorbells, w->seat);
	if (fd == -1)
		return;
	event_assign(&w->doorbell.ev, w->base, fd, EV_READ | EV_PERSIST,
	    doorbell_watch_cb, w);
	w->doorbell.is_watched = event_add(&w->doorbell.ev, NULL) == 0;
}

/* Watches it no more. */
void
doorbell_watch_done(struct worker *w)
{
	if (w->doorbell.is_watched)
		event_del(&w->doorbell.ev);
	w->doorbell.is_watched = false;
}

/* The bell stays the parent's; so does the epoll: no event_del. */
void
doorbell_watch_forked(struct worker *w, int null)
{
	if (w->doorbell.is_watched)
		(void)dup3(null, event_get_fd(&w->doorbell.ev), O_CLOEXEC);
	w->doorbell.is_watched = false;
	w->seat = -1;
}

/* For how long to wait before the next look by oneself. */
static double
doorbell_slice(double timeout, double look, uint64_t start_us)
{
	double	 left = clock_left(timeout, start_us);

	return left < 0 || left > look ? look : left;
}

/* Until the next ring, the core's thread being the loop's, or for so long. */
static enum wait_reason
doorbell_block(struct core *core, double seconds)
{
	struct worker		*w = core->worker;
	enum wait_reason	 reason;

	if (!w->doorbell.is_watched)
		return wait_ms(core, (seconds < DOORBELL_LOOK_DEAF ? seconds :
		    DOORBELL_LOOK_DEAF) * 1000);
	reason = wait_fd(core, event_get_fd(&w->doorbell.ev), WAIT_READ,
	    seconds);
	if (reason != WAIT_READY)
		return reason;
	doorbell_answer(w->commons->doorbells, w->seat);
	/* The others look when the loop turns again. */
	event_active(&w->doorbell.ev, EV_READ, 1);
	return reason;
}

/* Until the next ring that makes it so, the core parked, or for so long. */
static enum wait_reason
doorbell_park(struct core *core, bool (*is_so)(struct core *), double seconds,
    enum sb_core_state shown)
{
	enum wait_reason	 reason;

	core->hears = true;
	reason = wait_until(core, is_so, seconds, shown);
	core->hears = false;
	return reason;
}

/* Waits until shared memory says that it is so. */
enum wait_reason
doorbell_wait(struct core *core, bool (*is_so)(struct core *), double timeout,
    enum sb_core_state shown)
{
	struct worker		*w = core->worker;
	uint64_t		 start = clock_mono_us();
	enum wait_reason	 reason = WAIT_TIMEOUT;
	double			 slice;

	while (!is_so(core)) {
		slice = doorbell_slice(timeout, DOORBELL_LOOK, start);
		if (slice <= 0)
			return WAIT_TIMEOUT;
		if (w->suspend->can_park && !w->forked)
			reason = doorbell_park(core, is_so, slice, shown);
		else
			reason = doorbell_block(core, slice);
		if (reason != WAIT_READY && reason != WAIT_TIMEOUT)
			return reason;
	}
	return WAIT_READY;
}
