/* Tests shm/latency.h: which step a time falls into. */
#include "shm/latency.h"
#include "test/unit/unit.h"

TEST(latency_each_limit_is_the_last_time_of_its_step)
{
	unsigned	 step;

	for (step = 0; step < LATENCY_STEPS - 1; step++) {
		CHECK_INT(latency_step(latency_limit_us(step)), step);
		CHECK_INT(latency_step(latency_limit_us(step) + 1), step + 1);
		if (step > 0)
			CHECK_INT(latency_limit_us(step),
			    2 * latency_limit_us(step - 1));
	}
}

TEST(latency_no_time_is_outside)
{
	CHECK_INT(latency_step(0), 0);
	CHECK_INT(latency_step(1), 0);
	CHECK_INT(latency_limit_us(0), 64);
	CHECK_INT(latency_limit_us(LATENCY_STEPS - 2), 67108864);
	CHECK_INT(latency_step(67108865), LATENCY_STEPS - 1);
	CHECK_INT(latency_step(UINT64_MAX), LATENCY_STEPS - 1);
	CHECK_INT(latency_step((uint64_t)1 << 63), LATENCY_STEPS - 1);
}
