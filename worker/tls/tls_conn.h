/* What a TLS connection has beside its struct conn: conn.transport_data. */
#ifndef WM_WORKER_TLS_TLS_CONN_H
#define WM_WORKER_TLS_TLS_CONN_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

struct conn;

/*
 * OpenSSL makes a record of what it is given to write; when the socket does not
 * take all of it, the same bytes must be written again. They are kept in stuck,
 * since a caller may give up on a send and come with other bytes.
 */
struct tls_conn {
	SSL	*ssl;
	char	*stuck;
	size_t	 stuck_len;
	bool	 stuck_file;	/* they are a file's */
	bool	 send_reads;	/* a send waits until the client sends */
	bool	 more;		/* further bytes follow at once */
	bool	 broken;	/* no call of the SSL's but SSL_free */
	bool	 said_end;	/* close_notify was sent: what still comes is
				   discarded, unread */
};

/* The conn's. */
struct tls_conn *tls_conn(const struct conn *c);

#endif
