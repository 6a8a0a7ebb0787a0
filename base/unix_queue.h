/* How many connections wait at a listening unix socket. */
#ifndef WM_BASE_UNIX_QUEUE_H
#define WM_BASE_UNIX_QUEUE_H

/*
 * Asks the kernel (sock_diag(7)), which answers at once. *max becomes how many
 * may wait. The number, or -1 with errno where it cannot be known: no such
 * socket, or a kernel or sandbox without netlink.
 */
int	 unix_queue_length(int fd, unsigned *max);

#endif
