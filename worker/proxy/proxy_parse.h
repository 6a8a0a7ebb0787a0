/*
 * A strict, pure parser of PROXY protocol headers, versions 1 and 2 (HAProxy's
 * doc/proxy-protocol.txt).
 *
 * Fed with all bytes that came so far, from the connection's first on:
 *
 *	PROXY_MORE	it is a header so far; every byte given is one of it
 *	PROXY_DONE	all of it is there, in the first size bytes
 *	PROXY_BAD	it is none, or not a right one; why says what is wrong
 *
 * Bytes behind the header change nothing, and neither does how it was cut,
 * except that what is wrong may be seen earlier. No sockets, memory or log.
 */
#ifndef WM_WORKER_PROXY_PROXY_PARSE_H
#define WM_WORKER_PROXY_PROXY_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/netmask.h"

#define PROXY_V1_MAX	107	/* the line, with CRLF */
#define PROXY_V2_MAX	4096	/* with all its TLVs; longer is refused */

enum proxy_verdict {
	PROXY_MORE,
	PROXY_DONE,
	PROXY_BAD
};

struct proxy_header {
	const char	*why;		/* BAD; a constant */
	/* The rest is true when DONE. */
	size_t		 size;
	/*
	 * The connection is a client's whose address is said. Else (LOCAL,
	 * UNKNOWN, unix, datagrams) only the socket's own is known.
	 */
	bool		 has_addr;
	bool		 ssl;		/* the client spoke TLS to the proxy */
	uint16_t	 port;		/* the client's */
	uint16_t	 server_port;	/* the one that it connected to */
	struct netaddr	 addr;		/* the client's */
};

enum proxy_verdict
	 proxy_parse(const void *bytes, size_t len, struct proxy_header *head);

#endif
