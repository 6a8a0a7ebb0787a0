/* Makes the variables of a connection. */
#ifndef WM_WORKER_TLS_TLS_VARS_NEW_H
#define WM_WORKER_TLS_TLS_VARS_NEW_H

#include <openssl/ssl.h>

struct tls_vars;

/* Of a connection whose handshake is over; tls_vars_release frees it. */
struct tls_vars *tls_vars_new(SSL *ssl);

#endif
