/* Network addresses as bytes, and networks that they may be in. */
#include "base/netmask.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/xmalloc.h"

/* What an IPv4 address written as an IPv6 one begins with. */
static const uint8_t netaddr_mapped[12] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
};

/* From 4 or 16 bytes. */
void
netaddr_from_bytes(struct netaddr *addr, const void *bytes, size_t len)
{
	const uint8_t	*from = bytes;

	memset(addr, 0, sizeof(*addr));
	if (len == 16 && memcmp(from, netaddr_mapped,
	    sizeof(netaddr_mapped)) == 0) {
		from += sizeof(netaddr_mapped);
		len = 4;
	}
	addr->kind = len == 4 ? NETADDR_IPV4 : NETADDR_IPV6;
	memcpy(addr->bytes, from, len);
}

/* From a socket's address. */
void
netaddr_from_socket(struct netaddr *addr, const struct sockaddr *sa)
{
	memset(addr, 0, sizeof(*addr));
	switch (sa->sa_family) {
	case AF_INET:
		netaddr_from_bytes(addr,
		    &((const struct sockaddr_in *)sa)->sin_addr, 4);
		break;
	case AF_INET6:
		netaddr_from_bytes(addr,
		    &((const struct sockaddr_in6 *)sa)->sin6_addr, 16);
		break;
	case AF_UNIX:
		addr->kind = NETADDR_UNIX;
		break;
	}
}

/* From text. */
bool
netaddr_parse(struct netaddr *addr, const char *text, size_t len)
{
	char	 copy[NETADDR_TEXT];
	uint8_t	 bytes[16];

	if (len == 0 || len >= sizeof(copy) || memchr(text, '\0', len) != NULL)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET, copy, bytes) == 1)
		netaddr_from_bytes(addr, bytes, 4);
	else if (inet_pton(AF_INET6, copy, bytes) == 1)
		netaddr_from_bytes(addr, bytes, 16);
	else
		return false;
	return true;
}

/* As text. */
size_t
netaddr_print(const struct netaddr *addr, char text[NETADDR_TEXT])
{
	text[0] = '\0';
	if (addr->kind == NETADDR_IPV4)
		inet_ntop(AF_INET, addr->bytes, text, NETADDR_TEXT);
	else if (addr->kind == NETADDR_IPV6)
		inet_ntop(AF_INET6, addr->bytes, text, NETADDR_TEXT);
	return strlen(text);
}

/* The bits of "/24", at most max; -1 if that is no number of bits. */
static int
netmask_bits(const char *text, int max)
{
	size_t	 len = strlen(text);
	int	 bits = 0;

	if (len == 0 || len > 3 || strspn(text, "0123456789") != len ||
	    (len > 1 && text[0] == '0'))
		return -1;
	while (*text != '\0')
		bits = bits * 10 + *text++ - '0';
	return bits > max ? -1 : bits;
}

/* Clears an address's bits behind the first ones. */
static struct netaddr
netmask_cut(const struct netaddr *addr, unsigned bits)
{
	struct netaddr	 cut = *addr;
	unsigned	 i;

	for (i = 0; i < sizeof(cut.bytes); i++) {
		if (bits < 8 * i + 8)
			cut.bytes[i] &= bits <= 8 * i ? 0 :
			    (uint8_t)(0xff << (8 * i + 8 - bits));
	}
	return cut;
}

/* Reads the address and the bits. */
static int
netmask_parse_address(struct netmask *mask, const char *text, char **cause)
{
	const char	*slash = strchr(text, '/');
	size_t		 len = slash != NULL ? (size_t)(slash - text) :
	    strlen(text);
	struct netaddr	 cut;
	char		 print[NETADDR_TEXT];
	int		 max, bits;

	if (!netaddr_parse(&mask->addr, text, len)) {
		*cause = xasprintf("\"%s\" is no IP address, like 10.1.2.3 or "
		    "fd00::1 (names are not looked up), no network, like "
		    "10.0.0.0/8, and neither \"unix\" nor \"*\"", text);
		return -1;
	}
	/* "::ffff:10.0.0.0/104" means 10.0.0.0/8. */
	max = memchr(text, ':', len) != NULL ? 128 : 32;
	bits = slash == NULL ? max : netmask_bits(slash + 1, max);
	if (max == 128 && mask->addr.kind == NETADDR_IPV4)
		bits -= 96;
	if (bits < 0) {
		*cause = xasprintf("\"%s\": behind the / must stand a number "
		    "of bits up to %d", text, max);
		return -1;
	}
	cut = netmask_cut(&mask->addr, (unsigned)bits);
	if (memcmp(cut.bytes, mask->addr.bytes, sizeof(cut.bytes)) != 0) {
		netaddr_print(&cut, print);
		*cause = xasprintf("\"%s\" is an address with the size of a "
		    "network; the network is %s/%d", text, print, bits);
		return -1;
	}
	mask->bits = (uint8_t)bits;
	return 0;
}

/* Reads one network. */
int
netmask_parse(struct netmask *mask, const char *text, char **cause)
{
	memset(mask, 0, sizeof(*mask));
	if (strcmp(text, "*") == 0) {
		mask->all = true;
		return 0;
	}
	if (strcmp(text, "unix") == 0) {
		mask->addr.kind = NETADDR_UNIX;
		return 0;
	}
	return netmask_parse_address(mask, text, cause);
}

/* Is the address in the network? */
bool
netmask_has(const struct netmask *mask, const struct netaddr *addr)
{
	size_t	 whole = mask->bits / 8;
	unsigned rest = mask->bits % 8;

	if (mask->all)
		return true;
	if (mask->addr.kind != addr->kind || addr->kind == NETADDR_NONE)
		return false;
	return memcmp(mask->addr.bytes, addr->bytes, whole) == 0 &&
	    (rest == 0 || ((mask->addr.bytes[whole] ^ addr->bytes[whole]) >>
	    (8 - rest)) == 0);
}

/* Is it in any of them? */
bool
netmasks_have(const struct netmasks *masks, const struct netaddr *addr)
{
	size_t	 i;

	for (i = 0; i < masks->count; i++) {
		if (netmask_has(&masks->items[i], addr))
			return true;
	}
	return false;
}
