/* Tests master/scale*.c: how many workers there shall be. */
#include "master/scale.h"

#include <string.h>

#include "config/config.h"
#include "test/unit/unit.h"

#define LOOK_S	0.5	/* between two looks */

/* A server whose load a test makes up. */
struct rig {
	struct config			 cfg;
	const struct scale_policy	*policy;
	struct scale_state		 state;
	double				 now_s;
	int				 cores;
	int				 workers;
	int				 missing;	/* not ready */
	int				 waiting;
	int				 backlog;
	bool				 held;
	int				 changes;	/* so far */
};

/* A server with the defaults of the options: from 1 to 8 workers. */
static void
rig_init(struct rig *r, enum scale_algo algo, int cores)
{
	memset(r, 0, sizeof(*r));
	r->policy = scale_policy(algo);
	r->now_s = 1000;
	r->cores = cores;
	r->workers = 1;
	r->cfg = (struct config){ .processes = 8, .cheaper = 1,
	    .cheaper_step = 1, .cheaper_overload = 3, .cheaper_idle = 10,
	    .cheaper_busyness_max = 50, .cheaper_busyness_min = 25,
	    .cheaper_busyness_multiplier = 10,
	    .cheaper_busyness_penalty = 2,
	    .cheaper_busyness_backlog_alert = 33,
	    .cheaper_busyness_backlog_multiplier = 3,
	    .cheaper_busyness_backlog_step = 1,
	    .cheaper_busyness_backlog_nonzero = 60 };
}

/* One look, at a load that wants so many cores. */
static int
rig_look(struct rig *r, double load)
{
	int			 ready = r->workers - r->missing;
	double			 all = ready * r->cores;
	double			 used = load < all ? load : all;
	struct scale_input	 in = { .cfg = &r->cfg, .passed_s = LOOK_S,
	    .held = r->held, .least = r->cfg.cheaper,
	    .most = r->cfg.processes, .workers = r->workers, .ready = ready,
	    .cores = r->cores, .busy = (int)used, .used_s = used * LOOK_S,
	    .possible_s = all * LOOK_S, .waiting = r->waiting,
	    .backlog = r->backlog };
	int			 wanted;

	r->now_s += LOOK_S;
	in.now_s = r->now_s;
	wanted = scale_decide(r->policy, &in, &r->state);
	r->changes += wanted != r->workers;
	r->workers = wanted;
	return wanted;
}

/* So many seconds of a load; how many workers there are then. */
static int
rig_run(struct rig *r, double seconds, double load)
{
	double	 until = r->now_s + seconds - LOOK_S / 2;

	while (r->now_s < until)
		rig_look(r, load);
	return r->workers;
}

/* How many changes so many seconds of a load bring. */
static int
rig_changes(struct rig *r, double seconds, double load)
{
	int	 before = r->changes;

	rig_run(r, seconds, load);
	return r->changes - before;
}

static const enum scale_algo automatic[] = { SCALE_SPARE, SCALE_SPARE2,
	SCALE_BUSYNESS };
#define AUTOMATIC	(sizeof(automatic) / sizeof(automatic[0]))

TEST(scale_policies_have_the_names_of_the_choices)
{
	CHECK_STR(scale_policy(SCALE_SPARE)->name, "spare");
	CHECK_STR(scale_policy(SCALE_SPARE2)->name, "spare2");
	CHECK_STR(scale_policy(SCALE_BUSYNESS)->name, "busyness");
	CHECK_STR(scale_policy(SCALE_MANUAL)->name, "manual");
}

TEST(scale_every_policy_goes_up_to_the_most_and_down_to_the_least)
{
	static const int	 cores[] = { 1, 100 };
	struct rig		 r;
	size_t			 i, j;

	for (i = 0; i < AUTOMATIC; i++) {
		for (j = 0; j < 2; j++) {
			rig_init(&r, automatic[i], cores[j]);
			r.cfg.cheaper = 2;
			r.workers = 2;
			CHECK_INT(rig_run(&r, 120, 10.0 * cores[j]), 8);
			CHECK_INT(rig_changes(&r, 600, 10.0 * cores[j]), 0);
			CHECK_INT(rig_run(&r, 1200, 0), 2);
			CHECK_INT(rig_changes(&r, 600, 0), 0);
		}
	}
}

TEST(scale_no_policy_flaps_under_a_steady_load)
{
	struct rig	 r;
	size_t		 i;
	int		 load, cores;

	for (i = 0; i < AUTOMATIC; i++) {
		for (cores = 1; cores <= 10; cores += 9) {
			for (load = 0; load <= 9 * cores; load++) {
				rig_init(&r, automatic[i], cores);
				rig_run(&r, 1000, load);
				CHECK_INT(rig_changes(&r, 2000, load), 0);
				/* Nor from above. */
				r.workers = 8;
				rig_run(&r, 1000, load);
				CHECK_INT(rig_changes(&r, 2000, load), 0);
			}
		}
	}
}

TEST(scale_nothing_is_decided_while_held)
{
	struct rig	 r;
	size_t		 i;

	for (i = 0; i < AUTOMATIC; i++) {
		rig_init(&r, automatic[i], 1);
		r.workers = 4;
		r.held = true;
		CHECK_INT(rig_run(&r, 300, 100), 4);
		CHECK_INT(rig_run(&r, 300, 0), 4);
		r.waiting = r.backlog = 1000;
		CHECK_INT(rig_run(&r, 300, 100), 4);
		/* Not even back into the bounds. */
		r.cfg.processes = 3;
		CHECK_INT(rig_run(&r, 10, 0), 4);
	}
}

TEST(scale_what_was_seen_before_a_hold_does_not_count_after_it)
{
	struct rig	 r;

	rig_init(&r, SCALE_SPARE, 1);
	rig_run(&r, 2.5, 1);
	r.held = true;
	rig_look(&r, 1);
	r.held = false;
	CHECK_INT(rig_run(&r, 2.5, 1), 1);
	CHECK_INT(rig_run(&r, 0.5, 1), 2);
}

TEST(scale_out_of_bounds_comes_back_at_once)
{
	struct rig	 r;

	rig_init(&r, SCALE_MANUAL, 1);
	r.workers = 9;
	CHECK_INT(rig_look(&r, 9), 8);
	r.cfg.cheaper = 3;
	r.workers = 1;
	CHECK_INT(rig_look(&r, 0), 3);
}

TEST(scale_manual_leaves_the_number_alone)
{
	struct rig	 r;

	rig_init(&r, SCALE_MANUAL, 1);
	r.workers = 5;
	r.waiting = 100;
	CHECK_INT(rig_run(&r, 600, 100), 5);
	CHECK_INT(rig_run(&r, 600, 0), 5);
}

TEST(scale_step_is_how_many_come_at_once)
{
	struct rig	 r;
	size_t		 i;

	for (i = 0; i < AUTOMATIC; i++) {
		rig_init(&r, automatic[i], 1);
		r.cfg.cheaper_step = 3;
		r.cfg.cheaper = 4;
		r.workers = 4;
		while (r.changes == 0)
			rig_look(&r, 100);
		CHECK_INT(r.workers, 7);
		/* The most is the most. */
		while (r.changes == 1)
			rig_look(&r, 100);
		CHECK_INT(r.workers, 8);
	}
}

TEST(scale_does_not_grow_while_those_asked_for_are_not_ready)
{
	struct rig	 r;
	size_t		 i;

	for (i = 0; i < AUTOMATIC; i++) {
		rig_init(&r, automatic[i], 1);
		r.workers = 3;
		r.missing = 1;
		r.waiting = 100;
		CHECK_INT(rig_run(&r, 300, 100), 3);
		r.missing = 0;
		CHECK(rig_run(&r, 10, 100) > 3);
	}
}

TEST(scale_a_change_by_hand_is_kept_until_the_load_says_otherwise)
{
	struct rig	 r;

	rig_init(&r, SCALE_SPARE, 1);
	rig_run(&r, 9, 0);
	r.workers = 2;		/* TTIN */
	CHECK_INT(rig_run(&r, 9, 0), 2);
	CHECK_INT(rig_run(&r, 1, 0), 1);
}

TEST(spare_grows_when_no_core_is_free_for_overload_seconds)
{
	struct rig	 r;

	rig_init(&r, SCALE_SPARE, 10);
	CHECK_INT(rig_run(&r, 60, 9), 1);
	CHECK_INT(rig_run(&r, 2.5, 10), 1);
	CHECK_INT(rig_run(&r, 0.5, 9), 1);	/* one was free in between */
	CHECK_INT(rig_run(&r, 2.5, 10), 1);
	CHECK_INT(rig_run(&r, 0.5, 10), 2);
}

TEST(spare_takes_a_queue_for_a_full_worker)
{
	struct rig	 r;

	rig_init(&r, SCALE_SPARE, 100);
	r.backlog = 1;		/* one request holds the loop */
	CHECK_INT(rig_run(&r, 2.5, 1), 1);
	CHECK_INT(rig_run(&r, 0.5, 1), 2);
	r.backlog = 0;
	r.waiting = 1;
	CHECK_INT(rig_run(&r, 3, 1), 3);
}

TEST(spare_shrinks_when_one_fewer_would_still_have_a_core_free)
{
	struct rig	 r;

	rig_init(&r, SCALE_SPARE, 10);
	r.workers = 3;
	CHECK_INT(rig_run(&r, 60, 20), 3);
	CHECK_INT(rig_run(&r, 9.5, 19), 3);
	CHECK_INT(rig_run(&r, 0.5, 20), 3);	/* it was needed */
	CHECK_INT(rig_run(&r, 9.5, 19), 3);
	CHECK_INT(rig_run(&r, 0.5, 19), 2);
	/* One at a time, each after its time. */
	CHECK_INT(rig_run(&r, 9.5, 0), 2);
	CHECK_INT(rig_run(&r, 0.5, 0), 1);
}

TEST(spare_is_not_misled_by_short_requests_between_two_looks)
{
	struct rig		 r;
	struct scale_input	 in;
	int			 i;

	rig_init(&r, SCALE_SPARE, 1);
	in = (struct scale_input){ .cfg = &r.cfg, .passed_s = LOOK_S,
	    .least = 1, .most = 8, .workers = 2, .ready = 2, .cores = 1,
	    .possible_s = 2 * LOOK_S };
	for (i = 0; i < 100; i++) {
		in.now_s = i * LOOK_S;
		in.busy = 0;	/* at the look; but half of the time */
		in.used_s = LOOK_S;
		CHECK_INT(scale_decide(r.policy, &in, &r.state), 2);
		in.busy = 2;	/* at the look; but a tenth of the time */
		in.used_s = 0.1 * LOOK_S;
		CHECK_INT(scale_decide(r.policy, &in, &r.state), 2);
	}
}

TEST(spare2_keeps_a_reserve)
{
	struct rig	 r;

	rig_init(&r, SCALE_SPARE2, 10);
	r.cfg.cheaper = 2;
	r.workers = 2;
	CHECK_INT(rig_run(&r, 1, 1), 3);	/* at once */
	CHECK_INT(rig_run(&r, 60, 10), 3);
	CHECK_INT(rig_run(&r, 1, 11), 4);
	CHECK_INT(rig_run(&r, 9.5, 10), 4);
	CHECK_INT(rig_run(&r, 1, 10), 3);
	/* As many as are missing, up to the step. */
	r.cfg.cheaper_step = 4;
	CHECK_INT(rig_look(&r, 25), 5);
}

TEST(busyness_goes_by_the_mean_of_a_window)
{
	struct rig	 r;
	int		 i;

	rig_init(&r, SCALE_BUSYNESS, 10);
	for (i = 0; i < 60; i++) {	/* 10 and 0: 50 per cent */
		rig_look(&r, 10);
		rig_look(&r, 0);
	}
	CHECK_INT(r.workers, 1);
	CHECK_INT((int)r.state.busyness, 50);
	CHECK_INT(rig_run(&r, 3, 6), 2);
	CHECK_INT((int)r.state.busyness, 60);
}

TEST(busyness_shrinks_after_multiplier_windows_only)
{
	struct rig	 r;

	rig_init(&r, SCALE_BUSYNESS, 10);
	r.workers = 3;
	CHECK_INT(rig_run(&r, 29.5, 1), 3);
	CHECK_INT(rig_run(&r, 4, 1), 2);
	/* Quiet windows with others between them: these do not count. */
	CHECK_INT(rig_run(&r, 15, 1), 2);
	CHECK_INT(rig_run(&r, 9, 7), 2);	/* 35 per cent */
	CHECK_INT(rig_run(&r, 24, 1), 2);
	CHECK_INT(rig_run(&r, 12, 1), 1);
}

TEST(busyness_does_not_shrink_into_being_too_busy)
{
	struct rig	 r;

	rig_init(&r, SCALE_BUSYNESS, 100);
	r.cfg.cheaper_busyness_min = 48;
	r.workers = 2;
	CHECK_INT(rig_run(&r, 600, 90), 2);	/* 45, then 90 per cent */
	r.workers = 5;
	CHECK_INT(rig_run(&r, 600, 190), 4);	/* 38, then 47 per cent */
}

TEST(busyness_penalty_makes_the_next_shrinking_slower)
{
	struct rig	 r;

	rig_init(&r, SCALE_BUSYNESS, 10);
	r.workers = 2;
	rig_run(&r, 40, 0);
	CHECK_INT(r.workers, 1);
	CHECK_INT(r.state.multiplier, 10);
	while (r.workers == 1)
		rig_look(&r, 10);	/* needed again too soon */
	CHECK_INT(r.state.multiplier, 12);
	CHECK_INT(rig_run(&r, 35.5, 0), 2);
	CHECK_INT(rig_run(&r, 4, 0), 1);
	/* Long after the last shrinking it comes back. */
	CHECK_INT(rig_run(&r, 60, 3), 1);
	CHECK_INT(rig_run(&r, 3, 10), 2);
	CHECK_INT(r.state.multiplier, 11);
}

TEST(busyness_backlog_brings_emergency_workers_at_once)
{
	struct rig	 r;

	rig_init(&r, SCALE_BUSYNESS, 100);
	r.cfg.cheaper_busyness_backlog_step = 2;
	rig_look(&r, 10);
	r.backlog = 20;
	r.waiting = 13;
	CHECK_INT(rig_run(&r, 2, 10), 1);
	r.waiting = 14;
	CHECK_INT(rig_look(&r, 10), 3);
	CHECK_INT(rig_look(&r, 10), 5);
	r.backlog = r.waiting = 0;
	/* They go sooner: 3 windows each instead of 10. */
	CHECK_INT(rig_run(&r, 8.5, 0), 5);
	CHECK_INT(rig_run(&r, 4, 0), 4);
	CHECK_INT(rig_run(&r, 30, 0), 1);
	/* Never more than the most. */
	r.workers = 7;
	r.backlog = 1000;
	CHECK_INT(rig_look(&r, 10), 8);
	CHECK_INT(rig_run(&r, 60, 10), 8);
}

TEST(busyness_a_queue_that_stays_brings_one_too)
{
	struct rig	 r;

	rig_init(&r, SCALE_BUSYNESS, 100);
	r.backlog = 1;
	CHECK_INT(rig_run(&r, 59, 30), 1);
	CHECK_INT(rig_run(&r, 2, 30), 2);
	r.backlog = 0;
	rig_look(&r, 30);
	r.backlog = 1;
	CHECK_INT(rig_run(&r, 50, 60), 2);
}
