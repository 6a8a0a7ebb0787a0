/* Tests shm/lock.c: owners, readers, turns, deaths, nonsense. */
#include "shm/lock.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "shm/doorbell.h"
#include "shm/lives.h"
#include "test/unit/unit.h"

#define SEATS	4
#define SUB	1

static struct lives	*lives;
static struct doorbells	*bells;
static struct locks	*locks;
static struct lock	*l;
static struct lock_me	 me[SEATS];

/* A process on each seat. */
static void
begin(void)
{
	char	*cause = NULL;
	int	 i;

	log_choose(LOG_LEVEL_ERROR, false);
	lives = lives_new(SEATS, &cause);
	bells = doorbells_new(SEATS, &cause);
	locks = locks_new(2, 1, SEATS, lives, bells, &cause);
	l = &locks->items[0];
	for (i = 0; i < SEATS; i++)
		me[i] = (struct lock_me){ .seat = i, .pid = 1000 + i,
		    .life = life_begin(lives, i) };
}

/* Frees it. */
static void
end(void)
{
	locks_free(locks);
	doorbells_free(bells);
	lives_free(lives);
}

/* Has that bell rung since the last time? */
static bool
rung(int seat)
{
	uint64_t	 rings;

	return read(doorbell_fd(bells, seat), &rings, sizeof(rings)) ==
	    (ssize_t)sizeof(rings);
}

TEST(one_has_it_at_a_time)
{
	begin();
	CHECK_STR(locks->items[1].name, "user 1");
	CHECK_STR(locks->items[2].name, "sharedarea0");
	CHECK(!lock_is_held(l));
	CHECK(lock_claim(l, &me[0], SUB));
	CHECK(lock_is_held(l));
	CHECK(!lock_is_held(&locks->items[1]));
	CHECK_INT(lock_owner(l), 1000);
	CHECK(!lock_claim(l, &me[1], SUB));
	CHECK(!lock_claim(l, &me[0], SUB + 1));
	CHECK(!lock_release(l, &me[1], SUB));
	CHECK(!lock_release(l, &me[0], SUB + 1));
	CHECK(lock_release(l, &me[0], SUB));
	CHECK_INT(lock_owner(l), 0);
	CHECK(lock_claim(l, &me[1], SUB));
	end();
}

TEST(who_waits_for_longest_is_next_and_rung)
{
	begin();
	CHECK(lock_claim(l, &me[0], SUB));
	lock_want(l, &me[2], lock_ticket(l));
	lock_want(l, &me[1], lock_ticket(l));
	CHECK(lock_release(l, &me[0], SUB));
	CHECK(rung(2) && !rung(1) && !rung(3));
	CHECK(!lock_claim(l, &me[1], SUB));
	CHECK(!lock_claim(l, &me[3], SUB));
	CHECK(lock_claim(l, &me[2], SUB));
	lock_want(l, &me[2], 0);
	CHECK(lock_release(l, &me[2], SUB));
	CHECK(rung(1));
	lock_want(l, &me[1], 0);		/* he has given up */
	CHECK(lock_claim(l, &me[3], SUB));
	end();
}

TEST(a_reservation_that_nobody_takes_goes_on)
{
	begin();
	CHECK(lock_claim(l, &me[0], SUB));
	lock_want(l, &me[1], lock_ticket(l));
	lock_want(l, &me[2], lock_ticket(l));
	CHECK(lock_release(l, &me[0], SUB));
	CHECK(rung(1));
	lock_want(l, &me[1], 0);
	lock_pass(l, &me[1]);
	CHECK(rung(2));
	CHECK(lock_claim(l, &me[2], SUB));
	lock_pass(l, &me[2]);			/* not what is owned */
	CHECK_INT(lock_owner(l), 1002);
	end();
}

TEST(a_stuck_process_does_not_keep_a_reservation)
{
	begin();
	CHECK(lock_claim(l, &me[0], SUB));
	lock_want(l, &me[1], lock_ticket(l));
	CHECK(lock_release(l, &me[0], SUB));
	CHECK(!lock_claim(l, &me[2], SUB));
	l->seen_us -= (uint64_t)(LOCK_RESERVED * 1e6) + 1;
	CHECK(lock_claim(l, &me[2], SUB));
	end();
}

TEST(a_dead_owner_and_a_dead_waiter_are_nobody)
{
	begin();
	CHECK(lock_claim(l, &me[0], SUB));
	life_end(lives, 0);
	CHECK(!lock_is_held(l));
	CHECK_INT(lock_owner(l), 0);
	CHECK(lock_claim(l, &me[1], SUB));
	CHECK_INT(l->shared->deaths, 1);
	CHECK(!lock_release(l, &me[0], SUB));	/* too late */
	lock_want(l, &me[2], lock_ticket(l));
	life_end(lives, 2);
	CHECK(lock_release(l, &me[1], SUB));
	CHECK(!rung(2));
	CHECK(!lock_is_held(l));
	/* The next one on that seat is another. */
	CHECK(lock_claim(l, &me[3], SUB));
	me[3].life = life_begin(lives, 3);
	CHECK(!lock_release(l, &me[3], SUB));
	CHECK(lock_claim(l, &me[3], SUB));
	end();
}

TEST(readers_share_it_and_dead_ones_do_not_count)
{
	begin();
	CHECK(lock_join(l, &me[0], false));
	CHECK(lock_join(l, &me[0], false));
	CHECK(lock_join(l, &me[1], false));
	CHECK(lock_is_held(l));
	CHECK(lock_claim(l, &me[2], SUB));	/* and waits until they go */
	CHECK(!lock_is_clear(l));
	CHECK(!lock_join(l, &me[3], false));	/* no more come in */
	CHECK(rung(2));				/* it went out again */
	CHECK(lock_join(l, &me[0], true));	/* but who is in, again */
	lock_leave(l, &me[0]);
	lock_leave(l, &me[0]);
	CHECK(!rung(2));
	lock_leave(l, &me[0]);
	CHECK(rung(2));
	CHECK(!lock_is_clear(l));
	life_end(lives, 1);
	CHECK(lock_is_clear(l));
	life_end(lives, 2);
	CHECK(lock_join(l, &me[3], false));	/* the writer is dead */
	end();
}

TEST(a_child_without_a_seat_is_known_by_its_process)
{
	struct lock_me	 child = { .seat = -1 };
	int		 status, has[2], go[2];
	char		 byte;

	begin();
	REQUIRE(pipe(has) == 0 && pipe(go) == 0);
	child.pid = fork();
	if (child.pid == 0) {
		close(go[1]);
		child.pid = getpid();
		status = lock_claim(l, &child, SUB) ? 0 : 1;
		if (write(has[1], "x", 1) != 1 || read(go[0], &byte, 1) != 0)
			status = 2;
		_exit(status);
	}
	CHECK_INT(read(has[0], &byte, 1), 1);
	CHECK(!lock_claim(l, &me[0], SUB));
	close(go[1]);
	REQUIRE(waitid(P_PID, (id_t)child.pid, NULL, WEXITED | WNOWAIT) == 0);
	CHECK(lock_claim(l, &me[0], SUB));	/* dead, though not reaped */
	REQUIRE(waitpid(child.pid, &status, 0) == child.pid);
	CHECK_INT(status, 0);
	close(go[0]);
	close(has[0]);
	close(has[1]);
	end();
}

TEST(nonsense_in_shared_memory_is_borne)
{
	static const uint64_t	 words[] = { UINT64_MAX, 1, 1u << 24,
	    (uint64_t)SEATS << 48 | 1, (uint64_t)0xfffe << 48,
	    (uint64_t)0xffff << 48, (uint64_t)0xffff << 48 | 0x7fffffff };
	size_t			 i;
	int			 seat;

	begin();
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		for (seat = 0; seat < SEATS; seat++)
			l->wants[seat] = l->readers[seat] = words[i];
		l->shared->tickets = words[i];
		l->shared->pid = (int32_t)words[i];
		l->shared->word = words[i];
		CHECK(lock_owner(l) >= 0);
		(void)lock_is_held(l);
		CHECK(lock_claim(l, &me[1], SUB));
		(void)lock_is_clear(l);
		CHECK(lock_release(l, &me[1], SUB));
		lock_leave(l, &me[0]);
		(void)lock_join(l, &me[2], false);
		(void)lock_ticket(l);
		l->shared->word = 0;
	}
	end();
}
