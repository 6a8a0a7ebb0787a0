/* A client's address and port as text, without printf: once a connection. */
#include "worker/conn_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include "worker/conn.h"

/* Writes a number below 100,000; the end. */
static char *
peer_number(char *p, uint32_t n)
{
	char	 digits[5];
	int	 i = 0;

	do {
		digits[i++] = (char)('0' + n % 10);
		n /= 10;
	} while (n != 0);
	while (i > 0)
		*p++ = digits[--i];
	return p;
}

/* Writes the four bytes of an IPv4 address. */
static void
peer_ipv4(struct conn *c, const unsigned char *bytes)
{
	char	*p = c->addr;
	int	 i;

	for (i = 0; i < 4; i++) {
		if (i > 0)
			*p++ = '.';
		p = peer_number(p, bytes[i]);
	}
	*p = '\0';
	c->addr_len = (uint8_t)(p - c->addr);
}

/* Sets the address and the port, which is in network order. */
void
conn_set_peer(struct conn *c, const struct sockaddr_storage *peer)
{
	const struct sockaddr_in	*in;
	const struct sockaddr_in6	*in6;

	if (peer->ss_family == AF_INET) {
		in = (const struct sockaddr_in *)peer;
		peer_ipv4(c, (const unsigned char *)&in->sin_addr);
		c->port = ntohs(in->sin_port);
	} else if (peer->ss_family == AF_INET6) {
		in6 = (const struct sockaddr_in6 *)peer;
		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
			peer_ipv4(c, &in6->sin6_addr.s6_addr[12]);
		} else {
			inet_ntop(AF_INET6, &in6->sin6_addr, c->addr,
			    sizeof(c->addr));
			c->addr_len = (uint8_t)strlen(c->addr);
		}
		c->port = ntohs(in6->sin6_port);
	}
}

/* Copies what is the client's. */
void
conn_copy_peer(struct conn *stream, const struct conn *of)
{
	memcpy(stream->addr, of->addr, sizeof(stream->addr));
	stream->addr_len = of->addr_len;
	stream->port = of->port;
	stream->server_port = of->server_port;
	stream->secure = of->secure;
	stream->proxied_tls = of->proxied_tls;
	stream->trusted = of->trusted;
}

/* Writes a port. */
size_t
conn_port_text(char text[CONN_PORT_TEXT], uint16_t port)
{
	char	*end = port == 0 ? text : peer_number(text, port);

	*end = '\0';
	return (size_t)(end - text);
}
