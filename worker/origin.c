/* Who asks, and how they came. */
#include "worker/origin.h"

#include <string.h>

#include "worker/conn.h"
#include "worker/protocol.h"
#include "worker/proxy/proxies.h"
#include "worker/worker.h"

/* Can it be an address? */
bool
origin_is_addr(const char *text, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++) {
		if (memchr("0123456789abcdefABCDEF.:", text[i], 24) == NULL)
			return false;
	}
	return len > 1 && len < NETADDR_TEXT;
}

/* Reads a port. */
uint16_t
origin_port(const char *text, size_t len)
{
	uint32_t	 port = 0;
	size_t		 i;

	if (len == 0 || len > 5)
		return 0;
	for (i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		port = port * 10 + (uint32_t)(text[i] - '0');
	}
	return port > UINT16_MAX ? 0 : (uint16_t)port;
}

/* The origin of a request. */
void
origin_choose(struct origin *from, const struct conn *c)
{
	from->addr = c->addr;
	from->host = NULL;
	from->host_len = 0;
	from->addr_len = c->addr_len;
	from->https = c->secure || c->proxied_tls;
	from->port = c->port;
	from->server_port = c->server_port;
	if (c->protocol->origin != NULL)
		c->protocol->origin(from, c);
	if (c->worker->proxies != NULL)
		proxies_correct(c, from);
}
