/* What the metrics are made of, gathered at one moment. */
#ifndef WM_MASTER_METRICS_GATHER_H
#define WM_MASTER_METRICS_GATHER_H

#include <stdint.h>
#include <sys/types.h>

#include "master/mounts.h"
#include "shm/scoreboard.h"

struct master;

/* One worker id: the dead processes it had, and those that live. */
struct metrics_worker {
	struct sb_total	 total;
	uint64_t	 busy_us;	/* time that its cores were busy */
	unsigned	 processes;	/* 0: nobody has it now */
	unsigned	 cores;		/* of those that serve */
	unsigned	 busy;		/* cores */
	unsigned	 connections;
	unsigned	 websockets;
	unsigned	 queued;
	uint64_t	 queue_age_us;	/* of the oldest */
	uint64_t	 loop_lag_us;	/* of who sits on the seat */
	pid_t		 pid;		/* of who sits on the seat, or 0 */
};

struct metrics_gathered {
	struct metrics_worker	*workers;	/* one per seat */
	int			 max;
	struct metrics_worker	 sum;		/* of all */
	unsigned		 states[SB_SLOT_GONE + 1]; /* processes */
	struct mounts		 mounts;
};

void	 metrics_gather(struct metrics_gathered *g, const struct master *m);
void	 metrics_gathered_done(struct metrics_gathered *g);

#endif
