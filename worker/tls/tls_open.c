/* The handshake: a step on a new connection. */
#include "worker/tls/tls_open.h"

#include <openssl/err.h>
#include <string.h>

#include "base/log.h"
#include "build_config.h"
#include "config/config.h"
#include "shm/listener.h"
#include "worker/conn.h"
#include "worker/conn_open.h"
#include "worker/tls/tls_conn.h"
#include "worker/tls/tls_context.h"
#include "worker/tls/tls_error.h"
#include "worker/tls/tls_transport.h"
#include "worker/worker.h"
#ifdef WM_HAVE_HTTP2
#include "worker/http2/http2.h"
#endif

/* Is it TLS that is spoken there? */
static bool
tls_open_wanted(const struct conn *c)
{
	return c->listener->protocol == LISTENER_HTTPS;
}

/* It has failed: is there somebody who could be told why? */
static enum conn_open
tls_open_failed(struct conn *c, int error)
{
	unsigned long	 code = ERR_peek_error();
	int		 reason = ERR_GET_REASON(code);
	char		 text[256];
	bool		 gone;

	gone = error == SSL_ERROR_SYSCALL || code == 0 ||
	    ERR_GET_LIB(code) != ERR_LIB_SSL ||
	    reason == SSL_R_UNEXPECTED_EOF_WHILE_READING;
	tls_error_take(text, sizeof(text));
	log_debug("connection %d from %.*s: TLS: %s", c->fd, c->addr_len,
	    c->addr, gone && code == 0 ? "the client has left" : text);
	tls_conn(c)->broken = true;
	if (gone)
		return CONN_OPEN_FAILED;
	tls_transport_drop(c);
	if (reason == SSL_R_HTTP_REQUEST)
		conn_reject(c, 400, "HTTP without TLS on a port for HTTPS");
	else
		conn_linger(c);
	return CONN_OPEN_TAKEN;
}

/* It is over: what will be spoken? */
static enum conn_open
tls_open_done(struct conn *c)
{
	const unsigned char	*name = NULL;
	unsigned		 len = 0;

	tls_transport_ready(c);
	SSL_get0_alpn_selected(tls_conn(c)->ssl, &name, &len);
	if (log_enabled(LOG_LEVEL_DEBUG))
		log_debug("connection %d from %.*s: %s, %s, ALPN \"%.*s\"",
		    c->fd, c->addr_len, c->addr,
		    SSL_get_version(tls_conn(c)->ssl),
		    SSL_get_cipher_name(tls_conn(c)->ssl), (int)len, name);
#ifdef WM_HAVE_HTTP2
	if (len == 2 && memcmp(name, "h2", 2) == 0) {
		http2_begin(c);
		return CONN_OPEN_TAKEN;
	}
#endif
	return CONN_OPEN_DONE;
}

/* Goes as far as it can. */
static enum conn_open
tls_open_step(struct conn *c)
{
	const struct tls_site	*site;
	int			 error, result;

	if (c->transport == NULL) {
		if (c->worker->tls == NULL)
			return CONN_OPEN_FAILED;
		site = tls_site_of(c->worker->tls, c->listener);
		if (tls_transport_begin(c, site->items[0].ctx) == -1)
			return CONN_OPEN_FAILED;
	}
	ERR_clear_error();
	result = SSL_do_handshake(tls_conn(c)->ssl);
	if (result == 1)
		return tls_open_done(c);
	error = SSL_get_error(tls_conn(c)->ssl, result);
	switch (error) {
	case SSL_ERROR_WANT_READ:
		return CONN_OPEN_READ;
	case SSL_ERROR_WANT_WRITE:
		return CONN_OPEN_WRITE;
	default:
		return tls_open_failed(c, error);
	}
}

const struct conn_opener conn_open_tls = {
	.name = "tls",
	.wanted = tls_open_wanted,
	.step = tls_open_step,
};
