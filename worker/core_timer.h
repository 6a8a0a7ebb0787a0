/*
 * When cores that wait are to go on: one heap and one timerfd a worker.
 *
 * libevent's own timers count from the beginning of the turn by the kernel's
 * tick, so that a sleep ends some milliseconds late, or too early. These are
 * by clock_mono_us, never early, and late by CORE_TIMER_GRID_US at most
 * (beside what the worker is busy with): all that end within the same piece of
 * time wake by one event of the base. The kernel is asked for an earlier time
 * only when a core's is earlier than what it was asked for before; a wait that
 * ends otherwise leaves that as it is.
 *
 * A core's time is in the heap from core_timer_add to its end or
 * core_timer_del. Whoever has the loop.
 */
#ifndef WM_WORKER_CORE_TIMER_H
#define WM_WORKER_CORE_TIMER_H

#include <event2/event_struct.h>
#include <stddef.h>
#include <stdint.h>

struct core;
struct worker;

#define CORE_TIMER_GRID_US	500

struct core_timers {
	struct core	**heap;		/* the earliest first; room for all */
	size_t		  count;
	int		  fd;		/* the timerfd */
	uint64_t	  armed_us;	/* what it is set to; 0: nothing */
	struct event	  ev;
};

/* Worker start (w->ncores is set) and end. */
void	 core_timers_init(struct worker *w);
void	 core_timers_done(struct worker *w);
/* core_wake(core, WAIT_TIMEOUT) in so many seconds, or about three years. */
void	 core_timer_add(struct core *core, double seconds);
/* Not any more, if it was to be. No system call, so also in an app's child. */
void	 core_timer_del(struct core *core);

#endif
