/* What happens to a worker whose master dies. */
#include "worker/parent_death.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

static timer_t parent_death_timer;
static struct itimerspec parent_death_delay;

/* The parent is dead: this process has so much longer. */
static void
parent_death_handler(int sig)
{
	(void)sig;
	timer_settime(parent_death_timer, 0, &parent_death_delay, NULL);
}

/* Gets ready for the master's death. */
int
parent_death_watch(double mercy)
{
	struct sigaction	 sa = { .sa_handler = parent_death_handler,
	    .sa_flags = SA_RESTART };
	struct sigevent		 ev = { .sigev_notify = SIGEV_SIGNAL,
	    .sigev_signo = SIGKILL };
	int			 sig = SIGRTMAX - 1;

	parent_death_delay.it_value.tv_sec = (time_t)mercy;
	parent_death_delay.it_value.tv_nsec =
	    (long)((mercy - (double)(time_t)mercy) * 1e9);
	if (mercy <= 0)
		parent_death_delay.it_value.tv_nsec = 1;
	if (timer_create(CLOCK_MONOTONIC, &ev, &parent_death_timer) == -1)
		return -1;
	sigemptyset(&sa.sa_mask);
	if (sigaction(sig, &sa, NULL) == -1)
		return -1;
	return prctl(PR_SET_PDEATHSIG, sig);
}
