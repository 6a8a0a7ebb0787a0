/* What the spooler processes tell each other and the master. */
#include "shm/spoolers.h"

#include <stddef.h>
#include <sys/mman.h>

/* How much memory so many need. */
static size_t
spoolers_size(int count)
{
	return sizeof(struct spoolers) +
	    (size_t)count * sizeof(struct spooler_row);
}

/* Maps it. */
struct spoolers *
spoolers_new(int count)
{
	struct spoolers	*spoolers;

	spoolers = mmap(NULL, spoolers_size(count), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (spoolers == MAP_FAILED)
		return NULL;
	spoolers->count = count;
	return spoolers;
}

/* Unmaps it. */
void
spoolers_free(struct spoolers *spoolers)
{
	if (spoolers != NULL)
		munmap(spoolers, spoolers_size(spoolers->count));
}
