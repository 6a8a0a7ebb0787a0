/* Pids that were reaped before anybody said whose they were. */
#include "master/reaped.h"

/* Notes one; the oldest is forgotten. */
void
reaped_add(struct reaped *reaped, pid_t pid, int status, uint64_t now_us)
{
	unsigned	 i = reaped->next;

	reaped->items[i].pid = pid;
	reaped->items[i].status = status;
	reaped->items[i].at_us = now_us;
	reaped->next = (i + 1) % REAPED_MAX;
}

/* Takes one out. */
bool
reaped_take(struct reaped *reaped, pid_t pid, uint64_t since_us, int *status)
{
	unsigned	 i;

	for (i = 0; i < REAPED_MAX; i++) {
		if (reaped->items[i].pid != pid ||
		    reaped->items[i].at_us < since_us)
			continue;
		*status = reaped->items[i].status;
		reaped->items[i].pid = 0;
		return true;
	}
	return false;
}
