/* Tests worker/accept_share.c: how many connections a worker may accept. */
#include "worker/accept_share.h"

#include <string.h>

#include "base/clock.h"
#include "shm/scoreboard.h"
#include "test/unit/unit.h"
#include "worker/worker.h"

#define SLOTS	3

/* A worker in the first slot of a scoreboard. */
static void
share_worker(struct worker *w)
{
	memset(w, 0, sizeof(*w));
	w->sb = scoreboard_new(SLOTS, 1);
	w->stats = sb_slot(w->sb, 0);
}

/* What another slot shows. */
static void
share_other(struct worker *w, uint32_t slot, uint32_t state, uint32_t takes,
    uint32_t connections)
{
	struct sb_slot	*other = sb_slot(w->sb, slot);

	sb_set(&other->state, state);
	sb_set(&other->accepting, takes);
	sb_set(&other->connections, connections);
}

/* What may be accepted, counted anew. */
static int
share_room(struct worker *w, uint32_t mine)
{
	w->nconns = mine;
	w->share.since_us = 0;
	return (int)accept_share_room(w, 64);
}

TEST(accept_share_has_a_margin)
{
	CHECK(!accept_share_exceeded(1000, 0, 0));
	CHECK(!accept_share_exceeded(4, 0, 1));
	CHECK(accept_share_exceeded(5, 0, 1));
	CHECK(!accept_share_exceeded(100, 100, 1));
	CHECK(!accept_share_exceeded(110, 100, 1));
	CHECK(accept_share_exceeded(112, 100, 1));
	CHECK(accept_share_exceeded(20, 0, 63));
	CHECK(accept_share_exceeded(UINT32_MAX, UINT32_MAX, 7));
}

TEST(accept_share_of_a_worker_alone_is_everything)
{
	struct worker	 w;

	share_worker(&w);
	CHECK_INT(share_room(&w, 1000), 64);
	share_other(&w, 1, SB_SLOT_DRAINING, 0, 0);
	share_other(&w, 2, SB_SLOT_STARTING, 1, 0);
	CHECK_INT(share_room(&w, 1000), 64);
	share_other(&w, 2, SB_SLOT_READY, 0, 0);	/* it is full */
	CHECK_INT(share_room(&w, 1000), 64);
}

TEST(accept_share_is_taken_in_small_steps)
{
	struct worker	 w;

	share_worker(&w);
	share_other(&w, 1, SB_SLOT_READY, 1, 10);
	CHECK_INT(share_room(&w, 10), 4);
	CHECK_INT(accept_share_room(&w, 1), 1);
}

TEST(accept_share_above_it_steps_aside_once)
{
	struct worker	 w;
	int		 want;

	share_worker(&w);
	share_other(&w, 1, SB_SLOT_READY, 1, 10);
	CHECK_INT(share_room(&w, 40), 0);
	/* Clients wait behind the pause: the other does not take them. */
	CHECK_INT(share_room(&w, 40), 2);
	CHECK_INT(share_room(&w, 42), 0);
	CHECK_INT(share_room(&w, 42), 4);
	CHECK_INT(share_room(&w, 46), 0);
	CHECK_INT(share_room(&w, 46), 8);
	for (want = 16; want <= 64; want *= 2) {
		CHECK_INT(share_room(&w, 60), 0);
		CHECK_INT(share_room(&w, 60), want);
	}
	CHECK_INT(share_room(&w, 160), 0);
	CHECK_INT(share_room(&w, 160), 64);
	/* It has begun to take: the share is the rule again. */
	share_other(&w, 1, SB_SLOT_READY, 1, 200);
	CHECK_INT(share_room(&w, 160), 4);
	CHECK_INT(share_room(&w, 300), 0);
	CHECK_INT(share_room(&w, 300), 2);
}
