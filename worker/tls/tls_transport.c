/* A connection's bytes through OpenSSL. */
#include "worker/tls/tls_transport.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "shm/scoreboard.h"
#include "worker/conn.h"
#include "worker/core.h"
#include "worker/tls/tls_bio.h"
#include "worker/tls/tls_conn.h"
#include "worker/tls/tls_vars.h"
#include "worker/tls/tls_vars_new.h"
#include "worker/transport.h"
#include "worker/wait.h"
#include "worker/worker.h"

/* What one record holds. */
#define TLS_RECORD	16384

/* The conn's. */
struct tls_conn *
tls_conn(const struct conn *c)
{
	return c->transport_data;
}

/* The connection cannot be used any more; -1 with errno. */
static ssize_t
tls_break(struct tls_conn *t, int error)
{
	t->broken = true;
	ERR_clear_error();
	errno = error;
	return -1;
}

/* recv(2). Without close_notify the end of the input is an error. */
static ssize_t
tls_recv(struct conn *c, void *buf, size_t size)
{
	struct tls_conn	*t = tls_conn(c);
	size_t		 n;

	c->recv_writes = false;
	if (t->said_end)
		return c->state == CONN_LINGER ? recv(c->fd, buf, size, 0) : 0;
	if (t->broken)
		return tls_break(t, ECONNRESET);
	ERR_clear_error();
	if (SSL_read_ex(t->ssl, buf, size, &n) == 1)
		return (ssize_t)n;
	switch (SSL_get_error(t->ssl, 0)) {
	case SSL_ERROR_WANT_WRITE:
		c->recv_writes = true;
		/* FALLTHROUGH */
	case SSL_ERROR_WANT_READ:
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		return tls_break(t, ECONNRESET);
	}
}

/* Writes one record. Its length, or -1 with errno: it is stuck, or broken. */
static ssize_t
tls_write(struct tls_conn *t, const char *data, size_t len, bool more)
{
	size_t	 n;
	int	 result;

	if (t->broken || t->said_end)
		return tls_break(t, EPIPE);
	t->send_reads = false;
	t->more = more;
	ERR_clear_error();
	result = SSL_write_ex(t->ssl, data, len, &n);
	t->more = false;
	if (result == 1)
		return (ssize_t)n;
	switch (SSL_get_error(t->ssl, 0)) {
	case SSL_ERROR_WANT_READ:
		t->send_reads = true;
		/* FALLTHROUGH */
	case SSL_ERROR_WANT_WRITE:
		errno = EAGAIN;
		return -1;
	default:
		return tls_break(t, EPIPE);
	}
}

/* The same, and keeps the bytes of one that is stuck. */
static ssize_t
tls_write_new(struct tls_conn *t, const char *data, size_t len, bool more,
    bool file)
{
	ssize_t	 n = tls_write(t, data, len, more);

	if (n != -1 || errno != EAGAIN)
		return n;
	t->stuck = xmalloc(len);
	memcpy(t->stuck, data, len);
	t->stuck_len = len;
	t->stuck_file = file;
	errno = EAGAIN;
	return -1;
}

/* Writes on what is stuck: 0 when it is gone, or -1 with errno. */
static int
tls_unstick(struct tls_conn *t)
{
	ssize_t	 n = tls_write(t, t->stuck, t->stuck_len, false);

	if (n == -1)
		return -1;
	if ((size_t)n < t->stuck_len) {		/* never, by OpenSSL's word */
		t->stuck_len -= (size_t)n;
		memmove(t->stuck, t->stuck + n, t->stuck_len);
		errno = EAGAIN;
		return -1;
	}
	free(t->stuck);
	t->stuck = NULL;
	return 0;
}

/* Copies up to one record's bytes of the parts behind the first skip bytes. */
static size_t
tls_gather(char *buf, const struct iovec *parts, int n, size_t skip)
{
	size_t	 len = 0, some;
	int	 i;

	for (i = 0; i < n && len < TLS_RECORD; i++) {
		if (skip >= parts[i].iov_len) {
			skip -= parts[i].iov_len;
			continue;
		}
		some = parts[i].iov_len - skip;
		if (some > TLS_RECORD - len)
			some = TLS_RECORD - len;
		memcpy(buf + len, (const char *)parts[i].iov_base + skip,
		    some);
		len += some;
		skip = 0;
	}
	return len;
}

/*
 * The next record's bytes: where they are, if one part has enough of them, else
 * joined in buf. 0: no bytes are left.
 */
static size_t
tls_next(const char **data, char *buf, const struct iovec *parts, int n,
    size_t skip)
{
	size_t	 before = skip, left;
	int	 i;

	for (i = 0; i < n && skip >= parts[i].iov_len; i++)
		skip -= parts[i].iov_len;
	if (i == n)
		return 0;
	left = parts[i].iov_len - skip;
	*data = (const char *)parts[i].iov_base + skip;
	if (left >= TLS_RECORD)
		return TLS_RECORD;
	if (i == n - 1)
		return left;
	*data = buf;
	return tls_gather(buf, parts, n, before);
}

/* Do the parts begin with what was stuck? Then that counts as sent. */
static size_t
tls_was_stuck(const char *stuck, size_t len, const struct iovec *parts, int n)
{
	size_t	 at = 0, some;
	int	 i;

	for (i = 0; i < n && at < len; i++) {
		some = parts[i].iov_len < len - at ? parts[i].iov_len :
		    len - at;
		if (memcmp(stuck + at, parts[i].iov_base, some) != 0)
			return 0;
		at += some;
	}
	return at == len ? len : 0;
}

/* sendmsg(2). */
static ssize_t
tls_send(struct conn *c, const struct iovec *parts, int n, bool more)
{
	struct tls_conn	*t = tls_conn(c);
	char		 buf[TLS_RECORD];
	const char	*data;
	size_t		 len, sent = 0;
	ssize_t		 did;

	if (t->stuck != NULL) {
		if (!t->stuck_file)
			sent = tls_was_stuck(t->stuck, t->stuck_len, parts, n);
		if (tls_unstick(t) == -1)
			return -1;
	}
	while ((len = tls_next(&data, buf, parts, n, sent)) > 0) {
		did = tls_write_new(t, data, len, more, false);
		if (did == -1)
			return sent > 0 ? (ssize_t)sent : -1;
		sent += (size_t)did;
	}
	return (ssize_t)sent;
}

/* sendfile(2): one record. 0: the file has no byte there. */
static ssize_t
tls_sendfile(struct conn *c, int fd, off_t *offset, size_t size)
{
	struct tls_conn	*t = tls_conn(c);
	char		 buf[TLS_RECORD];
	size_t		 len = t->stuck_len;
	ssize_t		 n;

	if (t->stuck != NULL) {
		if (tls_unstick(t) == -1)
			return -1;
		if (t->stuck_file) {
			*offset += (off_t)len;
			return (ssize_t)len;
		}
	}
	n = pread(fd, buf, size < sizeof(buf) ? size : sizeof(buf), *offset);
	if (n <= 0)
		return n;
	n = tls_write_new(t, buf, (size_t)n, false, true);
	if (n > 0)
		*offset += n;
	return n;
}

/* Bytes of a record that was read in part. */
static size_t
tls_pending(const struct conn *c)
{
	const struct tls_conn	*t = tls_conn(c);
	int			 n;

	if (t->broken || t->said_end)
		return 0;
	n = SSL_pending(t->ssl);
	return n > 0 ? (size_t)n : 0;
}

/* Has anything come? It may be no more than a part of a record. */
static bool
tls_has_input(const struct conn *c)
{
	char	 byte;

	return tls_pending(c) > 0 ||
	    recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* The core waits for its client. */
static enum wait_reason
tls_wait(struct core *core, short events, double timeout)
{
	struct conn	*c = core->req.conn;

	if ((events & WAIT_READ) && c->recv_writes)
		events = WAIT_WRITE;
	else if ((events & WAIT_WRITE) && tls_conn(c)->send_reads)
		events = WAIT_READ;
	return wait_client(core, events, timeout);
}

/* Tells the client that it has got everything; not in the midst of a record. */
static void
tls_say_end(struct tls_conn *t)
{
	if (!t->broken && !t->said_end && t->stuck == NULL &&
	    !SSL_in_init(t->ssl)) {
		ERR_clear_error();
		(void)SSL_shutdown(t->ssl);
		ERR_clear_error();
	}
	t->said_end = true;
}

/* shutdown(2) of what is sent. */
static void
tls_shutdown(struct conn *c)
{
	tls_say_end(tls_conn(c));
	c->recv_writes = false;
	shutdown(c->fd, SHUT_WR);
}

/* Frees what is the transport's. */
static void
tls_close(struct conn *c)
{
	struct tls_conn	*t = tls_conn(c);

	if (!c->secure)
		sb_add(&c->worker->stats->tls_failed, 1);
	if (!c->reset)
		tls_say_end(t);
	SSL_free(t->ssl);
	ERR_clear_error();
	free(t->stuck);
	free(t);
	c->transport = NULL;
	c->transport_data = NULL;
}

const struct transport transport_tls = {
	.name = "tls",
	.recv = tls_recv,
	.send = tls_send,
	.sendfile = tls_sendfile,
	.pending = tls_pending,
	.has_input = tls_has_input,
	.wait = tls_wait,
	.shutdown = tls_shutdown,
	.close = tls_close,
};

/* TLS begins. */
int
tls_transport_begin(struct conn *c, SSL_CTX *ctx)
{
	struct tls_conn	*t = xcalloc(1, sizeof(*t));
	BIO		*bio = NULL;

	ERR_clear_error();
	t->ssl = SSL_new(ctx);
	if (t->ssl != NULL)
		bio = tls_bio_new(c->fd, t);
	if (bio == NULL) {
		SSL_free(t->ssl);
		free(t);
		return -1;
	}
	SSL_set_bio(t->ssl, bio, bio);
	SSL_set_accept_state(t->ssl);
	c->transport = &transport_tls;
	c->transport_data = t;
	c->raw_out = false;
	conn_set_nodelay(c);
	return 0;
}

/* The handshake is over. */
void
tls_transport_ready(struct conn *c)
{
	SSL	*ssl = tls_conn(c)->ssl;

	c->secure = true;
	c->raw_out = BIO_get_ktls_send(SSL_get_wbio(ssl)) != 0;
	c->tls = tls_vars_new(ssl);
	sb_add(&c->worker->stats->tls_handshakes, 1);
	if (SSL_session_reused(ssl))
		sb_add(&c->worker->stats->tls_resumed, 1);
}

/* The handshake has failed. */
void
tls_transport_drop(struct conn *c)
{
	tls_close(c);
	c->raw_out = true;
}
