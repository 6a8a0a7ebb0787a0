/* Tests master/reaped.c: who was reaped before he was known. */
#include "master/reaped.h"
#include "test/unit/unit.h"

TEST(reaped_gives_a_pid_once)
{
	struct reaped	 reaped = { .next = 0 };
	int		 status = 0;

	CHECK(!reaped_take(&reaped, 10, 0, &status));
	reaped_add(&reaped, 10, 9, 100);
	CHECK(reaped_take(&reaped, 10, 50, &status));
	CHECK_INT(status, 9);
	CHECK(!reaped_take(&reaped, 10, 50, &status));
}

TEST(reaped_does_not_give_an_older_process_of_the_same_pid)
{
	struct reaped	 reaped = { .next = 0 };
	int		 status = 0;

	reaped_add(&reaped, 10, 9, 100);
	CHECK(!reaped_take(&reaped, 10, 101, &status));
}

TEST(reaped_forgets_the_oldest)
{
	struct reaped	 reaped = { .next = 0 };
	int		 i, status = 0;

	for (i = 1; i <= REAPED_MAX + 1; i++)
		reaped_add(&reaped, i, 0, 100);
	CHECK(!reaped_take(&reaped, 1, 0, &status));
	CHECK(reaped_take(&reaped, 2, 0, &status));
	CHECK(reaped_take(&reaped, REAPED_MAX + 1, 0, &status));
}
