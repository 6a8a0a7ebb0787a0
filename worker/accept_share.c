/* A worker's share of the connections. */
#include "worker/accept_share.h"

#include "base/clock.h"
#include "shm/scoreboard.h"
#include "worker/worker.h"

#define ACCEPT_SHARE_STEP	4	/* accepted in one go */
#define ACCEPT_SHARE_MARGIN	2
#define ACCEPT_SHARE_EXTRA	2	/* after the first pause in vain */

/* Is mine more than one worker's share, with a margin? */
bool
accept_share_exceeded(uint32_t mine, uint32_t others, uint32_t nothers)
{
	uint64_t	 mean;

	if (nothers == 0)
		return false;
	mean = ((uint64_t)mine + others) / (nothers + 1);
	return mine > mean + mean / 32 + ACCEPT_SHARE_MARGIN;
}

/* Counts the others that accept, and what they have. */
static void
accept_share_count(const struct worker *w, struct accept_share *share,
    uint64_t now)
{
	struct sb_slot	*slot;
	uint32_t	 i;

	share->since_us = now;
	share->others = share->nothers = 0;
	for (i = 0; i < w->sb->slots; i++) {
		slot = sb_slot(w->sb, i);
		if (slot == w->stats ||
		    sb_get(&slot->state) != SB_SLOT_READY ||
		    sb_get(&slot->accepting) == 0)
			continue;
		share->nothers++;
		share->others += sb_get(&slot->connections);
	}
}

/* How many may be accepted now. */
uint32_t
accept_share_room(struct worker *w, uint32_t max)
{
	struct accept_share	*share = &w->share;
	uint64_t		 now = clock_coarse_us();

	if (share->since_us != now)
		accept_share_count(w, share, now);
	/* Two that know little of each other must not both step aside. */
	if (accept_share_exceeded(w->nconns, share->others, share->nothers))
		accept_share_count(w, share, now);
	if (!accept_share_exceeded(w->nconns, share->others, share->nothers)) {
		share->extra = 0;
		share->paused = false;
		return max < ACCEPT_SHARE_STEP || share->nothers == 0 ? max :
		    ACCEPT_SHARE_STEP;
	}
	if (!share->paused) {
		share->paused = true;
		return 0;
	}
	share->paused = false;
	share->extra = share->extra == 0 ? ACCEPT_SHARE_EXTRA :
	    share->extra * 2;
	if (share->extra > max)
		share->extra = max;
	return share->extra;
}
