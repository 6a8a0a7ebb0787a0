/* What a request writes into the scoreboard, again and again, timed. */
#include "shm/scoreboard.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "shm/latency.h"

#define CORES	100

/* Seconds, by the clock that only goes forward. */
static double
now(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/*
 * All that worker/core.c, request.c and harakiri.c write for a request that
 * does not wait: the clock is not read here, since it is read anyway.
 */
static void
request(struct sb_slot *slot, struct sb_core *core, uint64_t n)
{
	struct sb_app	*app = &slot->apps[0];
	uint64_t	 us = n % 1000;

	sb_set(&slot->busy_cores, 1);
	sb_core_begin(core, &(struct sb_request){ .start_us = n,
	    .method = { "GET", 3 }, .addr = { "10.20.30.40", 11 },
	    .id = { "019c1395-8a7b-7cc3-98c4-dc0c0c07398f", 36 },
	    .path = { "/some/path/of/an/app", 20 } });
	sb_set(&core->deadline_us, n + 30000000);
	sb_core_set(core, SB_CORE_SENDING, -1);
	sb_core_set(core, SB_CORE_RUNNING, -1);
	sb_add(&slot->requests, 1);
	sb_add(&slot->bytes_out, 150);
	sb_add(&slot->running_us, us);
	sb_set(&slot->avg_us, (sb_get(&slot->avg_us) + us) / 2);
	sb_add(&app->requests, 1);
	sb_add(&app->time_us, us);
	sb_add(&app->statuses[2], 1);
	sb_add(&app->steps[latency_step(us)], 1);
	sb_set(&core->deadline_us, 0);
	sb_core_end(core);
	sb_set(&slot->busy_cores, 0);
}

/* scoreboard ROUNDS REQUESTS: the fastest round counts. */
int
main(int argc, char **argv)
{
	struct scoreboard	*sb = scoreboard_new(1, CORES);
	struct sb_slot		*slot;
	double			 begin, took, best = 1e9;
	long			 i, j, rounds, requests;

	if (argc != 3 || sb == NULL || sb_slot_take(sb, 1, 1) != 0)
		return 1;
	rounds = atol(argv[1]);
	requests = atol(argv[2]);
	slot = sb_slot(sb, 0);
	for (i = 0; i < rounds; i++) {
		begin = now();
		for (j = 0; j < requests; j++)
			request(slot, sb_core(sb, 0, (uint32_t)(j % CORES)),
			    (uint64_t)j);
		took = (now() - begin) * 1e9 / (double)requests;
		best = took < best ? took : best;
	}
	printf("nanoseconds of a request: %.1f (best of %ld rounds of %ld, "
	    "%d cores in turn)\n", best, rounds, requests, CORES);
	return 0;
}
