/* The worker's end of the socket to the master, which two threads read. */
#include "worker/control.h"

#include <pthread.h>
#include <string.h>

#include "base/fd.h"
#include "worker/worker.h"

/* The messages that were kept, with their descriptors; under the lock. */
static struct {
	pthread_mutex_t	 lock;
	size_t		 count;
	struct message	 list[CONTROL_KEPT];
	int		 fds[CONTROL_KEPT];
} control = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* The loop's next message. */
ssize_t
control_next(struct worker *w, struct message *msg, int *fd)
{
	ssize_t	 n = sizeof(*msg);

	*fd = -1;
	pthread_mutex_lock(&control.lock);
	if (control.count > 0) {
		*msg = control.list[0];
		*fd = control.fds[0];
		control.count--;
		memmove(control.list, control.list + 1,
		    control.count * sizeof(*control.list));
		memmove(control.fds, control.fds + 1,
		    control.count * sizeof(*control.fds));
	} else
		n = fd_recv_msg(w->control, msg, sizeof(*msg), fd);
	pthread_mutex_unlock(&control.lock);
	return n;
}

/* Is there one that was kept? */
bool
control_has_kept(void)
{
	bool	 result;

	pthread_mutex_lock(&control.lock);
	result = control.count > 0;
	pthread_mutex_unlock(&control.lock);
	return result;
}

/* The watchdog looks for a question. */
bool
control_look(struct worker *w, struct message *msg, int *fd)
{
	bool	 asked = false;

	pthread_mutex_lock(&control.lock);
	while (!asked && control.count < CONTROL_KEPT &&
	    fd_recv_msg(w->control, msg, sizeof(*msg), fd) ==
	    (ssize_t)sizeof(*msg)) {
		asked = msg->type == MSG_STACKS && *fd != -1;
		if (!asked) {
			control.list[control.count] = *msg;
			control.fds[control.count++] = *fd;
			*fd = -1;
		}
	}
	pthread_mutex_unlock(&control.lock);
	return asked;
}

/* The lock's owner is not in this process. */
void
control_forked(void)
{
	pthread_mutex_init(&control.lock, NULL);
	while (control.count > 0)
		fd_close(&control.fds[--control.count]);
}
