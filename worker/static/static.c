/* Static files, without a core and without Python. */
#include "worker/static/static.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/static_rule.h"
#include "shm/scoreboard.h"
#include "worker/access_log.h"
#include "worker/answer.h"
#include "worker/conn.h"
#include "worker/conn_buf.h"
#include "worker/http_url.h"
#include "worker/request.h"
#include "worker/static/static_expires.h"
#include "worker/static/static_file.h"
#include "worker/static/static_mime.h"
#include "worker/worker.h"

/* Compiles the patterns of static-gzip, which were checked. */
static void
statics_gzip(struct statics *st, const struct strlist *patterns)
{
	char	*why;

	st->gzip = xcalloc(patterns->count + 1, sizeof(*st->gzip));
	for (; st->ngzip < patterns->count; st->ngzip++) {
		why = static_rule_compile(&st->gzip[st->ngzip],
		    patterns->items[st->ngzip],
		    strlen(patterns->items[st->ngzip]));
		if (why != NULL)
			fatalx("\"static-gzip\": %s", why);
	}
}

/* Opens the folders, reads the types, compiles the rules. */
int
statics_init(struct worker *w, char **cause)
{
	const struct config	*cfg = w->cfg;
	struct statics		*st;

	if (cfg->static_map.count + cfg->static_map2.count +
	    cfg->check_static.count == 0)
		return 0;
	st = w->statics = xcalloc(1, sizeof(*st));
	st->none.worker = w;
	if (static_maps_init(&st->maps, cfg, cause) == -1)
		return -1;
	st->mime = static_mime_new(&cfg->mimefile, cause);
	if (st->mime == NULL)
		return -1;
	st->expires = static_expires_new(cfg);
	statics_gzip(st, &cfg->static_gzip);
	return 0;
}

/* Frees all that. */
void
statics_done(struct worker *w)
{
	struct statics	*st = w->statics;

	if (st == NULL)
		return;
	static_maps_done(&st->maps);
	static_mime_free(st->mime);
	static_expires_free(st->expires);
	while (st->ngzip > 0)
		regfree(&st->gzip[--st->ngzip]);
	free(st->gzip);
	if (st->spare != NULL)
		request_done(st->spare);
	free(st->spare);
	free(st);
	w->statics = NULL;
}

/* A request without a core. */
static struct request *
static_request_take(struct statics *st, struct conn *c)
{
	struct request	*req = st->spare;

	st->spare = NULL;
	if (req == NULL) {
		req = xcalloc(1, sizeof(*req));
		request_init(req, &st->none);
	}
	req->conn = c;
	req->buf = c->in->data;
	req->head = &c->in->head;
	req->app_id = REQUEST_NO_APP;
	return req;
}

/* Keeps it for the next, or frees it. */
static void
static_request_put(struct statics *st, struct request *req)
{
	request_reset(req);
	if (st->spare == NULL) {
		st->spare = req;
		return;
	}
	request_done(req);
	free(req);
}

/* The answer was sent, or not: the same that happens at a request's end. */
void
static_done(struct answer *a)
{
	struct request	*req = a->done_arg;
	struct worker	*w = req->worker;

	req->end_us = clock_mono_us();
	req->resp.status = a->status;
	req->resp.state = a->whole ? RESPONSE_ENDED : RESPONSE_BROKEN;
	req->resp.sent = (int64_t)answer_sent(a);
	req->resp.wire = a->wire;
	req->resp.nheaders = a->nheaders;
	req->resp.head_size = (uint32_t)a->head_len;
	sb_add(&w->stats->static_requests, 1);
	access_log_request(req);
	static_request_put(w->statics, req);
}

/* GET and HEAD of a path are answered here; what is CGI's is not. */
static bool
static_may_answer(const struct conn *c)
{
	const struct http_head	*head = &c->in->head;
	const char		*method = c->in->data + head->method.off;

	if (head->modifier1 != 0)	/* a gateway asks for a script */
		return false;
	return ((head->method.len == 3 && memcmp(method, "GET", 3) == 0) ||
	    (head->method.len == 4 && memcmp(method, "HEAD", 4) == 0)) &&
	    (head->form == HTTP_URL_ORIGIN || head->form == HTTP_URL_ABSOLUTE);
}

/* A body means nothing here: it is skipped, or ends the connection. */
static void
static_skip_body(struct conn *c)
{
	struct conn_buf	*in = c->in;
	size_t		 left = in->len - in->pos;

	if (in->head.chunked || in->head.to_end ||
	    (in->head.content_length > 0 &&
	    (uint64_t)in->head.content_length > left))
		c->close = c->linger = true;
	else if (in->head.content_length > 0)
		in->pos += (size_t)in->head.content_length;
}

/* The path, decoded and with a NUL, or NULL: it is none of a file. */
static const char *
static_path(struct request *req)
{
	if (!request_decode_path(req) || req->path_len == 0 ||
	    req->path[0] != '/' ||
	    http_url_has_dots(req->path, req->path_len))
		return NULL;
	return pool_strndup(&req->pool, req->path, req->path_len);
}

/* Is the request answered here? Then it is. */
bool
static_answers(struct conn *c)
{
	struct statics		*st = c->worker->statics;
	enum static_found	 found = STATIC_NONE;
	struct static_file	 file;
	struct request		*req;
	const char		*path;

	if (!static_may_answer(c))
		return false;
	req = static_request_take(st, c);
	path = static_path(req);
	if (path != NULL)
		found = static_look(st, req, path, &file);
	if (found == STATIC_NONE) {
		static_request_put(st, req);
		return false;
	}
	static_skip_body(c);
	c->in = conn_buf_shrink(c->worker, c->in);
	request_begin_head(req, c);
	static_reply(st, req, path, found, &file);
	return true;
}
