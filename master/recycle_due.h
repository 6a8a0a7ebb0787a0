/* Is it time to replace a worker? Pure. */
#ifndef WM_MASTER_RECYCLE_DUE_H
#define WM_MASTER_RECYCLE_DUE_H

#include <stdbool.h>
#include <stdint.h>

#include "master/ending.h"
#include "master/memory.h"

struct config;

/* What is known of a READY worker. */
struct recycle_facts {
	int		 id;		/* 1..N */
	double		 jitter;	/* 0..1, this process's own */
	double		 seconds;	/* since it was ready */
	uint64_t	 requests;	/* answered */
	struct memory	 mem;		/* 0: not known */
};

/*
 * The reason, or ENDING_DIED: none. A limit with a delta is so much higher for
 * each next worker id; without one it is up to a tenth higher by jitter, so
 * that workers that began together do not end together.
 */
enum ending recycle_due(const struct config *cfg,
	    const struct recycle_facts *facts);
/* Does the configuration have a limit for memory; for uss or pss? */
bool	 recycle_wants_memory(const struct config *cfg);
bool	 recycle_wants_shares(const struct config *cfg);
/* Has it any limit? */
bool	 recycle_is_wanted(const struct config *cfg);

#endif
