/* What clients and this server speak: a listener's protocol. */
#include "worker/protocol.h"

#include "shm/listener.h"

const struct protocol protocol_http1 = {
	.name = "http",
	.parse = http_parse,
	.status = "HTTP/1.1 ",
	.is_http1 = true,
};

/* By what the listener's option was. */
static const struct protocol *const protocols[] = {
	[LISTENER_HTTP] = &protocol_http1,
	[LISTENER_HTTPS] = &protocol_http1,
};

/* The protocol of a listener. */
const struct protocol *
protocol_of(const struct listener *listener)
{
	return protocols[listener->protocol];
}
