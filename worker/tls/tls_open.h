/*
 * The handshake: a step on a new connection (conn_open.h), under
 * header-timeout.
 *
 *	a connection of an https-socket
 *		-> SSL made	WANT_READ, WANT_WRITE: OPENING
 *		-> done		ALPN "h2": SHARED, http2's; else HEAD
 *		-> failed	the client spoke HTTP: 400 in the clear, LINGER
 *				the client spoke nonsense, or what it can is not
 *				what we can: an alert, LINGER, so that the alert
 *				is not destroyed on its way
 *				the client left: closed
 *
 * What fails is counted (tls_failed) and logged as debug: anybody on the
 * internet can make it fail.
 */
#ifndef WM_WORKER_TLS_TLS_OPEN_H
#define WM_WORKER_TLS_TLS_OPEN_H

extern const struct conn_opener conn_open_tls;

#endif
