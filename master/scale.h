/* How many workers there shall be: policies, as pure functions. */
#ifndef WM_MASTER_SCALE_H
#define WM_MASTER_SCALE_H

#include <stdbool.h>

struct config;

/*
 * A policy is asked at each look at the workers (twice a second, see
 * autoscale.c) how many there shall be. It knows what is in scale_input and
 * what it has noted in scale_state, and changes nothing but the latter: no
 * clock, no process, no log.
 *
 * scale_decide stands around every policy:
 *
 *   held		(a reload, the start, the end): nothing is decided, and
 *			what was noted of the load is forgotten
 *   out of bounds	least or most; the policy is not asked
 *   else		it notes the look, asks the policy, keeps the answer
 *			within least and most, and does not grow while workers
 *			that were asked for are not ready yet
 *
 * Whenever the number changes, by the policy or by hand, the notes of the load
 * begin anew, so that every decision rests on what was seen with that number.
 */
struct scale_input {
	const struct config	*cfg;	/* the options cheaper-... */
	double	 now_s;		/* a clock that only goes forward */
	double	 passed_s;	/* since the look before; 0: the first */
	bool	 held;
	int	 least;
	int	 most;
	int	 workers;	/* that there shall be now */
	int	 ready;		/* of these, that serve */
	int	 cores;		/* of each worker */
	int	 busy;		/* cores in use, of those that serve */
	double	 used_s;	/* for how long cores were, since the look
				   before, added up */
	double	 possible_s;	/* how long they could have been */
	int	 waiting;	/* connections that wait for a core */
	int	 backlog;	/* connections that are not accepted yet */
};

/* All zero at first. */
struct scale_state {
	int	 workers;	/* at the last look */

	/* The load, since the number changed or the window began. */
	double	 window_s;
	double	 used_s;
	double	 possible_s;
	bool	 whole;		/* this look completes a window */
	double	 full_s;	/* for so long no core was free */
	double	 room_s;	/* for so long there was room to spare */
	double	 queue_s;	/* for so long somebody was waiting */

	double	 busyness;	/* per cent, of the last window */
	int	 windows;	/* that were whole */

	/* The policy "busyness". */
	int	 multiplier;	/* 0: not begun */
	double	 less_at_s;	/* one less not before that; 0: not begun */
	double	 last_less_s;	/* 0: never */
	bool	 last_was_less;
	int	 between;	/* windows in a row between the limits */
	int	 emergency;	/* workers started for the queue */
};

struct scale_policy {
	const char	*name;	/* as in option_table.c */
	int		(*decide)(const struct scale_input *in,
			    struct scale_state *st);
};

/* One per file scale_*.c. */
extern const struct scale_policy	 scale_spare;
extern const struct scale_policy	 scale_spare2;
extern const struct scale_policy	 scale_busyness;
extern const struct scale_policy	 scale_manual;

/* The policy of an enum scale_algo. */
const struct scale_policy *scale_policy(int algo);
/* How many workers there shall be, as said above. */
int	 scale_decide(const struct scale_policy *policy,
	    const struct scale_input *in, struct scale_state *st);

/* For policies: workers' worth of cores that were in use at this look. */
double	 scale_in_use(const struct scale_input *in);

#endif
