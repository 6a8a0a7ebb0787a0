/* Autoscale "spare2": keeps as many workers' cores free as "cheaper" says. */
#include "config/config.h"
#include "master/scale.h"

#define SPARE2_SLACK	0.5	/* of one core: a trickle needs no worker */

/* More at once when the reserve is used, less when it is too large for long. */
static int
spare2_decide(const struct scale_input *in, struct scale_state *st)
{
	double	 reserve = in->cfg->cheaper - SPARE2_SLACK / in->cores, idle;
	int	 missing;

	idle = in->ready - scale_in_use(in) -
	    (double)(in->waiting + in->backlog) / in->cores;
	st->room_s = idle >= reserve + 1 ? st->room_s + in->passed_s : 0;
	if (idle < reserve) {
		missing = (int)(reserve - idle);
		if (missing < reserve - idle)
			missing++;
		return in->workers + (missing < in->cfg->cheaper_step ?
		    missing : in->cfg->cheaper_step);
	}
	if (st->room_s > 0 && st->room_s >= in->cfg->cheaper_idle)
		return in->workers - 1;
	return in->workers;
}

const struct scale_policy scale_spare2 = { "spare2", spare2_decide };
