/* What time it is, in microseconds. */
#include "base/clock.h"

#include <time.h>

/* Reads a clock. */
static uint64_t
clock_read(clockid_t id)
{
	struct timespec	 ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* The monotonic clock. */
uint64_t
clock_mono_us(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

/* The monotonic clock, to the kernel's tick. */
uint64_t
clock_coarse_us(void)
{
	return clock_read(CLOCK_MONOTONIC_COARSE);
}

/* The calendar clock. */
uint64_t
clock_real_us(void)
{
	return clock_read(CLOCK_REALTIME);
}

/* The calendar clock, to the kernel's tick. */
uint64_t
clock_real_coarse_us(void)
{
	return clock_read(CLOCK_REALTIME_COARSE);
}

/* What is left of a time. */
double
clock_left(double seconds, uint64_t start_us)
{
	double	 left;

	if (seconds < 0)
		return seconds;
	left = seconds - (double)(clock_mono_us() - start_us) / 1e6;
	return left > 0 ? left : 0;
}
