/* Tests master/backoff.c: the pauses before a respawn. */
#include "master/backoff.h"
#include "test/unit/unit.h"

/* Compares pauses in whole milliseconds. */
static void
check_delay(unsigned failures, double ready_s, double max, int ms)
{
	CHECK_INT(backoff_delay(failures, ready_s, max) * 1000 + 0.5, ms);
}

TEST(backoff_is_none_for_what_served_a_while)
{
	check_delay(0, 3600, 10, 0);
	check_delay(3, 2, 10, 0);
}

TEST(backoff_doubles_up_to_the_most)
{
	check_delay(1, -1, 10, 100);
	check_delay(2, -1, 10, 200);
	check_delay(3, 0.5, 10, 400);
	check_delay(7, -1, 10, 6400);
	check_delay(8, -1, 10, 10000);
	check_delay(20, -1, 10, 10000);
	check_delay(20, -1, 3600, 3600 * 1000);
}

TEST(backoff_never_spins)
{
	check_delay(1, -1, 0, 10);
	check_delay(20, -1, 0, 10);
}

TEST(backoff_counts_quick_deaths_and_forgives)
{
	CHECK_INT(backoff_count(0, -1), 1);
	CHECK_INT(backoff_count(1, 0.2), 2);
	CHECK_INT(backoff_count(2, 5), 2);
	CHECK_INT(backoff_count(2, 11), 0);
	CHECK_INT(backoff_count(20, -1), 20);
}

TEST(backoff_of_a_death_counts_first)
{
	unsigned	 failures = 1;

	CHECK_INT(backoff_died(&failures, -1, 10) * 1000 + 0.5, 200);
	CHECK_INT(failures, 2);
	CHECK_INT(backoff_died(&failures, 11, 10), 0);
	CHECK_INT(failures, 0);
}
