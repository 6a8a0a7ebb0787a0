/* Tests base/netmask.c. */
#include "base/netmask.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "test/unit/unit.h"

/* Is the address in the network? -1: one of them cannot be read. */
static int
has(const char *network, const char *address)
{
	struct netmask	 mask;
	struct netaddr	 addr;
	char		*cause;

	if (netmask_parse(&mask, network, &cause) == -1) {
		free(cause);
		return -1;
	}
	if (!netaddr_parse(&addr, address, strlen(address)))
		return -1;
	return netmask_has(&mask, &addr);
}

/* What is said of a network that is none; "" if it is one. */
static const char *
refused(const char *network)
{
	static char	 text[256];
	struct netmask	 mask;
	char		*cause;

	text[0] = '\0';
	if (netmask_parse(&mask, network, &cause) == -1) {
		strncat(text, cause, sizeof(text) - 1);
		free(cause);
	}
	return text;
}

TEST(networks_have_their_addresses_and_no_others)
{
	static const struct {
		const char	*network;
		const char	*address;
		int		 want;
	} cases[] = {
		{ "10.1.2.3", "10.1.2.3", 1 },
		{ "10.1.2.3", "10.1.2.4", 0 },
		{ "10.1.2.3/32", "10.1.2.3", 1 },
		{ "10.0.0.0/8", "10.255.255.255", 1 },
		{ "10.0.0.0/8", "11.0.0.0", 0 },
		{ "10.0.0.0/8", "9.255.255.255", 0 },
		{ "192.168.4.0/22", "192.168.7.255", 1 },
		{ "192.168.4.0/22", "192.168.8.0", 0 },
		{ "192.168.4.0/22", "192.168.3.255", 0 },
		{ "128.0.0.0/1", "255.0.0.1", 1 },
		{ "128.0.0.0/1", "127.0.0.1", 0 },
		{ "0.0.0.0/0", "8.8.8.8", 1 },
		{ "0.0.0.0/0", "::1", 0 },
		{ "::/0", "::1", 1 },
		{ "::/0", "8.8.8.8", 0 },
		{ "::1", "::1", 1 },
		{ "::1", "::2", 0 },
		{ "fd00::/8", "fdff::1", 1 },
		{ "fd00::/8", "fe00::1", 0 },
		{ "2001:db8::/33", "2001:db8:7fff::", 1 },
		{ "2001:db8::/33", "2001:db8:8000::", 0 },
		{ "2001:db8::1/127", "2001:db8::1", -1 },
		/* IPv4 in IPv6's clothes. */
		{ "10.0.0.0/8", "::ffff:10.9.8.7", 1 },
		{ "::ffff:10.0.0.0/104", "10.9.8.7", 1 },
		{ "::ffff:10.0.0.0/104", "11.0.0.0", 0 },
		{ "::ffff:10.9.8.7", "10.9.8.7", 1 },
		{ "*", "10.9.8.7", 1 },
		{ "*", "::1", 1 },
		{ "unix", "10.9.8.7", 0 },
	};
	size_t	 i;
	int	 got;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		got = has(cases[i].network, cases[i].address);
		if (got != cases[i].want)
			CHECK_STR(cases[i].network, cases[i].address);
		CHECK_INT(got, cases[i].want);
	}
}

TEST(what_is_no_network_is_refused_and_named)
{
	static const char *const	 bad[] = {
		"", " ", "localhost", "example.com", "10", "10.0.0",
		"10.0.0.0/",
		"10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8/8",
		"10.0.0.0/a", "10.0.0.0/ 8", "10.0.0.0 ", "010.0.0.1",
		"256.0.0.1", "::1/129", "::ffff:10.0.0.0/95", "[::1]",
		"1::2::3",
		"fe80::1%eth0", "10.0.0.1:80", "unix:", "**", "/8",
		"10.0.0.0/9999999999"
	};
	size_t	 i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (*refused(bad[i]) == '\0')
			CHECK_STR(bad[i], "refused");
		CHECK(strstr(refused(bad[i]), bad[i]) != NULL);
	}
	CHECK_STR(refused("10.1.2.3/8"), "\"10.1.2.3/8\" is an address with "
	    "the size of a network; the network is 10.0.0.0/8");
	CHECK_STR(refused("10.0.0.0/8"), "");
}

TEST(addresses_of_sockets)
{
	struct sockaddr_in	 in = { .sin_family = AF_INET };
	struct sockaddr_in6	 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr		 none = { .sa_family = AF_UNIX };
	struct netaddr		 addr;
	char			 text[NETADDR_TEXT];

	in.sin_addr.s_addr = htonl(0x7f000001);
	netaddr_from_socket(&addr, (struct sockaddr *)&in);
	CHECK_INT(netaddr_print(&addr, text), 9);
	CHECK_STR(text, "127.0.0.1");
	inet_pton(AF_INET6, "::ffff:1.2.3.4", &in6.sin6_addr);
	netaddr_from_socket(&addr, (struct sockaddr *)&in6);
	netaddr_print(&addr, text);
	CHECK_STR(text, "1.2.3.4");
	inet_pton(AF_INET6, "2001:db8::1", &in6.sin6_addr);
	netaddr_from_socket(&addr, (struct sockaddr *)&in6);
	netaddr_print(&addr, text);
	CHECK_STR(text, "2001:db8::1");
	netaddr_from_socket(&addr, &none);
	CHECK_INT(addr.kind, NETADDR_UNIX);
	CHECK_INT(netaddr_print(&addr, text), 0);
}

TEST(a_list_of_networks)
{
	struct netmask	 items[3];
	struct netmasks	 masks = { items, 3 };
	struct netaddr	 addr = { .kind = NETADDR_UNIX };
	char		*cause;

	CHECK_INT(netmask_parse(&items[0], "10.0.0.0/8", &cause), 0);
	CHECK_INT(netmask_parse(&items[1], "::1", &cause), 0);
	CHECK_INT(netmask_parse(&items[2], "192.0.2.7", &cause), 0);
	CHECK(!netmasks_have(&masks, &addr));
	CHECK(netaddr_parse(&addr, "192.0.2.7junk", 9));
	CHECK(netmasks_have(&masks, &addr));
	CHECK(netaddr_parse(&addr, "192.0.2.8", 9));
	CHECK(!netmasks_have(&masks, &addr));
	CHECK_INT(netmask_parse(&items[2], "unix", &cause), 0);
	addr = (struct netaddr){ .kind = NETADDR_UNIX };
	CHECK(netmasks_have(&masks, &addr));
	addr.kind = NETADDR_NONE;
	CHECK(!netmasks_have(&masks, &addr));
	masks.count = 0;
	CHECK(!netmasks_have(&masks, &addr));
}
