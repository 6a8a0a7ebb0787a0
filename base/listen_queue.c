/* How many connections wait in the system at a listening socket. */
#include "base/listen_queue.h"

#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/unix_queue.h"

/* Asks by the family. */
int
listen_queue_length(int fd, bool is_unix, unsigned *max)
{
	struct tcp_info	 info;
	socklen_t	 len = sizeof(info);

	if (is_unix)
		return unix_queue_length(fd, max);
	*max = 0;
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == -1)
		return -1;
	*max = info.tcpi_sacked;
	return info.tcpi_unacked < INT_MAX ? (int)info.tcpi_unacked : INT_MAX;
}
