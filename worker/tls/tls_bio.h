/* OpenSSL's way to the socket. */
#ifndef WM_WORKER_TLS_TLS_BIO_H
#define WM_WORKER_TLS_TLS_BIO_H

#include <openssl/bio.h>

struct tls_conn;

/*
 * A BIO for a connection's socket, which it does not close. As OpenSSL's own,
 * but that SIGPIPE never comes, and that tls_conn.more is MSG_MORE. NULL: no
 * memory.
 */
BIO	*tls_bio_new(int fd, struct tls_conn *t);
/* Once, before the others; -1: no memory. */
int	 tls_bio_init(void);

#endif
