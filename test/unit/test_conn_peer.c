/* Tests worker/conn_peer.c against inet_ntop and printf. */
#include "worker/conn_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "test/unit/unit.h"
#include "worker/conn.h"

/* What becomes of an IPv4 address and port. */
static void
check_ipv4(const char *addr, unsigned port)
{
	struct sockaddr_storage	 peer = { .ss_family = AF_INET };
	struct sockaddr_in	*in = (struct sockaddr_in *)&peer;
	struct conn		 c = { .fd = -1 };
	char			 text[CONN_PORT_TEXT], want[6];

	CHECK_INT(inet_pton(AF_INET, addr, &in->sin_addr), 1);
	in->sin_port = htons((uint16_t)port);
	conn_set_peer(&c, &peer);
	snprintf(want, sizeof(want), "%u", port);
	CHECK_STR(c.addr, addr);
	CHECK_INT(c.addr_len, strlen(addr));
	CHECK_INT(c.port, port);
	CHECK_INT(conn_port_text(text, c.port), port == 0 ? 0 : strlen(want));
	CHECK_STR(text, port == 0 ? "" : want);
}

/* What becomes of an IPv6 address. */
static void
check_ipv6(const char *addr, const char *want)
{
	struct sockaddr_storage	 peer = { .ss_family = AF_INET6 };
	struct sockaddr_in6	*in = (struct sockaddr_in6 *)&peer;
	struct conn		 c = { .fd = -1 };

	CHECK_INT(inet_pton(AF_INET6, addr, &in->sin6_addr), 1);
	in->sin6_port = htons(65535);
	conn_set_peer(&c, &peer);
	CHECK_STR(c.addr, want);
	CHECK_INT(c.addr_len, strlen(want));
	CHECK_INT(c.port, 65535);
}

TEST(peer_ipv4_addresses_and_ports)
{
	unsigned	 i;
	char		 text[32];

	check_ipv4("0.0.0.0", 0);
	check_ipv4("255.255.255.255", 65535);
	for (i = 0; i < 256; i++) {
		snprintf(text, sizeof(text), "%u.%u.%u.%u", i, 255 - i,
		    i / 2, i / 20);
		check_ipv4(text, i * 257);
	}
	check_ipv4("127.0.0.1", 9);
	check_ipv4("127.0.0.1", 10);
	check_ipv4("127.0.0.1", 99);
	check_ipv4("127.0.0.1", 100);
	check_ipv4("127.0.0.1", 10000);
}

TEST(peer_ipv6_addresses)
{
	check_ipv6("::1", "::1");
	check_ipv6("fe80::1234:5678:9abc:def0", "fe80::1234:5678:9abc:def0");
	check_ipv6("::ffff:10.20.30.40", "10.20.30.40");
}

TEST(peer_of_a_unix_socket_has_no_address)
{
	struct sockaddr_storage	 peer = { .ss_family = AF_UNIX };
	struct conn		 c = { .fd = -1 };

	conn_set_peer(&c, &peer);
	CHECK_STR(c.addr, "");
	CHECK_INT(c.addr_len + c.port, 0);
}
