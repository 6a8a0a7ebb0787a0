/* Socket addresses: reading what a user wrote, looking it up, printing. */
#include "base/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/xmalloc.h"

#define ADDRESS_FORMS	"host:port, [ipv6]:port, :port or a path"

/* Is it written as the path of a unix socket? */
static bool
address_is_path(const char *text)
{
	if (text[0] == '/' || text[0] == '.')
		return true;
	return strchr(text, ':') == NULL &&
	    text[strspn(text, "0123456789")] != '\0';
}

/* Reads the path of a unix socket. */
static int
address_parse_unix(struct address *addr, const char *path, char **cause)
{
	size_t	 max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;

	if (path[0] == '\0') {
		*cause = xstrdup("a unix socket needs a path");
		return -1;
	}
	if (strlen(path) > max) {
		*cause = xasprintf("the path of a unix socket has at most %zu "
		    "bytes: %s", max, path);
		return -1;
	}
	addr->is_unix = true;
	addr->host = xstrdup(path);
	addr->port = xstrdup("");
	return 0;
}

/* Is it a port's number in its plain form? */
static bool
address_port_ok(const char *port)
{
	size_t	 len = strlen(port);

	return len >= 1 && len <= 5 && strspn(port, "0123456789") == len &&
	    atoi(port) <= 65535;
}

/* Finds the host in text, without brackets, and where its port begins. */
static const char *
address_split(const char *text, const char **host, size_t *len)
{
	const char	*end;

	if (text[0] == '[') {
		end = strchr(text, ']');
		if (end == NULL || end[1] != ':' || end == text + 1)
			return NULL;
		*host = text + 1;
		*len = (size_t)(end - text) - 1;
		return end + 2;
	}
	end = strchr(text, ':');
	if (end == NULL || strchr(end + 1, ':') != NULL)
		return NULL;
	*host = text;
	*len = (size_t)(end - text);
	return end + 1;
}

/* Reads an address. */
int
address_parse(struct address *addr, const char *text, char **cause)
{
	const char	*host, *port;
	struct in6_addr	 in6;
	size_t		 len;

	memset(addr, 0, sizeof(*addr));
	if (strncmp(text, "unix:", 5) == 0)
		return address_parse_unix(addr, text + 5, cause);
	if (text[0] != '\0' && address_is_path(text))
		return address_parse_unix(addr, text, cause);
	port = address_split(text, &host, &len);
	if (port == NULL || !address_port_ok(port)) {
		*cause = xasprintf("not an address: \"%s\" (expected %s)",
		    text, ADDRESS_FORMS);
		return -1;
	}
	addr->host = xstrndup(host, len);
	addr->port = xasprintf("%d", atoi(port));
	if (text[0] == '[' && strchr(addr->host, '%') == NULL &&
	    inet_pton(AF_INET6, addr->host, &in6) != 1) {
		*cause = xasprintf("not an IPv6 address: [%s]", addr->host);
		address_done(addr);
		return -1;
	}
	return 0;
}

/* Frees what an address owns. */
void
address_done(struct address *addr)
{
	free(addr->host);
	free(addr->port);
	memset(addr, 0, sizeof(*addr));
}

/* Fills in the only address a unix socket has. */
static int
address_resolve_unix(const char *path, struct sockaddr_any *any)
{
	struct sockaddr_un	*un = (struct sockaddr_un *)&any->sa;

	memset(any, 0, sizeof(*any));
	un->sun_family = AF_UNIX;
	snprintf(un->sun_path, sizeof(un->sun_path), "%s", path);
	any->len = sizeof(*un);
	return 1;
}

/* Fills in all interfaces: IPv6 (which takes IPv4 too), then IPv4 alone. */
static int
address_resolve_any(int port, struct sockaddr_any *list, size_t max)
{
	struct sockaddr_in6	*in6 = (struct sockaddr_in6 *)&list[0].sa;
	struct sockaddr_in	*in;

	memset(list, 0, max * sizeof(*list));
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons((uint16_t)port);
	in6->sin6_addr = in6addr_any;
	list[0].len = sizeof(*in6);
	if (max == 1)
		return 1;
	in = (struct sockaddr_in *)&list[1].sa;
	in->sin_family = AF_INET;
	in->sin_port = htons((uint16_t)port);
	in->sin_addr.s_addr = htonl(INADDR_ANY);
	list[1].len = sizeof(*in);
	return 2;
}

/* Finds the addresses to try. */
int
address_resolve(const struct address *addr, struct sockaddr_any *list,
    size_t max, char **cause)
{
	struct addrinfo	 hints = { .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo	*found, *ai;
	size_t		 n = 0;
	int		 error;

	if (addr->is_unix)
		return address_resolve_unix(addr->host, &list[0]);
	if (addr->host[0] == '\0')
		return address_resolve_any(atoi(addr->port), list, max);
	error = getaddrinfo(addr->host, addr->port, &hints, &found);
	if (error != 0) {
		*cause = xasprintf("cannot find the host %s: %s", addr->host,
		    gai_strerror(error));
		return -1;
	}
	for (ai = found; ai != NULL && n < max; ai = ai->ai_next) {
		if (ai->ai_addrlen > sizeof(list[n].sa))
			continue;
		memset(&list[n], 0, sizeof(list[n]));
		memcpy(&list[n].sa, ai->ai_addr, ai->ai_addrlen);
		list[n++].len = ai->ai_addrlen;
	}
	freeaddrinfo(found);
	if (n > 0)
		return (int)n;
	*cause = xasprintf("the host %s has no address", addr->host);
	return -1;
}

/* The path of a unix address, which need not end in NUL. */
static char *
address_print_unix(const struct sockaddr_any *any)
{
	const struct sockaddr_un	*un;
	size_t				 start, len;

	un = (const struct sockaddr_un *)&any->sa;
	start = offsetof(struct sockaddr_un, sun_path);
	if (any->len <= start)
		return xstrdup("");
	len = strnlen(un->sun_path, any->len - start);
	return xstrndup(un->sun_path, len);
}

/* Prints an address. */
char *
address_print(const struct sockaddr_any *any)
{
	char	 host[NI_MAXHOST], port[NI_MAXSERV];

	if (any->sa.ss_family == AF_UNIX)
		return address_print_unix(any);
	if (getnameinfo((const struct sockaddr *)&any->sa, any->len, host,
	    sizeof(host), port, sizeof(port),
	    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return xasprintf("(address of family %d)", any->sa.ss_family);
	if (any->sa.ss_family == AF_INET6)
		return xasprintf("[%s]:%s", host, port);
	return xasprintf("%s:%s", host, port);
}

/* The port of an address. */
int
address_port(const struct sockaddr_any *any)
{
	if (any->sa.ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)&any->sa)->sin_port);
	if (any->sa.ss_family == AF_INET6)
		return ntohs(
		    ((const struct sockaddr_in6 *)&any->sa)->sin6_port);
	return 0;
}

/* Compares two addresses. */
bool
address_equal(const struct sockaddr_any *a, const struct sockaddr_any *b)
{
	char	*x, *y;
	bool	 same;

	if (a->sa.ss_family != b->sa.ss_family)
		return false;
	x = address_print(a);
	y = address_print(b);
	same = x[0] != '\0' && strcmp(x, y) == 0;
	free(x);
	free(y);
	return same;
}
