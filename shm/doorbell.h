/* Doorbells: any process of the server wakes any other. */
#ifndef WM_SHM_DOORBELL_H
#define WM_SHM_DOORBELL_H

#include <stddef.h>

/*
 * One non-blocking eventfd for each seat (shm/seats.h), made before the first
 * fork and never closed, so that nothing needs to be said when a process comes
 * or goes. A ring carries no news: who is woken looks at what it waits for,
 * and a ring too many costs nothing but that. Rings for nobody stay, and the
 * next process on that seat hears them.
 */
struct doorbells {
	int	 count;
	int	*fds;
};

/* NULL with *cause. */
struct doorbells *doorbells_new(int count, char **cause);
void	 doorbells_free(struct doorbells *bells);
/* Wakes one; never blocks. A seat that does not exist: nothing. */
void	 doorbell_ring(const struct doorbells *bells, int seat);
/* Wakes everybody; a system call each. */
void	 doorbell_ring_all(const struct doorbells *bells);
/* To be watched for reading by the process on that seat; -1: no such seat. */
int	 doorbell_fd(const struct doorbells *bells, int seat);
/* It has been heard: takes the rings back. */
void	 doorbell_answer(const struct doorbells *bells, int seat);

#endif
