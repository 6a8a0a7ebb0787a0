/* Turning an event base once, for the loops that Python drives. */
#ifndef WM_PLUGINS_PYTHON_PY_TURN_H
#define WM_PLUGINS_PYTHON_PY_TURN_H

#include <event2/event_struct.h>
#include <stdbool.h>

struct event_base;

/*
 * What asyncio's selector and gevent's loop have in common: wait for events
 * without the interpreter's lock, so long at most, and run what libevent has
 * for them, cores included.
 *
 *	py_turn_arm(&turn, seconds);
 *	py_turn_once(&turn);
 *	py_turn_disarm(&turn);
 *
 * On the heap: callbacks touch it. Its owner's memory, not moved until done.
 */
struct py_turn {
	struct event_base	*base;
	struct event		 timer;
	int			 flags;
	bool			 is_late;	/* the time is over */
};

void	 py_turn_init(struct py_turn *turn, struct event_base *base);
/* Seconds below 0: for ever; about 0: looks only. */
void	 py_turn_arm(struct py_turn *turn, double seconds);
void	 py_turn_disarm(struct py_turn *turn);
/* With the lock, which is given up meanwhile; -1 when the base has failed. */
int	 py_turn_once(struct py_turn *turn);

#endif
