/* Listening sockets that systemd (or who speaks like it) hands over. */
#include "master/inherit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xmalloc.h"

#define INHERIT_FIRST_FD	3
#define INHERIT_MAX		256

/* A number in the environment, -1 when there is none. */
static long
inherited_number(const char *name)
{
	const char	*text = getenv(name);
	char		*end;
	long		 n;

	if (text == NULL || text[0] == '\0')
		return -1;
	n = strtol(text, &end, 10);
	return *end == '\0' ? n : -1;
}

/* Takes over one descriptor. */
static void
inherited_add(struct inherited *in, int fd)
{
	char	*cause;

	if (fcntl(fd, F_GETFD) == -1)
		return;
	if (socket_adopt(&in->items[in->count], fd, &cause) == 0) {
		in->items[in->count++].kept = true;
		return;
	}
	log_warn("LISTEN_FDS: %s", cause);
	free(cause);
	close(fd);
}

/* Takes over all. */
void
inherited_init(struct inherited *in)
{
	long	 i, n = inherited_number("LISTEN_FDS");

	memset(in, 0, sizeof(*in));
	if (inherited_number("LISTEN_PID") == getpid() && n > 0) {
		if (n > INHERIT_MAX)
			n = INHERIT_MAX;
		in->items = xcalloc((size_t)n, sizeof(*in->items));
		for (i = 0; i < n; i++)
			inherited_add(in, INHERIT_FIRST_FD + (int)i);
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}

/* Gives away the one at an address. */
bool
inherited_take(struct inherited *in, const char *text, struct socket *s)
{
	size_t	 i;

	for (i = 0; i < in->count; i++) {
		if (in->items[i].fd == -1 ||
		    !socket_matches(&in->items[i], text))
			continue;
		*s = in->items[i];
		memset(&in->items[i], 0, sizeof(in->items[i]));
		in->items[i].fd = -1;
		return true;
	}
	return false;
}

/* Closes the rest. */
void
inherited_done(struct inherited *in)
{
	size_t	 i;

	for (i = 0; i < in->count; i++) {
		if (in->items[i].fd == -1)
			continue;
		log_warn("LISTEN_FDS: no option names %s; closing it",
		    in->items[i].name);
		socket_done(&in->items[i]);
	}
	free(in->items);
	memset(in, 0, sizeof(*in));
}
