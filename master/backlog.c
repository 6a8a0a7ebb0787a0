/* How many connections wait in the system to be accepted. */
#include "master/backlog.h"

#include <stddef.h>

#include "base/listen_queue.h"
#include "shm/listener.h"

/* Of one socket. */
unsigned
backlog_length(const struct listener *l, unsigned *max)
{
	int	 length = listen_queue_length(l->fd, l->is_unix, max);

	return length > 0 ? (unsigned)length : 0;
}

/* Of all together. */
unsigned
backlog_total(const struct listeners *listeners)
{
	size_t		 i;
	unsigned	 sum = 0, max;

	for (i = 0; i < listeners->count; i++)
		sum += backlog_length(&listeners->items[i], &max);
	return sum;
}
