/* The listening sockets that one master hands to the next one. */
#include "master/handover.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/strbuf.h"
#include "base/xmalloc.h"
#include "master/inherit.h"
#include "master/socket.h"

/* Adds one. */
void
handover_add(struct handover *h, const char *role, struct socket *s)
{
	if (s->fd == -1)
		return;
	h->items = xrealloc(h->items, (h->count + 1) * sizeof(*h->items));
	h->items[h->count++] = (struct handed){ .role = role, .socket = s };
}

/* Forgets all. */
void
handover_done(struct handover *h)
{
	free(h->items);
	memset(h, 0, sizeof(*h));
}

/* What the last master made is this one's. */
void
handover_own(struct handover *h)
{
	size_t	 i;

	for (i = 0; i < h->count; i++)
		socket_own(h->items[i].socket);
}

/* It is the next one's. */
void
handover_disown(struct handover *h)
{
	size_t	 i;

	for (i = 0; i < h->count; i++)
		h->items[i].socket->made_file = false;
}

/* All of them as a variable of the environment. */
char *
handover_print(const struct handover *h)
{
	struct strbuf		 sb = STRBUF_INIT;
	const struct socket	*s;
	size_t			 i;

	strbuf_adds(&sb, "WSGIMASTER_INHERIT=");
	for (i = 0; i < h->count; i++) {
		s = h->items[i].socket;
		strbuf_addf(&sb, "%s%s=%d%s%s", i > 0 ? "," : "",
		    h->items[i].role, s->fd, s->kept ? "k" : "",
		    s->reuse_port ? "r" : "");
		if (s->made_file)
			strbuf_addf(&sb, ":%llu:%llu",
			    (unsigned long long)s->dev,
			    (unsigned long long)s->ino);
	}
	return strbuf_detach(&sb);
}

/* Takes over one descriptor; text is "role=...", end where that ends. */
static void
handover_read_one(const char *text, char **end, struct inherited *in)
{
	const char		*number = strchr(text, '=') + 1;
	struct inherited_socket	 item = { .label = NULL };
	unsigned long long	 dev = 0, ino = 0;
	bool			 kept, reuse_port;
	char			*cause;
	int			 fd;

	fd = (int)strtol(number, end, 10);
	kept = **end == 'k';
	*end += kept;
	reuse_port = **end == 'r';
	*end += reuse_port;
	if (**end == ':')
		dev = strtoull(*end + 1, end, 10);
	if (**end == ':')
		ino = strtoull(*end + 1, end, 10);
	if (socket_adopt(&item.socket, fd, &cause) == -1) {
		log_warn("from the old master: %s", cause);
		free(cause);
		if (fd > STDERR_FILENO)
			close(fd);
		return;
	}
	item.socket.handed = true;
	item.socket.kept = kept;
	item.socket.reuse_port = reuse_port;
	item.socket.dev = (dev_t)dev;
	item.socket.ino = (ino_t)ino;
	item.label = xstrndup(text, (size_t)(number - 1 - text));
	inherited_add(in, &item);
}

/* Takes over all. */
void
handover_read(const char *text, struct inherited *in)
{
	char	*end;

	while (*text != '\0' && strchr(text, '=') != NULL) {
		handover_read_one(text, &end, in);
		text = *end != '\0' ? end + 1 : end;
	}
	if (*text != '\0')
		log_warn("from the old master: cannot read \"%s\"", text);
}
