/* The listening sockets: what their protocols are called. */
#include "shm/listener.h"

static const char *const listener_roles[] = {
	[LISTENER_HTTP] = "http",
	[LISTENER_HTTPS] = "https",
	[LISTENER_UWSGI] = "uwsgi",
	[LISTENER_FASTCGI] = "fastcgi",
	[LISTENER_SCGI] = "scgi",
};

/* A protocol's short name. */
const char *
listener_role(enum listener_protocol protocol)
{
	return listener_roles[protocol];
}
