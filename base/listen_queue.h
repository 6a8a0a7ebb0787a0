/* How many connections wait in the system at a listening socket. */
#ifndef WM_BASE_LISTEN_QUEUE_H
#define WM_BASE_LISTEN_QUEUE_H

#include <stdbool.h>

/*
 * Asks the kernel, which answers at once. *max becomes how many may wait. The
 * number, or -1 with errno where it cannot be known: no listening socket, or
 * (unix sockets) a kernel or sandbox without netlink.
 */
int	 listen_queue_length(int fd, bool is_unix, unsigned *max);

#endif
