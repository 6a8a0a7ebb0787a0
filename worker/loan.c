/* The loop, lent to a core for a moment. */
#include "worker/loan.h"

#include <errno.h>

#include "worker/runtime.h"
#include "worker/suspend.h"
#include "worker/worker.h"

/* The loop is the caller's until loan_give. */
bool
loan_take(struct worker *w, int *held)
{
	*held = 0;
	errno = EPIPE;
	if (w->forked)
		return false;
	if (w->suspend->attach == NULL)
		return true;
	if (w->runtime != NULL)
		*held = w->runtime->block_begin();
	if (w->suspend->attach(w))
		return true;
	if (w->runtime != NULL)
		w->runtime->block_end(*held);
	errno = EPIPE;
	return false;
}

/* Gives it back; errno stays. */
void
loan_give(struct worker *w, int held)
{
	int	 saved = errno;

	if (w->suspend->attach == NULL)
		return;
	w->suspend->detach(w);
	if (w->runtime != NULL)
		w->runtime->block_end(held);
	errno = saved;
}
