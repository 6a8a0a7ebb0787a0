/* Doorbells: any process of the server wakes any other. */
#include "shm/doorbell.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/xmalloc.h"

/* Makes them. */
struct doorbells *
doorbells_new(int count, char **cause)
{
	struct doorbells	*bells = xcalloc(1, sizeof(*bells));

	bells->fds = xcalloc((size_t)count, sizeof(*bells->fds));
	while (bells->count < count) {
		bells->fds[bells->count] = eventfd(0,
		    EFD_NONBLOCK | EFD_CLOEXEC);
		if (bells->fds[bells->count] == -1) {
			*cause = xasprintf("cannot make an eventfd: %s",
			    strerror(errno));
			doorbells_free(bells);
			return NULL;
		}
		bells->count++;
	}
	return bells;
}

/* Closes them. */
void
doorbells_free(struct doorbells *bells)
{
	if (bells == NULL)
		return;
	while (bells->count > 0)
		close(bells->fds[--bells->count]);
	free(bells->fds);
	free(bells);
}

/* Wakes one. */
void
doorbell_ring(const struct doorbells *bells, int seat)
{
	static const uint64_t	 one = 1;
	ssize_t			 n;

	if (doorbell_fd(bells, seat) == -1)
		return;
	n = write(bells->fds[seat], &one, sizeof(one));
	(void)n;	/* EAGAIN: it has been rung 2^64 - 2 times */
}

/* Wakes everybody. */
void
doorbell_ring_all(const struct doorbells *bells)
{
	int	 i;

	for (i = 0; i < bells->count; i++)
		doorbell_ring(bells, i);
}

/* One seat's. */
int
doorbell_fd(const struct doorbells *bells, int seat)
{
	return seat >= 0 && seat < bells->count ? bells->fds[seat] : -1;
}

/* Takes the rings back. */
void
doorbell_answer(const struct doorbells *bells, int seat)
{
	uint64_t	 rings;
	ssize_t		 n;

	if (doorbell_fd(bells, seat) == -1)
		return;
	n = read(bells->fds[seat], &rings, sizeof(rings));
	(void)n;	/* EAGAIN: nobody has rung */
}
