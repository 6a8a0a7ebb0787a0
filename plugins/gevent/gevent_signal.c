/* gevent's signal watchers: handlers in C, which wake the loop. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "plugins/gevent/gevent_loop.h"

/* A signal that is watched; its handler reads fd and writes the rest. */
struct gevent_signal_slot {
	struct gevent_loop	*loop;
	int			 users;		/* active watchers */
	struct sigaction	 before;
	volatile int		 fd;		/* the loop's pipe */
	volatile sig_atomic_t	 caught;
};

static struct gevent_signal_slot	 signal_slots[NSIG];
static volatile sig_atomic_t		 signal_any;

/* A signal: the loop shall look. */
static void
gevent_signal_handler(int number)
{
	int	 saved = errno;

	signal_slots[number].caught = 1;
	signal_any = 1;
	(void)!write(signal_slots[number].fd, "", 1);
	errno = saved;
}

/* Starts. */
int
gevent_signal_start(struct gevent_watcher *w)
{
	int				 number =
	    ((struct gevent_signal *)w)->number;
	struct gevent_signal_slot	*slot = &signal_slots[number];
	struct sigaction		 action = {
	    .sa_handler = gevent_signal_handler, .sa_flags = SA_RESTART };
	sigset_t			 set;

	if (slot->users > 0 && slot->loop != w->loop) {
		PyErr_Format(PyExc_RuntimeError, "another loop watches signal "
		    "%d", number);
		return -1;
	}
	slot->fd = w->loop->wake[1];
	slot->loop = w->loop;
	sigfillset(&action.sa_mask);
	if (slot->users == 0 && sigaction(number, &action, &slot->before) ==
	    -1) {
		PyErr_SetFromErrno(PyExc_OSError);
		return -1;
	}
	slot->users++;
	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return 0;
}

/* Stops one that is active; the last gives the signal back. */
void
gevent_signal_stop(struct gevent_watcher *w)
{
	int				 number =
	    ((struct gevent_signal *)w)->number;
	struct gevent_signal_slot	*slot = &signal_slots[number];
	struct sigaction		 now;

	if (--slot->users > 0)
		return;
	slot->loop = NULL;
	if (sigaction(number, NULL, &now) == 0 &&
	    now.sa_handler == gevent_signal_handler)
		sigaction(number, &slot->before, NULL);
}

/* Feeds the watchers of signals that have come. */
void
gevent_signal_feed_caught(struct gevent_loop *loop)
{
	struct gevent_watcher	*w;
	int			 number;
	bool			 left = false;

	if (!signal_any)
		return;
	signal_any = 0;
	TAILQ_FOREACH(w, &loop->active[GEVENT_SIGNAL], active_link) {
		number = ((struct gevent_signal *)w)->number;
		if (signal_slots[number].caught)
			gevent_watcher_feed(w, GEVENT_EV_SIGNAL);
	}
	for (number = 0; number < NSIG; number++) {
		if (signal_slots[number].loop == loop ||
		    signal_slots[number].loop == NULL)
			signal_slots[number].caught = 0;
		else if (signal_slots[number].caught)
			left = true;	/* another thread's loop */
	}
	if (left)
		signal_any = 1;
}
