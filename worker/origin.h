/*
 * Who asks, and how they came: what the environ, the logs and the scoreboard
 * show of a client. Nobody else reads conn.addr.
 *
 * Chosen once for each request, in this order, each step knowing better than
 * the one before it:
 *
 *	the connection	its socket's addresses, or those of its PROXY header;
 *			https if TLS was spoken up to here
 *	the protocol	what a gateway says in its variables (protocol.origin)
 *	the fields	X-Forwarded-* or Forwarded, if who asks by now is a
 *			trusted proxy (proxy/proxies.h)
 */
#ifndef WM_WORKER_ORIGIN_H
#define WM_WORKER_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/netmask.h"

struct conn;

/*
 * Texts are views of what lives as long as the request: the connection, its
 * head, its pool; they end with no NUL. The address goes into logs as it is:
 * nothing is one that origin_is_addr does not take.
 */
struct origin {
	const char	*addr;		/* the client's; len 0: unknown */
	const char	*host;		/* NULL: the head's (head.host) */
	uint16_t	 host_len;
	uint8_t		 addr_len;
	bool		 https;		/* TLS, here or at the proxy */
	uint16_t	 port;		/* the client's; 0: unknown */
	uint16_t	 server_port;	/* the one that it asked;
					   0: the listener's */
	char		 text[NETADDR_TEXT];	/* addr, if made for it; so
						   this is never copied */
};

/* Has it only what IPv4 and IPv6 addresses are made of, and their length? */
bool	 origin_is_addr(const char *text, size_t len);
/* A port of 1 to 5 digits, 1 to 65535; 0: it is none. */
uint16_t origin_port(const char *text, size_t len);

/*
 * The origin of the request whose head is in the connection's buffer; may
 * remove fields from that (proxy/proxies.h).
 */
void	 origin_choose(struct origin *from, const struct conn *c);

#endif
