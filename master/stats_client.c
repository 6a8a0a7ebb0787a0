/* One connection to the stats socket. */
#include "master/stats_client.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "master/master.h"
#include "master/stats_http.h"
#include "master/stats_reply.h"

/*
 * How long the first byte of an HTTP request may take. A client on this
 * machine sends it within a millisecond of connecting; from elsewhere it comes
 * right after the connection, or, if that packet was lost, 200 ms and a round
 * trip later.
 */
#define STATS_SILENCE_MS	300
#define STATS_STALL_S		5	/* without a byte taken */

static const struct {
	const char	*name;
	unsigned	 limit_ms;
} stats_client_states[] = {
	[STATS_CLIENT_NEW] = { "new", STATS_SILENCE_MS },
	[STATS_CLIENT_HEAD] = { "head", 5000 },
	[STATS_CLIENT_REPLY] = { "reply", 60000 },
	[STATS_CLIENT_IDLE] = { "idle", 75000 },
	[STATS_CLIENT_CLOSING] = { "closing", 2000 },
};

struct stats_client {
	TAILQ_ENTRY(stats_client)	 link;
	struct stats_clients		*clients;
	struct bufferevent		*bev;
	struct event			 timer;
	enum stats_client_state		 state;
	uint64_t			 since_us;	/* of the state */
	bool				 http;
	bool				 ended;		/* it sends no more */
	struct stats_request		 request;

	/* The answer. */
	const struct stats_path		*path;
	struct stats_reply		 reply;
	char				*query;
	enum stats_progress		 progress;
	bool				 head_sent;
	bool				 no_body;	/* HEAD */
	bool				 chunked;
	bool				 keep;
	bool				 one_one;	/* HTTP/1.1 */
	struct strbuf			 wire;
};

/* The only function that changes the state. */
static void
stats_client_set_state(struct stats_client *c, enum stats_client_state state)
{
	unsigned	 ms = stats_client_states[state].limit_ms;
	struct timeval	 tv = { .tv_sec = ms / 1000,
	    .tv_usec = ms % 1000 * 1000 };

	log_debug("stats client %d: %s -> %s", bufferevent_getfd(c->bev),
	    stats_client_states[c->state].name,
	    stats_client_states[state].name);
	c->state = state;
	c->since_us = clock_mono_us();
	evtimer_add(&c->timer, &tv);
}

/* Forgets an answer. */
static void
stats_client_end_reply(struct stats_client *c)
{
	if (c->reply.done != NULL)
		c->reply.done(&c->reply);
	strbuf_done(&c->reply.out);
	free(c->query);
	c->query = NULL;
	c->path = NULL;
	memset(&c->reply, 0, sizeof(c->reply));
}

/* Closes a client's connection. */
static void
stats_client_free(struct stats_client *c)
{
	struct stats_clients	*clients = c->clients;

	TAILQ_REMOVE(&clients->list, c, link);
	clients->count--;
	stats_client_end_reply(c);
	evtimer_del(&c->timer);
	bufferevent_free(c->bev);
	strbuf_done(&c->wire);
	free(c);
	clients->changed(clients->arg);
}

/* Puts the head in front of what there is of the body. */
static void
stats_client_put_head(struct stats_client *c)
{
	bool			 whole = c->progress == STATS_DONE;
	struct stats_head	 head = { .status = c->reply.status,
	    .type = c->path->type, .fields = c->path->fields, .length = -1 };

	c->head_sent = true;
	if (!c->http)
		return;
	if (whole)
		head.length = (int64_t)c->reply.out.len;
	c->chunked = head.chunked = !whole && c->one_one;
	if (!whole && !c->one_one)
		c->keep = false;
	head.keep = c->keep;
	stats_head_write(&c->wire, &head);
}

/* Puts what the path's function has written. */
static void
stats_client_put_body(struct stats_client *c)
{
	const struct strbuf	*out = &c->reply.out;

	if (c->no_body)
		return;
	if (!c->chunked) {
		strbuf_add(&c->wire, out->buf, out->len);
		return;
	}
	if (out->len > 0)
		stats_chunk_write(&c->wire, out->buf, out->len);
	if (c->progress == STATS_DONE)
		strbuf_adds(&c->wire, STATS_LAST_CHUNK);
}

/* Sends the next slice of the answer. */
static void
stats_client_go_on(struct stats_client *c)
{
	c->progress = c->path->write(&c->reply);
	if (c->reply.out.len > 0 || c->progress != STATS_LATER) {
		if (!c->head_sent)
			stats_client_put_head(c);
		stats_client_put_body(c);
	}
	if (c->no_body && c->head_sent)
		c->progress = STATS_DONE;
	strbuf_truncate(&c->reply.out, 0);
	if (c->wire.len > 0)
		bufferevent_write(c->bev, c->wire.buf, c->wire.len);
	strbuf_truncate(&c->wire, 0);
}

/* Begins an answer. */
static void
stats_client_start_reply(struct stats_client *c, const struct stats_path *path,
    const char *query, size_t query_len)
{
	c->path = path;
	c->query = xstrndup(query, query_len);
	c->reply.master = c->clients->master;
	c->reply.query = c->query;
	c->reply.status = 200;
	c->head_sent = c->chunked = false;
	stats_client_set_state(c, STATS_CLIENT_REPLY);
	stats_client_go_on(c);
}

/* Answers one that does not speak HTTP. */
static void
stats_client_raw(struct stats_client *c)
{
	c->http = c->keep = c->no_body = false;
	stats_client_start_reply(c, &stats_raw_path, "", 0);
}

/* Writes the text that reply.own points to: why there is nothing else. */
static enum stats_progress
stats_client_write_error(struct stats_reply *r)
{
	strbuf_addf(&r->out, "%s", (const char *)r->own);
	return STATS_DONE;
}

/* Frees that text. */
static void
stats_client_done_error(struct stats_reply *r)
{
	free(r->own);
}

/* Answers with a status and a text, which is freed. */
static void
stats_client_error(struct stats_client *c, int status, char *text)
{
	static const struct stats_path	 plain = {
		.type = "text/plain; charset=utf-8",
		.write = stats_client_write_error
	}, not_allowed = {
		.type = "text/plain; charset=utf-8",
		.fields = "Allow: GET, HEAD\r\n",
		.write = stats_client_write_error
	};

	c->path = status == 405 ? &not_allowed : &plain;
	c->query = xstrdup("");
	c->reply = (struct stats_reply){ .master = c->clients->master,
	    .query = c->query, .status = status, .own = text,
	    .done = stats_client_done_error };
	c->head_sent = c->chunked = false;
	stats_client_set_state(c, STATS_CLIENT_REPLY);
	stats_client_go_on(c);
}

/* There is no such path. */
static void
stats_client_not_found(struct stats_client *c)
{
	struct strbuf	 text = STRBUF_INIT;

	strbuf_adds(&text, "There is no such path; there are:\n");
	stats_path_list(c->clients->master->cfg, &text);
	stats_client_error(c, 404, strbuf_detach(&text));
}

/* Was it led here by a name that is not this server's? */
static bool
stats_client_is_misled(const struct stats_client *c,
    const struct stats_path *path, const char *buf)
{
	const struct http_view	*host = &c->request.head.host;

	return path->guarded && c->clients->guarded && host->len > 0 &&
	    !stats_host_known(buf + host->off, host->len,
	    &c->clients->master->cfg->stats_host);
}

/* A request's head is complete. */
static void
stats_client_answer(struct stats_client *c, const char *buf)
{
	const struct http_head	*head = &c->request.head;
	const struct stats_path	*path;
	const char		*accept;
	size_t			 accept_len;

	c->http = true;
	c->one_one = head->minor > 0;
	c->no_body = stats_request_is_method(&c->request, buf, "HEAD");
	/* A body is not read, so what follows it is not found. */
	c->keep = head->keep_alive && !head->chunked &&
	    head->content_length <= 0;
	accept = stats_request_field(&c->request, buf, "accept", &accept_len);
	path = stats_path_find(c->clients->master->cfg, buf + head->path.off,
	    head->path.len, accept, accept_len);
	if (!c->no_body && !stats_request_is_method(&c->request, buf, "GET"))
		stats_client_error(c, 405, xstrdup("Only GET and HEAD.\n"));
	else if (path == NULL)
		stats_client_not_found(c);
	else if (stats_client_is_misled(c, path, buf))
		stats_client_error(c, 421, xstrdup("Host is not a name of "
		    "this server: see the option \"stats-host\".\n"));
	else
		stats_client_start_reply(c, path, buf + head->query.off,
		    head->query.len);
}

/* Looks for a request in what has come. */
static void
stats_client_parse(struct stats_client *c)
{
	struct evbuffer		*input = bufferevent_get_input(c->bev);
	struct http_head	*head = &c->request.head;
	const char		*buf;

	if (c->state != STATS_CLIENT_HEAD) {
		stats_request_init(&c->request);
		stats_client_set_state(c, STATS_CLIENT_HEAD);
	}
	buf = (const char *)evbuffer_pullup(input, -1);
	switch (stats_request_parse(&c->request, buf,
	    evbuffer_get_length(input))) {
	case HTTP_PARSE_MORE:
	case HTTP_PARSE_REPLY:
		return;
	case HTTP_PARSE_DONE:
		stats_client_answer(c, buf);
		evbuffer_drain(input, head->size);
		return;
	case HTTP_PARSE_BAD:
		c->http = true;
		c->keep = c->no_body = false;
		stats_client_error(c, head->status,
		    xasprintf("%s\n", head->why));
		return;
	}
}

/* The client has said something for the first time. */
static void
stats_client_first_byte(struct stats_client *c)
{
	unsigned char	 byte = 0;

	evbuffer_copyout(bufferevent_get_input(c->bev), &byte, 1);
	if (byte >= 'A' && byte <= 'Z')
		stats_client_parse(c);
	else
		stats_client_raw(c);
}

/* Bytes have come. While an answer is made they wait, and only so many. */
static void
stats_client_read_cb(struct bufferevent *bev, void *arg)
{
	struct stats_client	*c = arg;
	struct evbuffer		*input = bufferevent_get_input(bev);

	switch (c->state) {
	case STATS_CLIENT_NEW:
		stats_client_first_byte(c);
		break;
	case STATS_CLIENT_HEAD:
	case STATS_CLIENT_IDLE:
		stats_client_parse(c);
		break;
	case STATS_CLIENT_REPLY:
		if (!c->keep)
			evbuffer_drain(input, evbuffer_get_length(input));
		break;
	case STATS_CLIENT_CLOSING:
		evbuffer_drain(input, evbuffer_get_length(input));
		break;
	}
}

/* The answer is sent: the next request, or the end. */
static void
stats_client_replied(struct stats_client *c)
{
	struct evbuffer	*input = bufferevent_get_input(c->bev);

	stats_client_end_reply(c);
	if (c->keep) {
		stats_client_set_state(c, STATS_CLIENT_IDLE);
		if (evbuffer_get_length(input) > 0)
			stats_client_parse(c);
	}
	if (c->state == STATS_CLIENT_REPLY && c->path != NULL)
		return;		/* the next one, which had come already */
	if (c->ended) {
		stats_client_free(c);
	} else if (c->keep) {
		c->clients->changed(c->clients->arg);
	} else {
		shutdown(bufferevent_getfd(c->bev), SHUT_WR);
		evbuffer_drain(input, evbuffer_get_length(input));
		stats_client_set_state(c, STATS_CLIENT_CLOSING);
	}
}

/* All that was written so far is sent. */
static void
stats_client_write_cb(struct bufferevent *bev, void *arg)
{
	struct stats_client	*c = arg;

	(void)bev;
	if (c->state != STATS_CLIENT_REPLY)
		return;
	if (c->progress == STATS_MORE)
		stats_client_go_on(c);
	else if (c->progress == STATS_DONE)
		stats_client_replied(c);
}

/* The client has closed its side, or left, or takes nothing. */
static void
stats_client_event_cb(struct bufferevent *bev, short what, void *arg)
{
	struct stats_client	*c = arg;

	(void)bev;
	c->ended = true;
	if ((what & BEV_EVENT_EOF) == 0 || (c->state != STATS_CLIENT_NEW &&
	    c->state != STATS_CLIENT_REPLY))
		stats_client_free(c);
	else if (c->state == STATS_CLIENT_NEW)
		stats_client_raw(c);
}

/* It has been in its state for long enough. */
static void
stats_client_timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct stats_client	*c = arg;

	(void)fd, (void)what;
	if (c->state == STATS_CLIENT_NEW)
		stats_client_raw(c);
	else
		stats_client_free(c);
}

/* The function of a path knows more. */
void
stats_resume(struct stats_reply *r)
{
	struct stats_client	*c = (struct stats_client *)((char *)r -
	    offsetof(struct stats_client, reply));

	if (c->progress == STATS_LATER)
		stats_client_go_on(c);
}

/* Serves a connection. */
void
stats_client_new(struct stats_clients *clients, int fd)
{
	static const struct timeval	 stall = { STATS_STALL_S, 0 };
	struct event_base		*base = clients->master->base;
	struct stats_client		*c = xcalloc(1, sizeof(*c));

	c->clients = clients;
	c->bev = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (c->bev == NULL) {
		close(fd);
		free(c);
		return;
	}
	evtimer_assign(&c->timer, base, stats_client_timer_cb, c);
	TAILQ_INSERT_TAIL(&clients->list, c, link);
	clients->count++;
	bufferevent_setcb(c->bev, stats_client_read_cb, stats_client_write_cb,
	    stats_client_event_cb, c);
	bufferevent_set_timeouts(c->bev, NULL, &stall);
	bufferevent_setwatermark(c->bev, EV_READ, 0, 2 * STATS_HTTP_HEAD);
	bufferevent_set_max_single_write(c->bev, 2 * STATS_SLICE);
	stats_request_init(&c->request);
	stats_client_set_state(c, clients->master->cfg->stats_http ?
	    STATS_CLIENT_HEAD : STATS_CLIENT_NEW);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

/* Closes all. */
void
stats_clients_done(struct stats_clients *clients)
{
	while (!TAILQ_EMPTY(&clients->list))
		stats_client_free(TAILQ_FIRST(&clients->list));
}

/* Drops the one that was idle for longest. */
bool
stats_clients_make_room(struct stats_clients *clients)
{
	struct stats_client	*c, *oldest = NULL;

	TAILQ_FOREACH(c, &clients->list, link) {
		if (c->state == STATS_CLIENT_IDLE &&
		    (oldest == NULL || c->since_us < oldest->since_us))
			oldest = c;
	}
	if (oldest != NULL)
		stats_client_free(oldest);
	return oldest != NULL;
}
