/*
 * A worker's share of the connections. Whoever is awake first could accept all
 * that come at once, and keep them for as long as they live, while the other
 * workers stay idle. So a worker that has more than its share steps aside: it
 * does not watch the listeners that others accept from as well, for a
 * millisecond or two.
 *
 *	TAKES --- more than its share -----> ASIDE
 *	ASIDE --- the pause is over -------> TAKES
 *
 * If clients wait even then, the others are busy, or stuck: it takes some all
 * the same, and with each pause in vain twice as many. Others are counted by
 * the scoreboard once in a tick of the coarse clock (4 ms), and before it steps
 * aside.
 */
#ifndef WM_WORKER_ACCEPT_SHARE_H
#define WM_WORKER_ACCEPT_SHARE_H

#include <stdbool.h>
#include <stdint.h>

struct worker;

/* What a worker knows of the others; all zero at first. */
struct accept_share {
	uint64_t	 since_us;	/* clock_coarse_us of the count */
	uint32_t	 others;	/* connections of the other workers */
	uint32_t	 nothers;	/* workers that accept, too */
	uint32_t	 extra;		/* taken all the same after a pause */
	bool		 paused;	/* it has just stepped aside */
};

/* Is mine more than one worker's share, with a margin of a 32nd and two? */
bool	 accept_share_exceeded(uint32_t mine, uint32_t others,
	    uint32_t nothers);
/* How many may be accepted now, at most max; 0: step aside. */
uint32_t accept_share_room(struct worker *w, uint32_t max);

#endif
