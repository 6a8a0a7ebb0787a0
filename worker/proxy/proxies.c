/* The proxies whose word counts, and what becomes of an origin by it. */
#include "worker/proxy/proxies.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "shm/listener.h"
#include "worker/conn.h"
#include "worker/origin.h"
#include "worker/worker.h"

/* Makes the list, whose texts were checked at the start. */
struct proxies *
proxies_new(const struct config *cfg)
{
	const struct strlist	*list = &cfg->trusted_proxies;
	struct proxies		*proxies;
	char			*cause;
	size_t			 i;

	if (list->count == 0)
		return NULL;
	proxies = xcalloc(1, sizeof(*proxies));
	proxies->trusted.items = xcalloc(list->count,
	    sizeof(*proxies->trusted.items));
	proxies->trusted.count = list->count;
	for (i = 0; i < list->count; i++) {
		if (netmask_parse(&proxies->trusted.items[i], list->items[i],
		    &cause) == -1)
			fatalx("trusted-proxies: %s", cause);
	}
	proxies->header = cfg->proxy_protocol;
	proxies->believe = cfg->forwarded != FORWARDED_FIELDS_OFF;
	proxies->family = cfg->forwarded == FORWARDED_FIELDS_RFC7239 ?
	    FORWARDED_RFC7239 : FORWARDED_X;
	proxies->host = cfg->forwarded_host;
	return proxies;
}

/* Frees it. */
void
proxies_free(struct proxies *proxies)
{
	if (proxies != NULL)
		free(proxies->trusted.items);
	free(proxies);
}

/* Is a new connection's peer trusted? */
void
proxies_meet(struct conn *c, const struct sockaddr_storage *peer)
{
	struct netaddr	 addr = { .kind = NETADDR_UNIX };

	if (!c->listener->is_unix)
		netaddr_from_socket(&addr, (const struct sockaddr *)peer);
	c->trusted = netmasks_have(&c->worker->proxies->trusted, &addr);
}

/* Is who asks trusted: the connection's peer, or whom a gateway names? */
static bool
proxies_trust(const struct conn *c, const struct origin *from)
{
	struct netaddr	 addr;

	if (from->addr == c->addr)
		return c->trusted;
	return netaddr_parse(&addr, from->addr, from->addr_len) &&
	    netmasks_have(&c->worker->proxies->trusted, &addr);
}

/* Takes away the fields that are not kept: all, or one family's. */
static void
proxies_remove(struct http_head *head, const char *buf, bool all,
    enum forwarded_family kept)
{
	enum forwarded_family	 family;
	struct http_field	*field;
	uint32_t		 i, n = 0;

	for (i = 0; i < head->nfields; i++) {
		field = &head->fields[i];
		if (forwarded_is_field(buf + field->name.off, field->name.len,
		    &family) && (all || family != kept))
			continue;
		if (i != n)
			head->fields[n] = *field;
		n++;
	}
	head->dropped += head->nfields - n;
	head->nfields = n;
}

/* The port of "host:port" or "[::1]:port"; 0 without. */
static uint16_t
proxies_host_port(const char *host, size_t len)
{
	size_t	 at = len;

	while (at > 0 && host[at - 1] >= '0' && host[at - 1] <= '9')
		at--;
	return at == 0 || host[at - 1] != ':' ? 0 :
	    origin_port(host + at, len - at);
}

/* The port that was asked, if only the scheme was said. */
static uint16_t
proxies_server_port(const struct conn *c, const struct origin *from)
{
	const struct http_view	*view = &c->in->head.host;
	uint16_t		 port;

	port = from->host != NULL ?
	    proxies_host_port(from->host, from->host_len) :
	    proxies_host_port(c->in->data + view->off, view->len);
	if (port != 0)
		return port;
	return from->https ? 443 : 80;
}

/* What the fields say becomes the origin's. */
static void
proxies_believe(const struct conn *c, struct origin *from)
{
	const struct proxies	*proxies = c->worker->proxies;
	struct forwarded	 found;

	forwarded_walk(&c->in->head, c->in->data, proxies->family,
	    &proxies->trusted, &found);
	if (found.has_addr) {
		from->addr = from->text;
		from->addr_len = (uint8_t)netaddr_print(&found.addr,
		    from->text);
		from->port = found.port;
	}
	if (proxies->host && found.host.s != NULL) {
		from->host = found.host.s;
		from->host_len = (uint16_t)found.host.len;
	}
	if (found.has_proto)
		from->https = found.https;
	if (found.server_port != 0)
		from->server_port = found.server_port;
	else if (found.has_proto || from->host != NULL)
		from->server_port = proxies_server_port(c, from);
}

/* Corrects an origin. */
void
proxies_correct(const struct conn *c, struct origin *from)
{
	const struct proxies	*proxies = c->worker->proxies;
	bool			 trusted = proxies_trust(c, from);

	if (trusted && !proxies->believe)
		return;
	if (trusted)
		proxies_believe(c, from);
	proxies_remove(&c->in->head, c->in->data, !trusted, proxies->family);
}
