/* The PROXY header of a new connection: a step of conn_open.c's table. */
#ifndef WM_WORKER_PROXY_CONN_OPEN_PROXY_H
#define WM_WORKER_PROXY_CONN_OPEN_PROXY_H

struct conn_opener;

extern const struct conn_opener conn_open_proxy;

#endif
