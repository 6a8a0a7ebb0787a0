/*
 * Network addresses as bytes, and lists of networks (CIDR) that they may be
 * in. Pure: nothing is looked up.
 *
 * An IPv4 address that is written as an IPv6 one (::ffff:1.2.3.4) is the IPv4
 * address, everywhere here.
 */
#ifndef WM_BASE_NETMASK_H
#define WM_BASE_NETMASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr;

enum netaddr_kind {
	NETADDR_NONE,		/* none that is known */
	NETADDR_UNIX,		/* the other end of a unix socket */
	NETADDR_IPV4,
	NETADDR_IPV6
};

/* An address; bytes in network order, those that it does not have are 0. */
struct netaddr {
	uint8_t	 kind;		/* enum netaddr_kind */
	uint8_t	 bytes[16];
};

/* A network: the first bits of its addresses. */
struct netmask {
	bool		 all;	/* "*": everybody, even those without */
	uint8_t		 bits;
	struct netaddr	 addr;
};

struct netmasks {
	struct netmask	*items;
	size_t		 count;
};

#define NETADDR_TEXT	46

/* From a socket's address; NONE for other families. */
void	 netaddr_from_socket(struct netaddr *addr, const struct sockaddr *sa);
/* From 4 or 16 bytes in network order. */
void	 netaddr_from_bytes(struct netaddr *addr, const void *bytes,
	    size_t len);
/* From "1.2.3.4" or "::1" that needs no end; false if it is neither. */
bool	 netaddr_parse(struct netaddr *addr, const char *text, size_t len);
/* As text; its length, 0 for those that have none. */
size_t	 netaddr_print(const struct netaddr *addr, char text[NETADDR_TEXT]);

/*
 * One of: an address, address/bits, "unix", "*". 0, or -1 and *cause, which
 * says what is wrong with the text (the caller frees it).
 */
int	 netmask_parse(struct netmask *mask, const char *text, char **cause);
bool	 netmask_has(const struct netmask *mask, const struct netaddr *addr);
/* Is it in any of them? */
bool	 netmasks_have(const struct netmasks *masks,
	    const struct netaddr *addr);

#endif
