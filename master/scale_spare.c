/* Autoscale "spare": more workers when no core is free, less when many are. */
#include "config/config.h"
#include "master/scale.h"

#define SPARE_FULL	0.9	/* of the time: a core that is always taken */
#define SPARE_FREE	0.5	/* of the time: one that can be counted on */

/*
 * Is there nothing free? A queue says so too: in front of all cores, or of a
 * loop that does not come round to accept since the app holds it.
 */
static bool
spare_is_full(const struct scale_input *in)
{
	if (in->ready < in->workers)
		return false;	/* help is on its way */
	if (in->waiting > 0 || in->backlog > 0)
		return true;
	return in->busy >= in->ready * in->cores &&
	    in->used_s >= SPARE_FULL * in->possible_s;
}

/*
 * Would what runs leave a core free with one worker less, now, and in the mean
 * since the look before at least half of the time?
 */
static bool
spare_has_room(const struct scale_input *in)
{
	int	 fewer = (in->workers - 1) * in->cores;

	return in->busy + 1 <= fewer &&
	    in->used_s <= (fewer - SPARE_FREE) * in->passed_s;
}

/* More after cheaper-overload without a free core. */
static int
spare_decide(const struct scale_input *in, struct scale_state *st)
{
	bool	 full = spare_is_full(in);

	st->full_s = full ? st->full_s + in->passed_s : 0;
	st->room_s = !full && spare_has_room(in) ?
	    st->room_s + in->passed_s : 0;
	if (full && st->full_s >= in->cfg->cheaper_overload)
		return in->workers + in->cfg->cheaper_step;
	if (st->room_s > 0 && st->room_s >= in->cfg->cheaper_idle)
		return in->workers - 1;
	return in->workers;
}

const struct scale_policy scale_spare = { "spare", spare_decide };
