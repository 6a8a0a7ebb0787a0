/* Which process on a seat lives: what it leaves behind names its life. */
#ifndef WM_SHM_LIVES_H
#define WM_SHM_LIVES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A number for each seat (shm/seats.h), in shared memory. A process that takes
 * the seat adds 1 and has its life; the master adds 1 when it has reaped that
 * process. So whatever names a seat and a life in shared memory is a dead one's
 * as soon as the number is another: no process id is asked for, and one that
 * is used again deceives nobody. A process that writes here can have others
 * taken for dead, and so take their locks; not more.
 */
#define LIFE_BITS	24
#define LIFE_MASK	((1u << LIFE_BITS) - 1)

struct lives {
	int		  count;
	_Atomic uint32_t *now;
};

/* NULL with *cause. */
struct lives *lives_new(int count, char **cause);
void	 lives_free(struct lives *lives);
/* The process that sits there now: its life, never 0. */
uint32_t life_begin(const struct lives *lives, int seat);
/* The master: it is reaped. */
void	 life_end(const struct lives *lives, int seat);
/* Does it live? Any seat, any number. */
bool	 life_lasts(const struct lives *lives, int seat, uint32_t life);

#endif
