/* How long to wait before something that died is started again. */
#include "master/backoff.h"

#define BACKOFF_FIRST	0.1	/* seconds; doubles */
#define BACKOFF_LEAST	0.01	/* whatever the most is: never spin */
#define BACKOFF_DOUBLES	20	/* enough for any limit an option allows */
#define BACKOFF_QUICK	1.0	/* ready for less: a failure */
#define BACKOFF_FORGIVE	10.0	/* ready for more: failures are forgotten */

/* Counts a death. */
unsigned
backoff_count(unsigned failures, double ready_s)
{
	if (ready_s > BACKOFF_FORGIVE)
		return 0;
	if (ready_s > BACKOFF_QUICK)
		return failures;
	return failures < BACKOFF_DOUBLES ? failures + 1 : failures;
}

/* The pause. */
double
backoff_delay(unsigned failures, double ready_s, double max)
{
	double		 delay = BACKOFF_FIRST;
	unsigned	 i;

	if (ready_s > BACKOFF_QUICK || failures == 0)
		return 0;
	for (i = 1; i < failures; i++)
		delay *= 2;
	if (delay > max)
		delay = max;
	return delay < BACKOFF_LEAST ? BACKOFF_LEAST : delay;
}

/* Counts, and tells the pause. */
double
backoff_died(unsigned *failures, double ready_s, double max)
{
	*failures = backoff_count(*failures, ready_s);
	return backoff_delay(*failures, ready_s, max);
}
