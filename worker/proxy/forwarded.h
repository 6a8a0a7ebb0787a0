/*
 * What proxies say of a request's client: X-Forwarded-For, -Proto, -Host and
 * -Port, and Forwarded (RFC 7239). Pure functions of a request head.
 *
 * Each proxy adds to the right, so these lists are read from their right end:
 * there is what the trusted proxy next to this server has said, and what stands
 * to the left is as true as those who wrote it. Several lines are one list.
 *
 *	client 203.0.113.9	X-Forwarded-For: a lie
 *	edge 10.0.0.1		X-Forwarded-For: a lie, 203.0.113.9
 *	inner 10.0.0.2		X-Forwarded-For: a lie, 203.0.113.9, 10.0.0.1
 *
 * The walk (forwarded_walk) goes left while the address is a trusted one's, and
 * ends at the first that is not: the client, as a trusted proxy saw it. What is
 * no address ends it, too; then it is the last good one.
 */
#ifndef WM_WORKER_PROXY_FORWARDED_H
#define WM_WORKER_PROXY_FORWARDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/netmask.h"
#include "worker/http_parse.h"

/* Proxies in a row that are gone through; further ones are not looked at. */
#define FORWARDED_HOPS	32

/* Whose word is believed. */
enum forwarded_family {
	FORWARDED_X,		/* X-Forwarded-For and its kin */
	FORWARDED_RFC7239	/* Forwarded */
};

/* Bytes of the head. */
struct forwarded_text {
	const char	*s;
	size_t		 len;
};

/* A list, from its right end: what of it is left. */
struct forwarded_list {
	const struct http_head	*head;
	const char		*buf;
	const char		*name;
	uint32_t		 field;		/* those before it are left */
	struct forwarded_text	 line;		/* and this of it */
};

/* What was found; what is not said is as the caller has set it. */
struct forwarded {
	bool		 has_addr;
	bool		 has_proto;
	bool		 https;			/* if has_proto */
	struct netaddr	 addr;			/* if has_addr */
	uint16_t	 port;			/* its; 0: not said */
	uint16_t	 server_port;		/* 0: not said */
	struct forwarded_text host;		/* s NULL: not said */
};

/*
 * What the head says by this family, read as a request that came from a
 * trusted proxy.
 */
void	 forwarded_walk(const struct http_head *head, const char *buf,
	    enum forwarded_family family, const struct netmasks *trusted,
	    struct forwarded *found);

/*
 * Is this field one that says something of the client's address, host or
 * scheme: Forwarded, X-Real-IP or X-Forwarded-*? *family is the one that it
 * belongs to. A CGI variable's name (HTTP_X_FORWARDED_FOR) is taken, too.
 */
bool	 forwarded_is_field(const char *name, size_t len,
	    enum forwarded_family *family);

/* The list of all fields of this name (lower case), and its last element. */
void	 forwarded_list_init(struct forwarded_list *list,
	    const struct http_head *head, const char *buf, const char *name);
/* Takes it off; empty ones are passed over. False: nothing is left. */
bool	 forwarded_list_last(struct forwarded_list *list,
	    struct forwarded_text *element);

/*
 * Reads a node: "1.2.3.4", "1.2.3.4:80", "::1", "[::1]", "[::1]:80". False for
 * "unknown", an obfuscated name and whatever else; *port is 0 if there is none
 * or an obfuscated one.
 */
bool	 forwarded_node(struct forwarded_text text, struct netaddr *addr,
	    uint16_t *port);

/* One element of Forwarded; texts are without quotes, s NULL: not there. */
struct forwarded_element {
	struct forwarded_text	 node;		/* for= */
	struct forwarded_text	 proto;
	struct forwarded_text	 host;
};

/* False if it is malformed. */
bool	 forwarded_element(struct forwarded_text text,
	    struct forwarded_element *element);

#endif
