/* Autoscale "busyness": keeps the share of cores in use between two limits. */
#include "config/config.h"
#include "master/scale.h"

/*
 * Busyness is the time for which cores were in use, in per cent of what was
 * possible, over a window of cheaper-overload seconds.
 *
 *   above max		cheaper-step more
 *   below min		one less, if that does not lift it above max, and not
 *			before less_at_s
 *   between		less_at_s moves on: a window of these does not count
 *			as quiet; after three in a row it begins anew
 *
 * less_at_s is multiplier windows after the last change. Who was sent away and
 * is needed again soon makes the multiplier grow by the penalty; quiet times
 * bring it back. At any look, too many waiting connections (or some for too
 * long) bring emergency workers, which may go sooner.
 */

#define BUSYNESS_BETWEEN	3	/* windows */

/* One less not before so many windows are over. */
static void
busyness_wait(const struct scale_input *in, struct scale_state *st)
{
	int	 windows = st->emergency > 0 ?
	    in->cfg->cheaper_busyness_backlog_multiplier : st->multiplier;

	st->less_at_s = in->now_s + windows * in->cfg->cheaper_overload;
}

/* Back towards what was configured. */
static void
busyness_relax(const struct scale_input *in, struct scale_state *st)
{
	if (st->multiplier > in->cfg->cheaper_busyness_multiplier)
		st->multiplier--;
}

/* Too much is in use. */
static int
busyness_more(const struct scale_input *in, struct scale_state *st)
{
	double	 soon = st->multiplier * in->cfg->cheaper_overload;

	st->between = 0;
	if (in->workers >= in->most)
		return in->workers;
	if (st->last_less_s > 0 && in->now_s - st->last_less_s <= soon)
		st->multiplier += in->cfg->cheaper_busyness_penalty;
	else
		busyness_relax(in, st);
	st->last_was_less = false;
	busyness_wait(in, st);
	return in->workers + in->cfg->cheaper_step;
}

/* Little is in use. */
static int
busyness_less(const struct scale_input *in, struct scale_state *st)
{
	double	 fewer = in->workers - 1;

	st->between = 0;
	if (in->workers <= in->least || in->now_s < st->less_at_s)
		return in->workers;
	if (st->busyness * in->workers >
	    in->cfg->cheaper_busyness_max * fewer)
		return in->workers;
	if (st->last_was_less)
		busyness_relax(in, st);
	if (st->emergency > 0)
		st->emergency--;
	st->last_was_less = true;
	st->last_less_s = in->now_s;
	busyness_wait(in, st);
	return in->workers - 1;
}

/* It is as it should be. */
static int
busyness_between(const struct scale_input *in, struct scale_state *st)
{
	if (st->emergency > 0)
		st->emergency--;
	if (++st->between >= BUSYNESS_BETWEEN)
		busyness_wait(in, st);
	else
		st->less_at_s += in->cfg->cheaper_overload;
	return in->workers;
}

/* Do too many wait, or some for too long? */
static bool
busyness_is_alarm(const struct scale_input *in, const struct scale_state *st)
{
	const struct config	*cfg = in->cfg;

	if (in->workers >= in->most || in->ready < in->workers)
		return false;
	if (in->waiting + in->backlog > cfg->cheaper_busyness_backlog_alert)
		return true;
	return st->queue_s > 0 &&
	    st->queue_s >= cfg->cheaper_busyness_backlog_nonzero;
}

/* The queue is too long: what busyness says does not matter. */
static int
busyness_alarm(const struct scale_input *in, struct scale_state *st)
{
	int	 more = in->cfg->cheaper_busyness_backlog_step;

	if (more > in->most - in->workers)
		more = in->most - in->workers;
	st->multiplier = in->cfg->cheaper_busyness_multiplier;
	st->last_was_less = false;
	st->emergency += more;
	busyness_wait(in, st);
	return in->workers + more;
}

/* Looks at the window that is whole, and at the queue. */
static int
busyness_decide(const struct scale_input *in, struct scale_state *st)
{
	if (st->multiplier == 0)
		st->multiplier = in->cfg->cheaper_busyness_multiplier;
	if (st->less_at_s <= 0)
		busyness_wait(in, st);
	if (st->whole && st->busyness > in->cfg->cheaper_busyness_max &&
	    in->ready >= in->workers)
		return busyness_more(in, st);
	if (busyness_is_alarm(in, st))
		return busyness_alarm(in, st);
	if (!st->whole)
		return in->workers;
	if (st->busyness < in->cfg->cheaper_busyness_min)
		return busyness_less(in, st);
	return busyness_between(in, st);
}

const struct scale_policy scale_busyness = { "busyness", busyness_decide };
