/* gevent's timers: a heap, of which the base knows the first alone. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdlib.h>

#include "base/clock.h"
#include "base/xmalloc.h"
#include "plugins/gevent/gevent_loop.h"

/* Is a due before b? */
static bool
gevent_timer_before(const struct gevent_timer *a, const struct gevent_timer *b)
{
	return a->due < b->due || (a->due == b->due && a->order < b->order);
}

/* Puts a timer in a place of the heap. */
static void
gevent_timer_put(struct gevent_loop *loop, struct gevent_timer *timer,
    size_t place)
{
	loop->heap[place] = timer;
	timer->place = place;
}

/* Moves a timer towards the first as far as it has to be. */
static void
gevent_timer_up(struct gevent_loop *loop, struct gevent_timer *timer)
{
	size_t	 at = timer->place, above;

	while (at > 0) {
		above = (at - 1) / 2;
		if (!gevent_timer_before(timer, loop->heap[above]))
			break;
		gevent_timer_put(loop, loop->heap[above], at);
		at = above;
	}
	gevent_timer_put(loop, timer, at);
}

/* Moves a timer away from the first as far as it has to be. */
static void
gevent_timer_down(struct gevent_loop *loop, struct gevent_timer *timer)
{
	size_t	 at = timer->place, below;

	for (;;) {
		below = 2 * at + 1;
		if (below >= loop->nheap)
			break;
		if (below + 1 < loop->nheap && gevent_timer_before(
		    loop->heap[below + 1], loop->heap[below]))
			below++;
		if (!gevent_timer_before(loop->heap[below], timer))
			break;
		gevent_timer_put(loop, loop->heap[below], at);
		at = below;
	}
	gevent_timer_put(loop, timer, at);
}

/* Adds a timer that is due at a time. */
static void
gevent_timer_add(struct gevent_loop *loop, struct gevent_timer *timer,
    double due)
{
	if (loop->nheap == loop->heap_size) {
		loop->heap_size = loop->heap_size == 0 ? 64 :
		    loop->heap_size * 2;
		loop->heap = xrealloc(loop->heap,
		    loop->heap_size * sizeof(*loop->heap));
	}
	timer->due = due;
	timer->order = loop->order++;
	timer->place = loop->nheap++;
	gevent_timer_up(loop, timer);
}

/* Takes a timer out. */
static void
gevent_timer_remove(struct gevent_loop *loop, struct gevent_timer *timer)
{
	struct gevent_timer	*last = loop->heap[--loop->nheap];

	if (last == timer)
		return;
	gevent_timer_put(loop, last, timer->place);
	gevent_timer_up(loop, last);
	gevent_timer_down(loop, last);
}

/* Starts. */
int
gevent_timer_start(struct gevent_watcher *w)
{
	struct gevent_timer	*timer = (struct gevent_timer *)w;

	gevent_timer_add(w->loop, timer, w->loop->now + timer->after);
	return 0;
}

/* Stops one that is active. */
void
gevent_timer_stop(struct gevent_watcher *w)
{
	gevent_timer_remove(w->loop, (struct gevent_timer *)w);
}

/* Feeds those whose time has come, in their order. */
void
gevent_timer_feed_due(struct gevent_loop *loop)
{
	struct gevent_timer	*timer;
	double			 due;

	while (loop->nheap > 0 && loop->heap[0]->due < loop->now) {
		timer = loop->heap[0];
		if (timer->repeat > 0) {
			due = timer->due + timer->repeat;
			gevent_timer_remove(loop, timer);
			gevent_timer_add(loop, timer,
			    due < loop->now ? loop->now : due);
		} else
			gevent_watcher_deactivate(&timer->w);
		gevent_watcher_feed(&timer->w, GEVENT_EV_TIMER);
	}
}

/* Seconds until the first is due. */
double
gevent_timer_next(const struct gevent_loop *loop)
{
	double	 seconds;

	if (loop->nheap == 0)
		return -1;
	seconds = loop->heap[0]->due - (double)clock_mono_us() / 1e6;
	/* Due is what is before now: half a tick of the clock above. */
	return seconds < 0 ? 0 : seconds + 1e-6;
}
