/* What time it is, in microseconds. */
#ifndef WM_BASE_CLOCK_H
#define WM_BASE_CLOCK_H

#include <stdint.h>

/* Never goes back; the same in all processes of this boot. */
uint64_t	clock_mono_us(void);
/* The same clock, read cheaply: late by up to 4 ms (one kernel tick). */
uint64_t	clock_coarse_us(void);
/* Since 1970, UTC. */
uint64_t	clock_real_us(void);
/* The same, read cheaply and late. */
uint64_t	clock_real_coarse_us(void);
/*
 * What is left of so many seconds that have begun at start_us (mono), 0 when
 * they are over; seconds below 0 mean for ever, and stay as they are.
 */
double		clock_left(double seconds, uint64_t start_us);

#endif
