/* What mules and spoolers have done, for the master to show. */
#include "shm/deeds.h"

#include <stddef.h>
#include <sys/mman.h>

/* How many bytes so many take. */
static size_t
deeds_size(int n)
{
	return sizeof(struct deeds) * (size_t)(n > 0 ? n : 1);
}

/* Maps them, all zero. */
struct deeds *
deeds_new(int n)
{
	void	*map;

	map = mmap(NULL, deeds_size(n), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return map == MAP_FAILED ? NULL : map;
}

/* Unmaps them. */
void
deeds_free(struct deeds *deeds, int n)
{
	if (deeds != NULL)
		munmap(deeds, deeds_size(n));
}
