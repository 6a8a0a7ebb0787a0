/* Waiting for the doorbell where no loop turns. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_doorbell.h"

#include "plugins/python/py_core.h"
#include "plugins/python/py_wait.h"
#include "shm/commons.h"
#include "shm/doorbell.h"
#include "worker/doorbell_watch.h"
#include "worker/worker.h"

/* Blocks until the bell rings, or it is time to look again. */
int
py_doorbell_wait(double seconds)
{
	struct worker	*w = py_worker();
	struct pollfd	 pfd = { .fd = -1, .events = POLLIN };
	double		 look = DOORBELL_LOOK;
	int		 n;

	if (w->commons != NULL)
		pfd.fd = doorbell_fd(w->commons->doorbells, w->seat);
	if (pfd.fd == -1)
		look = DOORBELL_LOOK_DEAF;
	n = py_wait_block(&pfd, 1, seconds < 0 || seconds > look ? look :
	    seconds);
	if (n == -1)
		return -1;
	if (n > 0)
		doorbell_answer(w->commons->doorbells, w->seat);
	return n > 0 || seconds < 0 || seconds > look;
}
