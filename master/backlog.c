/* How many connections wait in the system to be accepted. */
#include "master/backlog.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>

#include "shm/listener.h"

/* Of one socket. */
unsigned
backlog_length(const struct listener *l, unsigned *max)
{
	struct tcp_info	 info;
	socklen_t	 len = sizeof(info);

	*max = 0;
	if (l->is_unix || getsockopt(l->fd, IPPROTO_TCP, TCP_INFO, &info,
	    &len) == -1)
		return 0;
	*max = info.tcpi_sacked;
	return info.tcpi_unacked;
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
