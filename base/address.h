/* Socket addresses: reading what a user wrote, looking it up, printing. */
#ifndef WM_BASE_ADDRESS_H
#define WM_BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/*
 * An address as it was written:
 *
 *	host:port, 127.0.0.1:port, [::1]:port	that address
 *	:port					all interfaces (host is "")
 *	/path, ./path, unix:path, any name	a unix socket
 *	without a colon
 *
 * Reading it looks nothing up. Owns its strings.
 */
struct address {
	bool	 is_unix;
	char	*host;		/* without brackets; the path if is_unix */
	char	*port;		/* "0".."65535"; "" if is_unix */
};

/* An address as the kernel takes it. */
struct sockaddr_any {
	struct sockaddr_storage	 sa;
	socklen_t		 len;
};

/* 0, or -1 and *cause, which names the text and says what was expected. */
int	 address_parse(struct address *addr, const char *text, char **cause);
void	 address_done(struct address *addr);

/*
 * The addresses to try, in order, at most max: those a host name has; for
 * ":port" the IPv6 one for both families, then the IPv4 one. Returns how many,
 * at least 1, or -1 and *cause. May ask the name service, so it may take
 * seconds.
 */
int	 address_resolve(const struct address *addr, struct sockaddr_any *list,
	    size_t max, char **cause);

/*
 * "127.0.0.1:80", "[::1]:80", the path of a unix socket ("" when it has none);
 * the caller frees it.
 */
char	*address_print(const struct sockaddr_any *any);
/* The port of an IPv4 or IPv6 address, else 0. */
int	 address_port(const struct sockaddr_any *any);
/* The same family, address and port, or path? */
bool	 address_equal(const struct sockaddr_any *a,
	    const struct sockaddr_any *b);

#endif
