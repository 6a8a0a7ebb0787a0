/* Turning an event base once, for the loops that Python drives. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_turn.h"

#include <event2/event.h>

#include "plugins/python/py_core.h"
#include "plugins/python/py_gil.h"
#include "shm/scoreboard.h"
#include "worker/worker.h"

/* The time is over. Without the lock. */
static void
py_turn_timer_cb(evutil_socket_t fd, short events, void *arg)
{
	struct py_turn	*turn = arg;

	(void)fd, (void)events;
	turn->is_late = true;
}

/* Once for each base. */
void
py_turn_init(struct py_turn *turn, struct event_base *base)
{
	turn->base = base;
	turn->is_late = false;
	event_assign(&turn->timer, base, -1, 0, py_turn_timer_cb, turn);
}

/* Adds the timer and sets the turn's flags. */
void
py_turn_arm(struct py_turn *turn, double seconds)
{
	struct timeval	 tv;

	turn->flags = EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY;
	turn->is_late = false;
	if (seconds < 0)
		return;
	if (seconds < 1e-6) {
		turn->flags |= EVLOOP_NONBLOCK;
		turn->is_late = true;
		return;
	}
	if (seconds > 1e7)
		seconds = 1e7;
	tv.tv_sec = (time_t)seconds;
	tv.tv_usec = (suseconds_t)((seconds - (double)tv.tv_sec) * 1e6);
	event_add(&turn->timer, &tv);
}

/* Takes the timer away, if there is one. */
void
py_turn_disarm(struct py_turn *turn)
{
	event_del(&turn->timer);
}

/* Turns the base once. Without the lock. */
static int
py_turn_without(void *arg)
{
	struct py_turn	*turn = arg;

	return event_base_loop(turn->base, turn->flags);
}

/* Turns the base once. */
int
py_turn_once(struct py_turn *turn)
{
	int	 result = py_gil_without(py_turn_without, turn);

	/* What the turn has brought is done in Python now. */
	if (py_gil_is_loop_thread())
		worker_moves(py_worker());
	return result == -1 ? -1 : 0;
}
