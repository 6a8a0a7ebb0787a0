/*
 * Fuzzes connections: a worker in this process, its clients at socketpairs.
 *
 * The first byte of an input chooses limits, and with 0x80 the second one a
 * protocol; the rest is sent, but for 0xff and the byte behind it, which say
 * what happens next:
 *
 *	c	the worker's turn: cuts what is sent in two here
 *	d	the client reads what has come
 *	h	the client sends nothing more (FIN)
 *	r	the client closes, whatever has not been read
 *	n	on with the next client, which connects if it has left
 *	t	all timeouts of connections are over
 *	R N	the last byte N * 64 times more
 *	f	the byte 0xff
 *
 * What must hold, with HTTP/1: the app sees what a reader of all the bytes in
 * one piece would see, in order, with the same bodies: no request is made up,
 * however they were cut. With each protocol: afterwards a request is answered,
 * and no connection, core or descriptor is left behind.
 */
#include <event2/event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "test/unit/rig.h"
#include "test/unit/unit.h"
#include "worker/conn.h"
#include "worker/gateway/gateway.h"
#include "worker/protocol.h"
#include "worker/request.h"
#include "worker/wait.h"
#include "worker/worker.h"

#define CLIENTS		16	/* in one input, one after the other or not */
#define SENT_MAX	65536
#define SEEN_MAX	64
#define TURNS_MAX	20000	/* far more than anything takes */
#define PROBE		"GET /probe HTTP/1.1\r\nHost: a\r\n\r\n"

/* A request as the app saw it. */
struct seen {
	uint64_t	 line;		/* of method and target */
	uint64_t	 body;
	bool		 whole;		/* the body was read to its end */
};

struct client {
	int		 fd;		/* -1: not connected */
	size_t		 len;		/* bytes sent */
	char		 sent[SENT_MAX];
	size_t		 nseen;
	struct seen	 seen[SEEN_MAX];
};

static struct worker	*worker;
static struct client	 clients[CLIENTS];
static int		 nclients;	/* of this input so far */
static const struct protocol *spoken;
static int		 nfiles;	/* open when no client is there */

int	 LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* For the rig. */
void
unit_check_str(const char *file, int line, const char *what, const char *got,
    const char *want)
{
	(void)file, (void)line, (void)what, (void)got, (void)want;
	abort();
}

/* Ends the process if an invariant does not hold, and says which. */
static void
must_at(bool ok, int line, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_conn.c:%d: not so: %s\n", line, what);
	abort();
}

#define must(x)	must_at((x), __LINE__, #x)

/* Goes on with an FNV-1a hash. */
static uint64_t
hash(uint64_t h, const char *data, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		h = (h ^ (uint8_t)data[i]) * 0x100000001b3;
	return h;
}

/* The hash of nothing. */
#define HASH_NEW	0xcbf29ce484222325

/* The hash of a request's method and target. */
static uint64_t
hash_line(const struct http_head *head, const char *buf)
{
	uint64_t	 h;

	h = hash(HASH_NEW, buf + head->method.off, head->method.len);
	return hash(h, buf + head->target.off, head->target.len);
}

/* Turns the base. */
static void
turn(int n)
{
	while (n-- > 0)
		event_base_loop(worker->base, EVLOOP_NONBLOCK);
}

/* Turns until no connection is left. */
static void
turn_until_empty(void)
{
	int	 n;

	for (n = 0; worker->nconns > 0 && n < TURNS_MAX; n++)
		turn(1);
	must(worker->nconns == 0 && worker->busy == 0);
	must(worker->queued == 0 && worker->nready == 0);
}

/* Reads up to max bytes of the body. */
static int
handler_read(struct request *req, struct seen *seen, size_t max)
{
	char	 buf[700];
	size_t	 total = 0, size;
	ssize_t	 n = 1;

	while (total < max) {
		size = max - total < sizeof(buf) ? max - total : sizeof(buf);
		n = body_read(req, buf, size);
		if (n <= 0)
			break;
		seen->body = hash(seen->body, buf, (size_t)n);
		total += (size_t)n;
	}
	seen->whole = n == 0;
	return n == -1 ? -1 : 0;
}

/* Streams a response of n pieces, waiting now and then. */
static int
handler_stream(struct request *req, int n)
{
	static char	 piece[2000];
	int		 i;

	response_begin(req, "200 OK", 6);
	for (i = 0; i < n; i++) {
		if (response_stream(req, piece, sizeof(piece)) == -1)
			return -1;
		if (i % 8 == 7)
			wait_turn(req->core);
	}
	return response_end(req);
}

/* Notes the request, and does what the path's first letter says. */
static int
handler(struct request *req)
{
	char		 what = req->path_len > 1 ? req->path[1] : '/';
	struct client	*client;
	struct seen	*seen, scratch;

	if (req->conn->port == 0) {		/* the probe's */
		seen = &scratch;
	} else {
		client = &clients[req->conn->port - 1];
		must(client->nseen < SEEN_MAX);
		seen = &client->seen[client->nseen++];
	}
	seen->line = hash_line(req->head, req->buf);
	seen->body = HASH_NEW;
	seen->whole = false;
	if (what == 'f')
		return -1;
	if (what == 'w' && wait_turn(req->core) != WAIT_READY)
		return -1;
	if (what == 'd')
		response_disconnect(req);
	if (what == 's' && handler_stream(req, 20) == -1)
		return -1;
	if (what != 'n' &&
	    handler_read(req, seen, what == 'p' ? 3 : SIZE_MAX) == -1)
		return -1;
	if (what == 'b')
		return handler_stream(req, 300);
	if (what == 's' || what == 'd')
		return 0;
	response_begin(req, "200 OK", 6);
	return response_write_whole(req, req->path, req->path_len);
}

/* The body that a reader of everything sees; false: it is not all there. */
static bool
check_body(const struct http_head *head, const char *buf, size_t len,
    size_t *size, uint64_t *body)
{
	struct http_chunked	 st;
	enum http_chunked_verdict v = HTTP_CHUNKED_DATA;
	const char		*data;
	size_t			 used, n;

	*body = HASH_NEW;
	*size = 0;
	if (!head->chunked) {
		n = head->content_length > 0 ? (size_t)head->content_length :
		    0;
		if (n > len)
			return false;
		*size = n;
		*body = hash(*body, buf, n);
		return true;
	}
	http_chunked_init(&st, &worker->limits);
	while (v == HTTP_CHUNKED_DATA) {
		v = http_chunked_decode(&st, buf + *size, len - *size, &used,
		    &data, &n);
		if (v == HTTP_CHUNKED_DATA)
			*body = hash(*body, data, n);
		*size += used;
	}
	return v == HTTP_CHUNKED_DONE;
}

/* The app has seen nothing but what the client sent. */
static void
check_seen(const struct client *client)
{
	static struct http_field fields[128];
	struct http_head	 head;
	const struct seen	*seen;
	const char		*buf = client->sent;
	size_t			 left = client->len, i, size;
	uint64_t		 body;
	bool			 whole = true;

	if (spoken != &protocol_http1)
		return;
	for (i = 0; i < client->nseen; i++) {
		seen = &client->seen[i];
		must(whole);
		http_head_init(&head, fields);
		must(http_parse(buf, left, &worker->limits, &head) ==
		    HTTP_PARSE_DONE);
		must(seen->line == hash_line(&head, buf));
		buf += head.size;
		left -= head.size;
		whole = check_body(&head, buf, left, &size, &body);
		must(!seen->whole || (whole && seen->body == body));
		buf += size;
		left -= size;
	}
}

/* A new client, if there is room for one; else the last. */
static struct client *
client_new(void)
{
	struct client	*client;
	struct conn	*c;

	if (nclients == CLIENTS)
		return &clients[CLIENTS - 1];
	client = &clients[nclients];
	client->fd = rig_client(worker);
	client->len = 0;
	client->nseen = 0;
	c = TAILQ_LAST(&worker->conns[CONN_HEAD].list, conn_list);
	c->port = (uint16_t)++nclients;
	c->protocol = spoken;
	return client;
}

/* Reads what has come. */
static void
client_drain(struct client *client)
{
	static char	 buf[1 << 18];

	while (recv(client->fd, buf, sizeof(buf), 0) > 0)
		continue;
}

/* Sends bytes, or as many as the socket takes. */
static void
client_send(struct client *client, const char *data, size_t len)
{
	ssize_t	 n;

	if (len > SENT_MAX - client->len)
		len = SENT_MAX - client->len;
	if (len == 0 || client->fd == -1)
		return;
	n = send(client->fd, data, len, MSG_NOSIGNAL);
	if (n > 0) {
		memcpy(client->sent + client->len, data, (size_t)n);
		client->len += (size_t)n;
	}
}

/* Sends a byte many times. */
static void
client_repeat(struct client *client, uint8_t n)
{
	static char	 text[64 * 256];

	if (client->len == 0)
		return;
	memset(text, client->sent[client->len - 1], (size_t)n * 64);
	client_send(client, text, (size_t)n * 64);
}

/* All timeouts of connections are over. */
static void
expire(void)
{
	struct conn	*c;
	int		 i;

	for (i = 0; i < CONN_STATES; i++) {
		if (worker->conns[i].limit_us == 0)
			continue;
		TAILQ_FOREACH(c, &worker->conns[i].list, link)
			c->since_us = 0;
		event_active(&worker->conns[i].timer, EV_TIMEOUT, 0);
	}
	turn(1);
}

/* The next one that has not left, or a new one. */
static struct client *
client_next(struct client *client)
{
	while (++client < clients + nclients) {
		if (client->fd != -1)
			return client;
	}
	return client_new();
}

/* Closes, and goes on with a new one. */
static struct client *
client_reset(struct client *client)
{
	if (client->fd != -1)
		close(client->fd);
	client->fd = -1;
	turn(3);
	return client_new();
}

/* Does what is not to be sent; *i is at the byte behind 0xff. */
static struct client *
act(struct client *client, const uint8_t *data, size_t size, size_t *i)
{
	switch (data[*i]) {
	case 'd':
		turn(3);
		client_drain(client);
		break;
	case 'h':
		shutdown(client->fd, SHUT_WR);
		turn(3);
		break;
	case 'r':
		return client_reset(client);
	case 'n':
		return client_next(client);
	case 't':
		expire();
		break;
	case 'f':
		client_send(client, "\xff", 1);
		break;
	case 'R':
		if (*i + 1 < size)
			client_repeat(client, data[++*i]);
		break;
	default:
		turn(3);
	}
	return client;
}

/* How many sockets and files are open; libFuzzer opens pipes. */
static int
open_files(void)
{
	struct stat	 st;
	int		 fd, n = 0;

	for (fd = 0; fd < 64; fd++)
		n += fstat(fd, &st) == 0 && (S_ISSOCK(st.st_mode) ||
		    (S_ISREG(st.st_mode) && fd > STDERR_FILENO));
	return n;
}

/* A request like any other is answered rightly. */
static void
probe(void)
{
	char	 buf[4096];
	size_t	 len = 0;
	int	 n, fd = rig_client(worker);
	ssize_t	 got;

	rig_send(fd, PROBE);
	for (n = 0; n < TURNS_MAX; n++) {
		turn(1);
		got = recv(fd, buf + len, sizeof(buf) - 1 - len, 0);
		len += got > 0 ? (size_t)got : 0;
		buf[len] = '\0';
		if (got == 0 || strstr(buf, "\r\n\r\n/probe") != NULL)
			break;
	}
	must(strncmp(buf, "HTTP/1.1 200 OK\r\n", 17) == 0);
	must(strstr(buf, "\r\n\r\n/probe") != NULL);
	close(fd);
	turn_until_empty();
}

/* Makes the worker, once. */
static void
start(void)
{
	static const char *const	 options[] = { "--async", "3",
	    "--greenlet", "--queue-size", "4", "--buffer-size", "20000",
	    "--limit-request-fields", "100", "--allow-root", NULL };

	worker = rig_start(true, options);
	rig_handler = handler;
	probe();
	nfiles = open_files();
}

/* Sets the limits and the protocol that this input wants. */
static void
choose(uint8_t flags, uint8_t which)
{
	static const struct protocol *const gateways[] = { &protocol_uwsgi,
	    &protocol_fcgi, &protocol_scgi };
	struct config	*cfg = (struct config *)(uintptr_t)worker->cfg;

	cfg->post_buffering = flags & 1 ? (flags & 2 ? 16 : 100000) : 0;
	cfg->limit_post = flags & 4 ? 50 : 0;
	worker->limits.max_head = flags & 8 ? 1024 : 20000;
	worker->limits.max_line = flags & 16 ? 64 : 8190;
	cfg->keepalive_timeout = flags & 32 ? 0 : 65;
	rig_keeps_stack = (flags & 64) == 0;
	spoken = flags & 0x80 ? gateways[which % 3] : &protocol_http1;
}

/* Plays one input. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct client	*client;
	size_t		 i, begin;
	int		 n;

	if (worker == NULL)
		start();
	if (size < 2)
		return 0;
	i = data[0] & 0x80 ? 2 : 1;
	if (size <= i)
		return 0;
	choose(data[0], data[1]);
	client = client_new();
	for (; i < size; i++) {
		for (begin = i; i < size && data[i] != 0xff; i++)
			continue;
		client_send(client, (const char *)data + begin, i - begin);
		if (++i < size)
			client = act(client, data, size, &i);
	}
	turn(3);
	for (n = 0; n < nclients; n++) {
		if (clients[n].fd != -1)
			close(clients[n].fd);
	}
	turn_until_empty();
	while (nclients > 0)
		check_seen(&clients[--nclients]);
	probe();
	must(open_files() == nfiles);
	return 0;
}
