/* What a process's descriptor is: what a request waits for. */
#ifndef WM_CTL_CTL_FD_H
#define WM_CTL_CTL_FD_H

#include <stddef.h>

/* One to look up; name is an allocated string afterwards. */
struct ctl_fd {
	int		 pid;
	int		 fd;
	unsigned long	 inode;		/* private */
	char		*name;		/* "tcp 10.0.0.5:5432", or "fd 14" */
};

/*
 * Reads /proc, as far as that is allowed and the processes are in sight; what
 * is not found is "fd 14".
 */
void	 ctl_fd_names(struct ctl_fd *fds, size_t count);

#endif
