/* What a process's descriptor is: what a request waits for. */
#include "ctl/ctl_fd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"

/* The kernel's tables of sockets that have an address to show. */
static const struct {
	const char	*file;
	const char	*name;
} fd_tables[] = {
	{ "tcp",	"tcp" },
	{ "tcp6",	"tcp" },
	{ "udp",	"udp" },
	{ "udp6",	"udp" },
};

/* Asks what it is; a socket is known by its inode only. */
static void
fd_look(struct ctl_fd *fd)
{
	char	 path[64], target[256];
	ssize_t	 len, i;

	fd->inode = 0;
	fd->name = NULL;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", fd->pid, fd->fd);
	len = readlink(path, target, sizeof(target) - 1);
	if (len > 0) {
		target[len] = '\0';
		for (i = 0; i < len; i++) {	/* a file's name is foreign */
			if (target[i] < ' ' || target[i] > '~')
				target[i] = '?';
		}
		if (sscanf(target, "socket:[%lu]", &fd->inode) == 1)
			return;
		if (strncmp(target, "pipe:", 5) == 0)
			fd->name = xstrdup("pipe");
		else if (strncmp(target, "anon_inode:", 11) == 0)
			fd->name = xstrdup(target + 11);
		else
			fd->name = xstrdup(target);
	}
}

/* "0100007F:1F90" as text; words are in the machine's order. NULL: none. */
static char *
fd_address(const char *hex)
{
	char		 text[INET6_ADDRSTRLEN];
	struct in6_addr	 in6;
	struct in_addr	 in;
	unsigned	 w[4], port;

	if (sscanf(hex, "%8x%8x%8x%8x:%x", &w[0], &w[1], &w[2], &w[3],
	    &port) == 5) {
		memcpy(&in6, w, sizeof(in6));
		if (IN6_IS_ADDR_V4MAPPED(&in6) &&
		    inet_ntop(AF_INET, &w[3], text, sizeof(text)) != NULL)
			return xasprintf("%s:%u", text, port);
		if (inet_ntop(AF_INET6, &in6, text, sizeof(text)) != NULL)
			return xasprintf("[%s]:%u", text, port);
	} else if (sscanf(hex, "%8x:%x", &w[0], &port) == 2) {
		in.s_addr = w[0];
		if (inet_ntop(AF_INET, &in, text, sizeof(text)) != NULL)
			return xasprintf("%s:%u", text, port);
	}
	return NULL;
}

/* One line of a table: whose is it? */
static void
fd_match(struct ctl_fd *fds, size_t count, const char *name, const char *line)
{
	unsigned long	 inode;
	char		 remote[64], *text;
	size_t		 i;

	if (sscanf(line, " %*d: %*s %63s %*s %*s %*s %*s %*s %*s %lu", remote,
	    &inode) != 2)
		return;
	for (i = 0; i < count; i++) {
		if (fds[i].inode != inode || inode == 0 ||
		    fds[i].name != NULL)
			continue;
		text = fd_address(remote);
		if (text != NULL)
			fds[i].name = xasprintf("%s %s", name, text);
		free(text);
	}
}

/* Looks a table through, once for all. */
static void
fd_read_table(struct ctl_fd *fds, size_t count, int pid, size_t table)
{
	char	 path[64], line[512];
	FILE	*file;

	snprintf(path, sizeof(path), "/proc/%d/net/%s", pid,
	    fd_tables[table].file);
	file = fopen(path, "re");
	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL)
		fd_match(fds, count, fd_tables[table].name, line);
	fclose(file);
}

/* Names them. */
void
ctl_fd_names(struct ctl_fd *fds, size_t count)
{
	size_t	 i;
	int	 pid = 0;

	for (i = 0; i < count; i++) {
		fd_look(&fds[i]);
		if (fds[i].inode != 0)
			pid = fds[i].pid;	/* all see the same network */
	}
	for (i = 0; pid != 0 && i < sizeof(fd_tables) /
	    sizeof(fd_tables[0]); i++)
		fd_read_table(fds, count, pid, i);
	for (i = 0; i < count; i++) {
		if (fds[i].name == NULL)
			fds[i].name = xasprintf(fds[i].inode != 0 ?
			    "fd %d (a socket)" : "fd %d", fds[i].fd);
	}
}
