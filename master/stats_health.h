/* What the stats socket answers to those who only ask whether all is well. */
#ifndef WM_MASTER_STATS_HEALTH_H
#define WM_MASTER_STATS_HEALTH_H

#include "master/stats_reply.h"

/* 200 as long as the master's loop turns. */
enum stats_progress	 stats_livez(struct stats_reply *r);
/* 200 while requests can be answered, else 503 and why; see ready.h. */
enum stats_progress	 stats_readyz(struct stats_reply *r);

#endif
