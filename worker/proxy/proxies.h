/*
 * The proxies in front of this server whose word counts (trusted-proxies), and
 * what becomes of a request's origin by it.
 *
 * A connection is trusted (conn.trusted) if its peer is one of them. With a
 * PROXY header the peer is who that names: a proxy that passes bytes on leaves
 * the client's own fields in them. So the fields behind a header that names
 * nobody (LOCAL, UNKNOWN) are not trusted.
 *
 *	peer		fields that are believed	fields that are removed
 *	trusted		those of the option forwarded	the other family's
 *	trusted, off	none				none: the app reads them
 *	other		none				all
 *
 * Removed means that nobody sees them, neither app nor logs.
 */
#ifndef WM_WORKER_PROXY_PROXIES_H
#define WM_WORKER_PROXY_PROXIES_H

#include <stdbool.h>

#include "base/netmask.h"
#include "worker/proxy/forwarded.h"

struct config;
struct conn;
struct origin;
struct sockaddr_storage;

struct proxies {
	struct netmasks		 trusted;
	bool			 header;	/* they send PROXY headers */
	bool			 believe;	/* their fields, of */
	enum forwarded_family	 family;
	bool			 host;		/* and of these the host */
};

/* NULL: none is trusted, and no field is touched. */
struct proxies	*proxies_new(const struct config *cfg);
void		 proxies_free(struct proxies *proxies);

/* A new connection: is its peer trusted? */
void		 proxies_meet(struct conn *c,
		    const struct sockaddr_storage *peer);
/*
 * Corrects an origin by the fields of the head, and removes from it those that
 * nobody stands for. Doing it again changes nothing more.
 */
void		 proxies_correct(const struct conn *c, struct origin *from);

#endif
