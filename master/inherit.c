/* Listening sockets that were open before: systemd's, or another master's. */
#include "master/inherit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "master/handover.h"
#include "master/takeover.h"

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

/* The n-th of the names that systemd gives. New. */
static char *
inherited_label(long n)
{
	const char	*names = getenv("LISTEN_FDNAMES");

	for (; names != NULL && n > 0; n--) {
		names = strchr(names, ':');
		if (names != NULL)
			names++;
	}
	return names != NULL ? xstrndup(names, strcspn(names, ":")) :
	    xstrdup("");
}

/* Adds one. */
void
inherited_add(struct inherited *in, const struct inherited_socket *s)
{
	in->items = xrealloc(in->items, (in->count + 1) *
	    sizeof(*in->items));
	in->items[in->count++] = *s;
}

/* Takes over one of systemd's descriptors. */
static void
inherited_adopt(struct inherited *in, long n)
{
	struct inherited_socket	 item = { .label = NULL };
	int			 fd = INHERIT_FIRST_FD + (int)n;
	char			*cause;

	if (fcntl(fd, F_GETFD) == -1)
		return;
	if (socket_adopt(&item.socket, fd, &cause) == 0) {
		item.socket.kept = true;
		item.label = inherited_label(n);
		inherited_add(in, &item);
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
	const char	*handed = getenv("WSGIMASTER_INHERIT");
	long		 i, n = inherited_number("LISTEN_FDS");

	memset(in, 0, sizeof(*in));
	if (inherited_number("LISTEN_PID") == getpid() && n > 0) {
		if (n > INHERIT_MAX)
			n = INHERIT_MAX;
		for (i = 0; i < n; i++)
			inherited_adopt(in, i);
	}
	if (handed != NULL && takeover_is_upgrade())
		handover_read(handed, in);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	unsetenv("WSGIMASTER_INHERIT");
}

/* Gives one away. */
static void
inherited_give(struct inherited_socket *item, struct socket *s)
{
	*s = item->socket;
	memset(&item->socket, 0, sizeof(item->socket));
	item->socket.fd = -1;
}

/* Gives away one at an address. */
bool
inherited_take(struct inherited *in, const char *text, struct socket *s)
{
	struct inherited_socket	*item;
	size_t			 i;

	for (i = 0; i < in->count; i++) {
		item = &in->items[i];
		if (item->socket.fd == -1 ||
		    !socket_matches(&item->socket, text))
			continue;
		inherited_give(item, s);
		if (s->handed)
			socket_rename(s, text);
		return true;
	}
	return false;
}

/* Gives away one by its name. */
bool
inherited_take_label(struct inherited *in, const char *label,
    struct socket *s)
{
	struct inherited_socket	*item;
	size_t			 i;

	for (i = 0; i < in->count; i++) {
		item = &in->items[i];
		if (item->socket.fd == -1 || !item->socket.kept ||
		    strcmp(item->label, label) != 0)
			continue;
		inherited_give(item, s);
		return true;
	}
	return false;
}

/* Closes the rest, or a part of it. */
void
inherited_close(struct inherited *in, bool handed, bool unlink)
{
	struct inherited_socket	*item;
	size_t			 i;

	for (i = 0; i < in->count; i++) {
		item = &in->items[i];
		if (item->socket.fd == -1 || (item->socket.handed && !handed))
			continue;
		log_warn("%s: no option names %s; closing it",
		    item->socket.handed ?
		    "from the old master" : "LISTEN_FDS", item->socket.name);
		if (unlink) {
			socket_own(&item->socket);
			socket_unlink(&item->socket);
		}
		socket_done(&item->socket);
	}
}

/* Closes and frees all. */
void
inherited_done(struct inherited *in)
{
	size_t	 i;

	for (i = 0; i < in->count; i++) {
		socket_done(&in->items[i].socket);
		free(in->items[i].label);
	}
	free(in->items);
	memset(in, 0, sizeof(*in));
}
