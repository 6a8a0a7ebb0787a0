/* A request becomes a websocket: what it must say, and what is answered. */
#include <event2/event.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/strbuf.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "shm/scoreboard.h"
#include "worker/client_gone.h"
#include "worker/conn.h"
#include "worker/core.h"
#include "worker/harakiri.h"
#include "worker/protocol.h"
#include "worker/request.h"
#include "worker/suspend.h"
#include "worker/websocket/websocket.h"
#include "worker/websocket/websocket_deflate.h"
#include "worker/websocket/websocket_impl.h"
#include "worker/websocket/websocket_key.h"
#include "worker/worker.h"

/* The value of a field, len 0: there is none, or it is empty. */
static struct http_view
websocket_field(const struct request *req, const char *name)
{
	const struct http_field	*f;

	f = http_head_find(req->head, req->buf, name);
	return f == NULL ? (struct http_view){ 0, 0 } : f->value;
}

/* The next item of a list with commas; false at its end. */
static bool
websocket_item(const char **s, size_t *left, const char **item, size_t *len)
{
	const char	*end;

	while (*left > 0 && (**s == ',' || **s == ' ' || **s == '\t')) {
		(*s)++;
		(*left)--;
	}
	if (*left == 0)
		return false;
	end = memchr(*s, ',', *left);
	*item = *s;
	*len = end == NULL ? *left : (size_t)(end - *s);
	*s += *len;
	*left -= *len;
	while (*len > 0 && ((*item)[*len - 1] == ' ' ||
	    (*item)[*len - 1] == '\t'))
		(*len)--;
	return true;
}

/* Is a word in a list? */
static bool
websocket_list_has(const char *s, size_t left, const char *word, size_t len,
    bool any_case)
{
	const char	*item;
	size_t		 n;

	while (websocket_item(&s, &left, &item, &n))
		if (n == len && (any_case ? strncasecmp(item, word, len) == 0 :
		    memcmp(item, word, len) == 0))
			return true;
	return false;
}

/* The same, of all fields of a name. */
static bool
websocket_fields_have(const struct request *req, const char *name,
    const char *word, size_t len, bool any_case)
{
	const size_t		 name_len = strlen(name);
	const struct http_field	*f;
	uint32_t		 i;

	for (i = 0; i < req->head->nfields; i++) {
		f = &req->head->fields[i];
		if (f->name.len == name_len && strncasecmp(
		    request_text(req, f->name), name, name_len) == 0 &&
		    websocket_list_has(request_text(req, f->value),
		    f->value.len, word, len, any_case))
			return true;
	}
	return false;
}

/* Does it come from where the app says it must? */
static bool
websocket_origin_is_right(const struct request *req,
    const struct websocket_terms *terms)
{
	struct http_view	 origin = websocket_field(req, "origin");

	if (terms->origin_len == 0 || origin.len == 0 ||
	    (terms->origin_len == 1 && terms->origin[0] == '*'))
		return true;
	return origin.len == terms->origin_len && strncasecmp(
	    request_text(req, origin), terms->origin, origin.len) == 0;
}

/* The key that is to be answered. */
static bool
websocket_key(const struct request *req, const struct websocket_terms *terms,
    const char **key, size_t *len)
{
	struct http_view	 view = websocket_field(req,
		"sec-websocket-key");

	*key = request_text(req, view);
	*len = view.len;
	if (terms->key_len > 0) {
		*key = terms->key;
		*len = terms->key_len;
	}
	return websocket_key_is_valid(*key, *len);
}

/* Is it a request for a websocket? */
static const char *
websocket_is_asked(const struct request *req)
{
	const struct http_head	*head = req->head;

	if (req->conn->fd == -1)
		return "HTTP/2 carries no websockets here (RFC 8441)";
	if (!req->conn->protocol->is_http1 || head->vars)
		return "a gateway's protocol carries no websockets";
	if (!head->upgrade || !websocket_fields_have(req, "upgrade",
	    "websocket", 9, true))
		return "it is no request for a websocket";
	if (head->method.len != 3 || memcmp(request_text(req, head->method),
	    "GET", 3) != 0)
		return "a websocket is asked for by GET";
	if (head->content_length > 0 || head->chunked)
		return "a request for a websocket has no body";
	return NULL;
}

/* May it become one? */
int
websocket_refusal(const struct request *req,
    const struct websocket_terms *terms, const char **why)
{
	struct http_view	 version;
	const char		*key;
	size_t			 len;

	*why = "the response has begun, or there is a websocket already";
	if (req->resp.state != RESPONSE_NONE || req->conn->websocket != NULL ||
	    req->worker->forked)
		return 500;
	*why = websocket_is_asked(req);
	if (*why != NULL)
		return 400;
	version = websocket_field(req, "sec-websocket-version");
	*why = "its Sec-WebSocket-Version is not 13";
	if (version.len != 2 ||
	    memcmp(request_text(req, version), "13", 2) != 0)
		return 426;
	*why = "its Sec-WebSocket-Key is not 16 bytes in base64";
	if (!websocket_key(req, terms, &key, &len))
		return 400;
	*why = "it comes from another origin";
	if (!websocket_origin_is_right(req, terms))
		return 403;
	return 0;
}

/* The first of the app's protocols that the client names, too. */
static bool
websocket_protocol(const struct request *req,
    const struct websocket_terms *terms, const char **name, size_t *len)
{
	struct http_view	 view = websocket_field(req,
		"sec-websocket-protocol");
	const char		*s = request_text(req, view);
	size_t			 left = view.len;

	if (terms->protocols_len == 0)
		return websocket_item(&s, &left, name, len);
	s = terms->protocols;
	left = terms->protocols_len;
	while (websocket_item(&s, &left, name, len))
		if (websocket_fields_have(req, "sec-websocket-protocol",
		    *name, *len, false))
			return true;
	return false;
}

/* The answer's head; *bits as websocket_deflate_choose. */
static void
websocket_answer(const struct request *req,
    const struct websocket_terms *terms, struct strbuf *out, int *bits)
{
	struct http_view	 offers = websocket_field(req,
		"sec-websocket-extensions");
	struct strbuf		 extension = STRBUF_INIT;
	char			 accept[WEBSOCKET_ACCEPT];
	const char		*text;
	size_t			 len;

	(void)websocket_key(req, terms, &text, &len);
	websocket_key_accept(text, len, accept);
	strbuf_addf(out, "HTTP/1.1 101 Switching Protocols\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Accept: %s\r\n", accept);
	if (websocket_protocol(req, terms, &text, &len))
		strbuf_addf(out, "Sec-WebSocket-Protocol: %.*s\r\n", (int)len,
		    text);
	if (req->worker->cfg->websockets_deflate && offers.len > 0 &&
	    websocket_deflate_choose(request_text(req, offers), offers.len,
	    &extension, bits))
		strbuf_addf(out, "Sec-WebSocket-Extensions: %s\r\n",
		    strbuf_str(&extension));
	strbuf_adds(out, "\r\n");
	strbuf_done(&extension);
}

/* A websocket for the request, in OPEN; nothing is watched yet. */
static struct websocket *
websocket_new(struct request *req, int deflate_bits)
{
	struct worker		*w = req->worker;
	struct websocket	*ws = xcalloc(1, sizeof(*ws));

	ws->worker = w;
	ws->conn = req->conn;
	ws->core = req->core;
	ws->serial = req->serial;
	ws->state = WEBSOCKET_OPEN;
	ws->polled = !w->suspend->can_park;
	ws->deflate_bits = deflate_bits;
	ws->bell = ws->ear = -1;
	ws->heard.ws = ws->stuck.ws = ws;
	ws->heard.clock = ws->stuck.clock = -1;
	STAILQ_INIT(&ws->inbox);
	websocket_out_init(&ws->out);
	websocket_in_init(&ws->in,
	    (size_t)w->cfg->websockets_max_size * 1024, deflate_bits != 0);
	TAILQ_INSERT_TAIL(&w->websockets.all, ws, link);
	sb_set(&w->stats->websockets, ++w->websockets.open);
	sb_add(&w->stats->websockets_begun, 1);
	return ws;
}

/* What was read together with the request's head. */
static void
websocket_take_over(struct websocket *ws)
{
	struct conn_buf	*in = ws->conn->in;
	size_t		 len = in->len - in->pos;

	if (len == 0)
		return;
	ws->rest = xmalloc(len);
	memcpy(ws->rest, in->data + in->pos, len);
	websocket_in_give(&ws->in, ws->rest, len);
	in->pos = in->len;
}

/* It becomes one. */
void
websocket_begin(struct request *req, const struct websocket_terms *terms)
{
	struct worker		*w = req->worker;
	struct strbuf		 head = STRBUF_INIT;
	struct websocket	*ws;
	struct iovec		 part;
	int			 bits = 0;

	websocket_answer(req, terms, &head, &bits);
	ws = websocket_new(req, bits);
	conn_watch(req->conn, false);
	conn_set_nodelay(req->conn);
	client_gone_forget(req->conn);
	req->conn->websocket = ws;
	req->conn->close = req->conn->linger = true;
	req->resp.status = 101;
	req->resp.head_size = (uint32_t)head.len;
	req->resp.state = RESPONSE_ENDED;
	req->resp.close = true;
	if (!w->cfg->websockets_harakiri)
		harakiri_spare(req->core);
	part.iov_base = head.buf;
	part.iov_len = head.len;
	websocket_out_add(&ws->out, &part, 1, 0);
	strbuf_done(&head);
	websocket_watch_begin(ws);
	websocket_post_open(ws);
	websocket_due_set(&ws->heard, WEBSOCKET_IDLE);
	websocket_take_over(ws);
	if (w->draining)
		websocket_close(ws, w->websockets.leaving, "", 0);
	websocket_go_on(ws);
}
