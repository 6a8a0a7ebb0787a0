/* Session tickets that every worker opens: see tls_keys.h. */
#ifndef WM_WORKER_TLS_TLS_TICKETS_H
#define WM_WORKER_TLS_TLS_TICKETS_H

#include <openssl/ssl.h>

/* The context's sessions last so long, in seconds; 0: none is resumed. */
int	 tls_tickets_set(SSL_CTX *ctx, double lasts);

#endif
