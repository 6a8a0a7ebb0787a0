/* Tests worker/patience.c: a supply of time that waiting uses up. */
#include "worker/patience.h"

#include "test/unit/unit.h"

/* Is a about b? */
static bool
near(double a, double b)
{
	return a > b - 0.01 && a < b + 0.01;
}

TEST(patience_ends_when_nothing_moves)
{
	struct patience	 p = { 0 };

	CHECK(near(patience_left(&p, 10), 10));
	patience_spend(&p, 4, 10);
	CHECK(near(patience_left(&p, 10), 6));
	patience_spend(&p, 60, 10);
	CHECK(patience_left(&p, 10) == 0);
	/* Not a debt: what comes then counts. */
	patience_earn(&p, 100, 100);
	CHECK(near(patience_left(&p, 10), 1));
}

TEST(patience_ends_below_the_rate)
{
	struct patience	 p = { 0 };
	int		 i;

	for (i = 0; patience_left(&p, 10) > 1 && i < 1000; i++) {
		patience_spend(&p, 1, 10);
		patience_earn(&p, 50, 100);
	}
	CHECK(i > 15 && i < 25);
}

TEST(patience_lasts_at_the_rate_and_is_never_saved_up)
{
	struct patience	 p = { 0 };
	int		 i;

	for (i = 0; i < 1000; i++) {
		patience_spend(&p, 1, 10);
		patience_earn(&p, 101, 100);
	}
	CHECK(patience_left(&p, 10) > 9);
	patience_earn(&p, 1 << 30, 100);
	CHECK(near(patience_left(&p, 10), 10));
}
