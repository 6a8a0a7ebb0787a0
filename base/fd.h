/* Small things done to file descriptors. */
#ifndef WM_BASE_FD_H
#define WM_BASE_FD_H

#include <stddef.h>
#include <sys/types.h>

/* Return 0, or -1 with errno. */
int	 fd_set_nonblock(int fd);
int	 fd_set_cloexec(int fd);
/* Closes *fd unless it is -1, and makes it -1; keeps errno. */
void	 fd_close(int *fd);
/*
 * Opens a regular file for reading; EINVAL for others. Blocks on none, like a
 * FIFO that nobody writes.
 */
int	 fd_open_regular(const char *path);
/* Writes everything to a blocking descriptor; -1 with errno. */
int	 fd_write_all(int fd, const void *data, size_t len);
/*
 * One message over a SOCK_SEQPACKET socket, with one descriptor when send is
 * not -1. Neither raises SIGPIPE. fd_recv_msg gives the length, 0 at the
 * peer's end, -1 with errno; a descriptor that came along is in *received
 * (close-on-exec set), else -1.
 */
int	 fd_send_msg(int sock, const void *data, size_t len, int send);
ssize_t	 fd_recv_msg(int sock, void *data, size_t len, int *received);

#endif
