/* OpenSSL's contexts: what is spoken, and with whom. */
#ifndef WM_WORKER_TLS_TLS_CONTEXT_H
#define WM_WORKER_TLS_TLS_CONTEXT_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "base/strlist.h"
#include "config/tls_socket.h"

struct listener;
struct tls;

/* What a listening socket wants; the texts are borrowed. */
struct tls_want {
	unsigned	 protocols;	/* TLS_PROTOCOL_*, as bits */
	const char	*ciphers;	/* NULL: the default */
	const char	*ciphersuites;
	const char	*client_ca;	/* NULL: nobody is asked */
	enum tls_verify	 verify;
	double		 session_timeout;
	bool		 http2;		/* is offered */
};

/* One certificate, ready to be shown. */
struct tls_identity {
	SSL_CTX		*ctx;
	struct strlist	 names;
};

/* All that may be shown at a listening socket; the first is the default. */
struct tls_site {
	struct tls_identity	*items;
	size_t			 count;
};

/*
 * Adds one to the site, from these files (tls_certificate.h). -1 and *cause.
 * The site must not move from then on.
 */
int	 tls_site_add(struct tls_site *site, const struct tls_want *want,
	    const char *certificate, const char *key, struct strlist *notes,
	    char **cause);
void	 tls_site_done(struct tls_site *site);

/* A listening socket's. */
const struct tls_site *tls_site_of(const struct tls *tls,
	    const struct listener *listener);

#endif
