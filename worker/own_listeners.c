/* Listening sockets that the app opens in a worker of its own accord. */
#include "worker/own_listeners.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/address.h"

/* Does this descriptor listen? */
static bool
own_listeners_listens(int fd)
{
	socklen_t	 len = sizeof(int);
	int		 listens = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) ==
	    0 && listens;
}

/* Notes which descriptors listen. */
void
own_listeners_note(struct strbuf *sb)
{
	struct dirent	*entry;
	DIR		*dir;
	int		 fd;

	dir = opendir("/proc/self/fd");
	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		fd = atoi(entry->d_name);
		if (!own_listeners_listens(fd))
			continue;
		while (sb->len <= (size_t)fd)
			strbuf_addc(sb, 0);
		sb->buf[fd] = 1;
	}
	closedir(dir);
}

/* Adds the address of a socket, if it fits. */
static void
own_listeners_add(int fd, struct strbuf *text, size_t max)
{
	struct sockaddr_any	 any = { .len = sizeof(any.sa) };
	char			*address;

	if (getsockname(fd, (struct sockaddr *)&any.sa, &any.len) == -1)
		return;
	address = address_print(&any);
	if (text->len + strlen(address) + 1 < max) {
		strbuf_adds(text, address);
		strbuf_addc(text, '\n');
	}
	free(address);
}

/* Finds the new ones. */
size_t
own_listeners_find(const struct strbuf *before, struct strbuf *text,
    size_t max)
{
	struct strbuf	 now = STRBUF_INIT;
	size_t		 i, n = 0;

	own_listeners_note(&now);
	for (i = 0; i < now.len; i++) {
		if (now.buf[i] == 0 ||
		    (i < before->len && before->buf[i] != 0))
			continue;
		own_listeners_add((int)i, text, max);
		n++;
	}
	strbuf_done(&now);
	return n;
}
