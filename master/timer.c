/* Setting a timer to a number of seconds. */
#include "master/timer.h"

#include <event2/event.h>

/* Sets it. */
void
timer_arm(struct event *timer, double seconds)
{
	struct timeval	 tv = { .tv_sec = (time_t)seconds };

	tv.tv_usec = (suseconds_t)((seconds - (double)tv.tv_sec) * 1e6);
	evtimer_add(timer, &tv);
}

/* That the loop has woken up is all. */
void
timer_wakes_cb(int fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
}
