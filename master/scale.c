/* How many workers there shall be: what is the same for every policy. */
#include "master/scale.h"

#include <stddef.h>

#include "config/config.h"

static const struct scale_policy *const scale_policies[] = {
	[SCALE_SPARE] = &scale_spare,
	[SCALE_SPARE2] = &scale_spare2,
	[SCALE_BUSYNESS] = &scale_busyness,
	[SCALE_MANUAL] = &scale_manual,
};

/* The policy of a choice. */
const struct scale_policy *
scale_policy(int algo)
{
	return scale_policies[algo];
}

/* Leaves the number to TTIN and TTOU. */
static int
scale_manual_decide(const struct scale_input *in, struct scale_state *st)
{
	(void)st;
	return in->workers;
}

const struct scale_policy scale_manual = { "manual", scale_manual_decide };

/*
 * What is in use now, or was in the mean since the look before: the greater,
 * since short requests hide from a look, and a new one from the mean.
 */
double
scale_in_use(const struct scale_input *in)
{
	double	 busy = in->busy, mean = 0;

	if (in->passed_s > 0)
		mean = in->used_s / in->passed_s;
	return (busy > mean ? busy : mean) / in->cores;
}

/* The notes of the load begin anew. */
static void
scale_restart(struct scale_state *st, int workers)
{
	st->workers = workers;
	st->window_s = st->used_s = st->possible_s = 0;
	st->full_s = st->room_s = st->queue_s = 0;
	st->whole = false;
}

/* Notes a look. */
static void
scale_note(const struct scale_input *in, struct scale_state *st)
{
	if (st->whole)
		st->window_s = st->used_s = st->possible_s = 0;
	st->window_s += in->passed_s;
	st->used_s += in->used_s;
	st->possible_s += in->possible_s;
	/* Looks are as often as the clock allows: near enough is whole. */
	st->whole = st->window_s > 0 &&
	    st->window_s >= in->cfg->cheaper_overload - 0.05;
	if (st->whole) {
		st->busyness = st->possible_s > 0 ?
		    100 * st->used_s / st->possible_s : 0;
		st->windows++;
	}
	if (in->waiting > 0 || in->backlog > 0)
		st->queue_s += in->passed_s;
	else
		st->queue_s = 0;
}

/* How many workers there shall be. */
int
scale_decide(const struct scale_policy *policy, const struct scale_input *in,
    struct scale_state *st)
{
	int	 wanted;

	if (in->held) {
		scale_restart(st, in->workers);
		return in->workers;
	}
	if (in->workers != st->workers)
		scale_restart(st, in->workers);
	scale_note(in, st);
	if (in->workers >= in->least && in->workers <= in->most)
		wanted = policy->decide(in, st);
	else
		wanted = in->workers;
	if (wanted > in->workers && in->ready < in->workers)
		wanted = in->workers;
	if (wanted > in->most)
		wanted = in->most;
	if (wanted < in->least)
		wanted = in->least;
	if (wanted != in->workers)
		scale_restart(st, wanted);
	return wanted;
}
