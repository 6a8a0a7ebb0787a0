/* The protocols behind a gateway, for protocol.c. */
#ifndef WM_WORKER_GATEWAY_GATEWAY_H
#define WM_WORKER_GATEWAY_GATEWAY_H

struct protocol;

extern const struct protocol protocol_uwsgi;
extern const struct protocol protocol_fcgi;
extern const struct protocol protocol_scgi;

#endif
