/* A client's address as text, without printf: once a connection. */
#ifndef WM_WORKER_CONN_PEER_H
#define WM_WORKER_CONN_PEER_H

#include <stddef.h>
#include <stdint.h>

struct conn;
struct sockaddr_storage;

/*
 * Sets addr and port, an IPv4 address without IPv6's prefix; leaves a unix
 * socket's as they are, "" and 0.
 */
void	 conn_set_peer(struct conn *c, const struct sockaddr_storage *peer);
/* A stream's client is that of the connection that carries it. */
void	 conn_copy_peer(struct conn *stream, const struct conn *of);

#define CONN_PORT_TEXT	6
/* Writes a port and a NUL; the text's length. 0 is "". */
size_t	 conn_port_text(char text[CONN_PORT_TEXT], uint16_t port);

#endif
