/* All listening sockets of the server, from the options and from systemd. */
#include "master/listener.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/tls_socket.h"
#include "master/inherit.h"
#include "master/socket.h"

#define SOMAXCONN_PATH	"/proc/sys/net/core/somaxconn"

/* An option that opens sockets, and what is spoken there. */
struct listening_option {
	const char		*name;
	size_t			 offset;	/* in struct config */
	enum listener_protocol	 protocol;
};

static const struct listening_option listening_options[] = {
	{ "http-socket", offsetof(struct config, http_socket),
	    LISTENER_HTTP },
	{ "uwsgi-socket", offsetof(struct config, uwsgi_socket),
	    LISTENER_UWSGI },
	{ "fastcgi-socket", offsetof(struct config, fastcgi_socket),
	    LISTENER_FASTCGI },
	{ "scgi-socket", offsetof(struct config, scgi_socket),
	    LISTENER_SCGI },
	{ "https-socket", offsetof(struct config, https_socket),
	    LISTENER_HTTPS },
};

#define LISTENING_OPTIONS	(sizeof(listening_options) / \
				sizeof(listening_options[0]))

/* The addresses that an option gives. */
static const struct strlist *
listening_addresses(const struct config *cfg, const struct listening_option *o)
{
	return (const struct strlist *)((const char *)cfg + o->offset);
}

/* One of them, without what else the value says. New. */
static char *
listening_address(const struct config *cfg, const struct listening_option *o,
    size_t i)
{
	const char	*value = listening_addresses(cfg, o)->items[i];

	return o->protocol == LISTENER_HTTPS ? tls_socket_address(value) :
	    xstrdup(value);
}

/* Reads an option's addresses without using them. */
static int
listening_check_option(const struct config *cfg,
    const struct listening_option *o, char **cause)
{
	const struct strlist	*list = listening_addresses(cfg, o);
	struct address		 addr;
	char			*text, *why;
	size_t			 i;
	int			 result;

	for (i = 0; i < list->count; i++) {
		text = listening_address(cfg, o, i);
		result = address_parse(&addr, text, &why);
		free(text);
		if (result == -1) {
			*cause = xasprintf("\"%s\": %s", o->name, why);
			free(why);
			return -1;
		}
		address_done(&addr);
	}
	return 0;
}

/* Reads the addresses without using them. */
int
listening_check(const struct config *cfg, char **cause)
{
	struct address	 addr;
	char		*why;
	size_t		 i;

	for (i = 0; i < LISTENING_OPTIONS; i++) {
		if (listening_check_option(cfg, &listening_options[i],
		    cause) == -1)
			return -1;
	}
	if (cfg->stats == NULL)
		return 0;
	if (address_parse(&addr, cfg->stats, &why) == -1) {
		*cause = xasprintf("\"stats\": %s", why);
		free(why);
		return -1;
	}
	address_done(&addr);
	return 0;
}

/* The kernel cuts a long backlog without a word. */
static void
listening_warn_backlog(int backlog)
{
	FILE	*f = fopen(SOMAXCONN_PATH, "re");
	int	 max;

	if (f == NULL)
		return;
	if (fscanf(f, "%d", &max) == 1 && backlog > max)
		log_warn("\"listen\": %d is above net.core.somaxconn, which "
		    "is %d; the system queues no more than that", backlog,
		    max);
	fclose(f);
}

/* What opens sockets: the i-th value of an option; -1: none does. */
struct listening_value {
	enum listener_protocol	 protocol;
	int			 i;
};

/* Adds a socket, which the list owns from then on, and what workers see. */
static void
listening_add(struct listening *l, const struct socket *s,
    struct listening_value value, int worker_id)
{
	struct listeners	*public = &l->public;
	size_t			 n = public->count + 1;

	l->sockets = xrealloc(l->sockets, n * sizeof(*l->sockets));
	public->items = xrealloc(public->items, n * sizeof(*public->items));
	l->sockets[n - 1] = *s;
	public->items[n - 1] = (struct listener){ .fd = s->fd,
	    .worker_id = worker_id, .protocol = value.protocol,
	    .value = value.i, .is_unix = s->is_unix, .kept = s->kept,
	    .name = s->name, .host = s->host, .port = s->port };
	public->count = n;
}

/*
 * Takes the sockets that are open already at an address; returns how many. With
 * reuse-port those that another master opened so go to one worker after the
 * other: also if there are more of them, since none may be left unserved.
 */
static int
listening_inherit(struct listening *l, const struct config *cfg,
    struct inherited *inherited, struct listening_value value,
    const char *text)
{
	struct socket	 s;
	int		 n;

	for (n = 0; inherited_take(inherited, text, &s); n++) {
		if (cfg->reuse_port && !s.reuse_port)
			log_warn("%s was not bound with \"reuse-port\": all "
			    "workers share it", s.name);
		if (!s.reuse_port)
			listening_add(l, &s, value, 0);
		else
			listening_add(l, &s, value, cfg->reuse_port ?
			    n % cfg->processes_at_start + 1 : 0);
		if (s.handed)
			socket_set_backlog(&s, cfg->listen);
	}
	return n;
}

/* Opens one address, with reuse-port once per worker id. */
static int
listening_open_one(struct listening *l, const struct config *cfg,
    struct inherited *inherited, struct listening_value value,
    const char *text, char **cause)
{
	struct socket_options	 options = { .backlog = cfg->listen,
	    .reuse_port = cfg->reuse_port, .defer_accept = true,
	    .mode = cfg->chmod_socket, .owner = cfg->socket_owner };
	struct socket		 s, again;
	int			 id;

	id = listening_inherit(l, cfg, inherited, value, text);
	if (id == 0) {
		if (socket_open(&s, text, &options, cause) == -1)
			return -1;
		listening_add(l, &s, value, s.reuse_port ? 1 : 0);
		id = 1;
	}
	s = l->sockets[l->public.count - 1];
	if (!cfg->reuse_port || !s.reuse_port)
		return 0;
	for (id++; id <= cfg->processes_at_start; id++) {
		if (socket_open_again(&again, &s, &options, cause) == -1)
			return -1;
		listening_add(l, &again, value, id);
	}
	return 0;
}

/* What is spoken on an inherited socket: its label says so, or HTTP. */
static bool
listening_protocol(const struct inherited_socket *s,
    enum listener_protocol *protocol)
{
	size_t	 i;

	for (i = 0; i < LISTENING_OPTIONS; i++) {
		*protocol = listening_options[i].protocol;
		if (strcmp(s->label, listener_role(*protocol)) == 0)
			return true;
	}
	*protocol = LISTENER_HTTP;
	return !s->socket.handed;
}

/* Serves on everything that was inherited and is not taken. */
static void
listening_take_all(struct listening *l, struct inherited *inherited)
{
	struct listening_value	 value = { .i = -1 };
	struct socket		*s;
	size_t			 i;

	for (i = 0; i < inherited->count; i++) {
		s = &inherited->items[i].socket;
		if (s->fd == -1 || !listening_protocol(&inherited->items[i],
		    &value.protocol))
			continue;
		listening_add(l, s, value, 0);
		memset(s, 0, sizeof(*s));
		s->fd = -1;
	}
}

/* Opens an option's addresses. */
static int
listening_open_option(struct listening *l, const struct config *cfg,
    struct inherited *inherited, const struct listening_option *o,
    char **cause)
{
	const struct strlist	*list = listening_addresses(cfg, o);
	struct listening_value	 value = { .protocol = o->protocol };
	char			*text;
	size_t			 i;
	int			 result = 0;

	for (i = 0; i < list->count && result == 0; i++) {
		value.i = (int)i;
		text = listening_address(cfg, o, i);
		result = listening_open_one(l, cfg, inherited, value, text,
		    cause);
		free(text);
	}
	return result;
}

/* Does any option say where to listen? */
static bool
listening_is_given(const struct config *cfg)
{
	size_t	 i;

	for (i = 0; i < LISTENING_OPTIONS; i++) {
		if (listening_addresses(cfg, &listening_options[i])->count > 0)
			return true;
	}
	return false;
}

/* Opens all. */
int
listening_open(struct listening *l, const struct config *cfg,
    struct inherited *inherited, char **cause)
{
	size_t	 i;

	memset(l, 0, sizeof(*l));
	if (!listening_is_given(cfg))
		listening_take_all(l, inherited);
	for (i = 0; i < LISTENING_OPTIONS; i++) {
		if (listening_open_option(l, cfg, inherited,
		    &listening_options[i], cause) == -1)
			goto fail;
	}
	if (l->public.count == 0) {
		*cause = xstrdup("nowhere to listen: give \"http-socket\", "
		    "like \"http-socket\": \"127.0.0.1:8000\"");
		goto fail;
	}
	listening_warn_backlog(cfg->listen);
	return 0;
fail:
	listening_close(l, true);
	return -1;
}

/* Closes all. */
void
listening_close(struct listening *l, bool unlink)
{
	size_t	 i;

	for (i = 0; i < l->public.count; i++) {
		if (unlink)
			socket_unlink(&l->sockets[i]);
		socket_done(&l->sockets[i]);
	}
	free(l->sockets);
	free(l->public.items);
	memset(l, 0, sizeof(*l));
}
