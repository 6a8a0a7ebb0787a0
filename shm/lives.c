/* Which process on a seat lives: what it leaves behind names its life. */
#include "shm/lives.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/xmalloc.h"

/* Makes the numbers, all 0: nobody has lived. */
struct lives *
lives_new(int count, char **cause)
{
	struct lives	*lives = xcalloc(1, sizeof(*lives));

	lives->count = count;
	lives->now = mmap(NULL, (size_t)count * sizeof(*lives->now),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (lives->now != MAP_FAILED)
		return lives;
	*cause = xasprintf("cannot map the processes' lives: %s",
	    strerror(errno));
	free(lives);
	return NULL;
}

/* Unmaps them. */
void
lives_free(struct lives *lives)
{
	if (lives == NULL)
		return;
	munmap((void *)lives->now, (size_t)lives->count *
	    sizeof(*lives->now));
	free(lives);
}

/* The next life on that seat. */
uint32_t
life_begin(const struct lives *lives, int seat)
{
	uint32_t	 life;

	do
		life = (atomic_fetch_add(&lives->now[seat], 1) + 1) &
		    LIFE_MASK;
	while (life == 0);
	return life;
}

/* It is over. */
void
life_end(const struct lives *lives, int seat)
{
	if (seat >= 0 && seat < lives->count)
		atomic_fetch_add(&lives->now[seat], 1);
}

/* Does it last? */
bool
life_lasts(const struct lives *lives, int seat, uint32_t life)
{
	return seat >= 0 && seat < lives->count && life != 0 &&
	    (atomic_load(&lives->now[seat]) & LIFE_MASK) == life;
}
