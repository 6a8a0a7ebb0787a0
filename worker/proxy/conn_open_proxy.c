/*
 * The PROXY header of a new connection, if its peer is a trusted proxy that is
 * to send one. What is behind it is for others, who read the socket in their
 * own way (TLS does): so the bytes are looked at first, and taken only as far
 * as they are the header's. Half a header is taken, too: nothing that was seen
 * is left to wake the loop up again.
 */
#include "worker/proxy/conn_open_proxy.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "shm/scoreboard.h"
#include "worker/conn.h"
#include "worker/conn_buf.h"
#include "worker/conn_open.h"
#include "worker/conn_peer.h"
#include "worker/proxy/proxies.h"
#include "worker/proxy/proxy_parse.h"
#include "worker/worker.h"

/* Is the peer to send a header? Others' bytes are not read as one. */
static bool
conn_open_proxy_wanted(const struct conn *c)
{
	return c->worker->proxies != NULL && c->worker->proxies->header &&
	    c->trusted;
}

/* Says why a connection is closed. */
static enum conn_open
conn_open_proxy_fail(const struct conn *c, const char *why)
{
	char	 port[CONN_PORT_TEXT];

	sb_add(&c->worker->stats->refused, 1);
	log_warn("%s port %s: no request is taken: %s", c->addr_len == 0 ?
	    "a client" : c->addr, conn_port_text(port, c->port) == 0 ? "-" :
	    port, why);
	return CONN_OPEN_FAILED;
}

/* The connection is from now on the client's of whom the header speaks. */
static void
conn_open_proxy_take(struct conn *c, const struct proxy_header *head)
{
	conn_buf_put(c->worker, c->in);
	c->in = NULL;
	c->proxied_tls = head->ssl;
	c->trusted = false;
	if (!head->has_addr)
		return;
	c->trusted = netmasks_have(&c->worker->proxies->trusted, &head->addr);
	c->addr_len = (uint8_t)netaddr_print(&head->addr, c->addr);
	c->port = head->port;
	c->server_port = head->server_port;
}

/* Looks at what came, and takes what is the header's. */
static enum conn_open
conn_open_proxy_read(struct conn *c)
{
	struct conn_buf		*in = c->in;
	struct proxy_header	 head;
	enum proxy_verdict	 verdict;
	ssize_t			 n, mine;

	n = recv(c->fd, in->data + in->len, PROXY_V2_MAX - in->len, MSG_PEEK);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return CONN_OPEN_READ;
	/* Who only looks whether somebody listens is not worth a line. */
	if (n <= 0 && in->len == 0)
		return CONN_OPEN_FAILED;
	if (n <= 0)
		return conn_open_proxy_fail(c, "half a PROXY header came");
	verdict = proxy_parse(in->data, in->len + (size_t)n, &head);
	if (verdict == PROXY_BAD)
		return conn_open_proxy_fail(c, head.why);
	mine = verdict == PROXY_MORE ? n : (ssize_t)(head.size - in->len);
	if (recv(c->fd, in->data + in->len, (size_t)mine, 0) != mine)
		return conn_open_proxy_fail(c, "reading the PROXY header");
	in->len += (size_t)mine;
	if (verdict == PROXY_MORE)
		return CONN_OPEN_READ;
	conn_open_proxy_take(c, &head);
	return CONN_OPEN_DONE;
}

/* The step. */
static enum conn_open
conn_open_proxy_step(struct conn *c)
{
	enum conn_open	 result;

	if (c->in == NULL)
		c->in = conn_buf_take(c->worker);
	result = conn_open_proxy_read(c);
	if (c->in != NULL && c->in->len == 0) {
		/* One that says nothing has no buffer. */
		conn_buf_put(c->worker, c->in);
		c->in = NULL;
	}
	return result;
}

const struct conn_opener conn_open_proxy = {
	.name = "the PROXY header",
	.wanted = conn_open_proxy_wanted,
	.step = conn_open_proxy_step,
};
