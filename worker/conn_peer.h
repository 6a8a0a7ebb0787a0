/* A client's address and port as text, without printf: once a connection. */
#ifndef WM_WORKER_CONN_PEER_H
#define WM_WORKER_CONN_PEER_H

struct conn;
struct sockaddr_storage;

/*
 * Sets addr and port, an IPv4 address without IPv6's prefix; leaves a unix
 * socket's as they are, "".
 */
void	 conn_set_peer(struct conn *c, const struct sockaddr_storage *peer);

#endif
