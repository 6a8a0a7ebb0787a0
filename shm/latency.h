/* The steps of a histogram of times: each is twice as long as the last. */
#ifndef WM_SHM_LATENCY_H
#define WM_SHM_LATENCY_H

#include <stdint.h>

/*
 * Step i holds what took up to latency_limit_us(i), and longer than the one
 * before: 64 us, 128 us, ... 67 s; the last one holds the rest. Doubling them
 * makes finding the step a few instructions, with an error of a quantile
 * that is always less than half of it.
 */
#define LATENCY_FIRST	6	/* 2^6 us */
#define LATENCY_STEPS	22

/* Into which step does this time fall? */
static inline unsigned
latency_step(uint64_t us)
{
	unsigned	 step;

	if (us <= (uint64_t)1 << LATENCY_FIRST)
		return 0;
	step = 64 - LATENCY_FIRST - (unsigned)__builtin_clzll(us - 1);
	return step < LATENCY_STEPS ? step : LATENCY_STEPS - 1;
}

/* The longest time of a step, but for the last one. */
static inline uint64_t
latency_limit_us(unsigned step)
{
	return (uint64_t)1 << (LATENCY_FIRST + step);
}

#endif
