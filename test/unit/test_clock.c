/* Tests base/clock.c: what is left of a time. */
#include "base/clock.h"

#include "test/unit/unit.h"

TEST(what_is_left_of_a_time_is_never_more_and_ends_at_0)
{
	const uint64_t	 now = clock_mono_us();
	double		 left;

	left = clock_left(100, now - 40 * 1000000);
	CHECK(left <= 60 && left > 0);
	left = clock_left(100, now);
	CHECK(left <= 100 && left > 40);
	CHECK(clock_left(100, now - 100 * 1000000) == 0);
	CHECK(clock_left(100, now - 500 * 1000000) == 0);
	CHECK(clock_left(0, now) == 0);
}

TEST(of_ever_ever_is_left)
{
	CHECK(clock_left(-1, clock_mono_us() - 500 * 1000000) == -1);
	CHECK(clock_left(-0.5, 0) == -0.5);
}
