/* The protocols behind a gateway: uwsgi, SCGI and FastCGI as tables. */
#include "worker/gateway/gateway.h"

#include <string.h>

#include "worker/conn.h"
#include "worker/gateway/fcgi.h"
#include "worker/gateway/scgi_parse.h"
#include "worker/gateway/uwsgi_parse.h"
#include "worker/http_bytes.h"
#include "worker/origin.h"
#include "worker/protocol.h"

/* The packet, which the parser leaves as it is. */
static enum http_parse_verdict
gateway_parse_uwsgi(char *buf, size_t len, const struct http_limits *limits,
    struct http_head *head)
{
	return uwsgi_parse(buf, len, limits, head);
}

/* The same. */
static enum http_parse_verdict
gateway_parse_scgi(char *buf, size_t len, const struct http_limits *limits,
    struct http_head *head)
{
	return scgi_parse(buf, len, limits, head);
}

/* Takes the scheme from whoever knows better than those before. */
static void
gateway_scheme(struct origin *from, int *rank, int mine, bool https)
{
	if (mine < *rank)
		return;
	*rank = mine;
	from->https = https;
}

/* Is a variable's name this one? */
static bool
gateway_is(const char *name, size_t len, const char *wanted)
{
	return strlen(wanted) == len && memcmp(name, wanted, len) == 0;
}

/* One variable; rank is whose word the scheme is so far. */
static void
gateway_origin_var(struct origin *from, const char *buf,
    const struct http_field *f, int *rank)
{
	const char	*name = buf + f->name.off, *value = buf + f->value.off;
	const size_t	 len = f->name.len, n = f->value.len;

	if (gateway_is(name, len, "REMOTE_ADDR")) {
		from->addr = value;
		from->addr_len = origin_is_addr(value, n) ? (uint8_t)n : 0;
	} else if (gateway_is(name, len, "REMOTE_PORT")) {
		from->port = origin_port(value, n);
	} else if (gateway_is(name, len, "SERVER_PORT")) {
		from->server_port = origin_port(value, n);
	} else if (gateway_is(name, len, "REQUEST_SCHEME") && n > 0) {
		gateway_scheme(from, rank, 1,
		    http_word_is(value, n, "https", 5));
	} else if (gateway_is(name, len, "HTTPS") && n > 0) {
		gateway_scheme(from, rank, 2, http_word_is(value, n, "on", 2) ||
		    (n == 1 && *value == '1'));
	} else if (gateway_is(name, len, "UWSGI_SCHEME") && n > 0) {
		gateway_scheme(from, rank, 3,
		    http_word_is(value, n, "https", 5));
	}
}

/* Who asks is what the gateway says. */
static void
gateway_origin(struct origin *from, const struct conn *c)
{
	const struct http_head	*head = &c->in->head;
	int			 rank = 0;
	uint32_t		 i;

	from->port = 0;
	for (i = 0; i < head->nfields; i++)
		gateway_origin_var(from, c->in->data, &head->fields[i], &rank);
	/* The connection's is nobody else's. */
	if (from->port == 0 && from->addr == c->addr)
		from->port = c->port;
}

const struct protocol protocol_uwsgi = {
	.name = "uwsgi",
	.parse = gateway_parse_uwsgi,
	PROTOCOL_STATUS("HTTP/1.1 "),
	.origin = gateway_origin,
};

const struct protocol protocol_scgi = {
	.name = "scgi",
	.parse = gateway_parse_scgi,
	PROTOCOL_STATUS("Status: "),
	.origin = gateway_origin,
};

const struct protocol protocol_fcgi = {
	.name = "fastcgi",
	.parse = fcgi_parse,
	.reply = fcgi_send_reply,
	.body_init = fcgi_body_init,
	.body_decode = fcgi_body_decode,
	.says_gone = fcgi_says_gone,
	PROTOCOL_STATUS("Status: "),
	.origin = gateway_origin,
	.frames = &fcgi_frames,
};
