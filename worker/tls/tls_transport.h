/* A connection's bytes through OpenSSL. */
#ifndef WM_WORKER_TLS_TLS_TRANSPORT_H
#define WM_WORKER_TLS_TLS_TRANSPORT_H

#include <openssl/ssl.h>

struct conn;
struct transport;

extern const struct transport transport_tls;

/*
 * The connection travels through TLS from now on: its SSL, of this context, is
 * made, and nothing is sent. -1: no memory.
 */
int	 tls_transport_begin(struct conn *c, SSL_CTX *ctx);
/* The handshake is over. */
void	 tls_transport_ready(struct conn *c);
/* The handshake has failed: what follows is the bare socket. */
void	 tls_transport_drop(struct conn *c);

#endif
