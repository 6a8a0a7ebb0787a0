/* What clients and this server speak: a listener's protocol. */
#include "worker/protocol.h"

#include "shm/listener.h"
#include "worker/gateway/gateway.h"

/* A request head, which the parser leaves as it is. */
static enum http_parse_verdict
protocol_http1_parse(char *buf, size_t len, const struct http_limits *limits,
    struct http_head *head)
{
	return http_parse(buf, len, limits, head);
}

/* A chunked body, which needs nothing of its head. */
static void
protocol_http1_body(struct http_chunked *st, const struct http_limits *limits,
    const struct http_head *head)
{
	(void)head;
	http_chunked_init(st, limits);
}

const struct protocol protocol_http1 = {
	.name = "http",
	.parse = protocol_http1_parse,
	.body_init = protocol_http1_body,
	.body_decode = http_chunked_decode,
	PROTOCOL_STATUS("HTTP/1.1 "),
	.is_http1 = true,
};

/* By what the listener's option was. */
static const struct protocol *const protocols[] = {
	[LISTENER_HTTP] = &protocol_http1,
	[LISTENER_HTTPS] = &protocol_http1,
	[LISTENER_UWSGI] = &protocol_uwsgi,
	[LISTENER_FASTCGI] = &protocol_fcgi,
	[LISTENER_SCGI] = &protocol_scgi,
};

/* The protocol of a listener. */
const struct protocol *
protocol_of(const struct listener *listener)
{
	return protocols[listener->protocol];
}
