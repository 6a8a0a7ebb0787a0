/* A request: from a complete head to its line in the access log. */
#include "worker/request.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "shm/scoreboard.h"
#include "worker/access_log.h"
#include "worker/conn.h"
#include "worker/core.h"
#include "worker/dispatch.h"
#include "worker/gateway/gateway_vars.h"
#include "worker/handler.h"
#include "worker/http_url.h"
#include "worker/request_id.h"
#include "worker/response_out.h"
#include "worker/suspend.h"
#include "worker/websocket/websocket.h"
#include "worker/worker.h"

/* The path that a gateway has decoded. False: it has not. */
static bool
request_join_path(struct request *req)
{
	struct http_view	 script, path;
	char			*joined;

	if (!gateway_path(req->head, req->buf, &script, &path))
		return false;
	req->script_len = script.len;
	req->path_len = script.len + path.len;
	if (req->path_len == 0) {
		req->path = "/";
		req->path_len = 1;
	} else if (script.len == 0) {
		req->path = request_text(req, path);
	} else {
		joined = pool_alloc(&req->pool, req->path_len);
		memcpy(joined, request_text(req, script), script.len);
		memcpy(joined + script.len, request_text(req, path), path.len);
		req->path = joined;
	}
	return true;
}

/* Decodes the path. False: it cannot be one. */
bool
request_decode_path(struct request *req)
{
	const struct http_view	*path = &req->head->path;
	char			*decoded;

	if (req->head->vars && request_join_path(req))
		return true;
	if (path->len == 0) {
		req->path = req->head->form == HTTP_URL_ASTERISK ? "" : "/";
		req->path_len = req->head->form == HTTP_URL_ASTERISK ? 0 : 1;
		return true;
	}
	if (memchr(request_text(req, *path), '%', path->len) == NULL) {
		req->path = request_text(req, *path);
		req->path_len = path->len;
		return true;
	}
	decoded = pool_alloc(&req->pool, path->len);
	req->path = decoded;
	return http_url_decode(request_text(req, *path), path->len, decoded,
	    &req->path_len);
}

/* Adds to a counter of the worker's: cores that are threads share it. */
static inline void
request_add(bool shared, _Atomic uint64_t *counter, uint64_t n)
{
	if (shared)
		sb_add_shared(counter, n);
	else
		sb_add(counter, n);
}

/* Counts it for its app: the status, and how long it took. */
static inline void
request_measure(const struct request *req, uint64_t us, bool shared)
{
	unsigned	 status = (unsigned)req->resp.status;
	struct sb_app	*app = &req->worker->stats->apps[req->row];

	request_add(shared, &app->statuses[status < 600 ? status / 100 : 0],
	    1);
	if (status == 101)	/* a websocket lasts as long as it likes */
		return;
	request_add(shared, &app->time_us, us);
	request_add(shared, &app->steps[latency_step(us)], 1);
}

/* Counts it for the worker, and for its app. */
static void
request_count(const struct request *req, uint64_t us)
{
	struct sb_slot	*stats = req->worker->stats;
	const bool	 shared = req->worker->suspend->attach != NULL;

	request_add(shared, &stats->requests, 1);
	request_add(shared, &stats->bytes_out, req->resp.wire);
	request_add(shared, &stats->running_us, us);
	request_measure(req, us, shared);
	if (req->resp.status != 101)
		sb_set(&stats->avg_us, (sb_get(&stats->avg_us) + us) / 2);
	if (req->resp.state == RESPONSE_BROKEN)
		request_add(shared, &stats->cut, 1);
	if (req->failed)
		request_add(shared, &stats->exceptions, 1);
}

/* What is left to do once the response is out: the body, log and counters. */
static void
request_end(struct request *req)
{
	if (req->conn->websocket != NULL)
		websocket_finish(req);
	response_forget_held(req);
	body_finish(req);
	if (req->resp.close)
		req->conn->close = true;
	req->end_us = clock_mono_us();
	request_count(req, req->end_us - req->start_us);
	access_log_request(req);
	sb_core_end(req->core->sb);
}

/* Answers the request. */
void
request_run(struct request *req)
{
	const struct handler	*handler;

	if (!request_decode_path(req)) {
		response_fail(req, 400);
	} else {
		handler = dispatch_find(req);
		if (handler == NULL)
			response_fail(req, 404);
		else if (handler->run(req) != 0)
			response_fail(req, 500);
	}
	if (req->resp.state == RESPONSE_NONE)
		response_fail(req, 500);
	if (req->resp.state != RESPONSE_BROKEN)
		response_end(req);
	request_end(req);
}

/* Once per core. */
void
request_init(struct request *req, struct core *core)
{
	req->worker = core->worker;
	req->core = core;
	req->row = SB_APP_NONE;
	pool_init(&req->pool);
	response_init(&req->resp);
	body_init(&req->body);
}

/* What is known without a core. */
void
request_begin_head(struct request *req, struct conn *conn)
{
	req->conn = conn;
	req->buf = conn->in->data;
	req->head = &conn->in->head;
	req->start_us = clock_mono_us();
	req->end_us = 0;
	origin_choose(&req->from, conn);
	request_id_choose(req);
}

/* A connection's request is this core's now. */
void
request_begin(struct request *req, struct conn *conn)
{
	const struct http_head	*head = &conn->in->head;

	request_begin_head(req, conn);
	body_begin(req);
	sb_core_begin(req->core->sb, &(struct sb_request){
	    .start_us = req->start_us,
	    .method = { request_text(req, head->method), head->method.len },
	    .addr = { req->from.addr, req->from.addr_len },
	    .id = { req->id, req->id_len },
	    .path = { request_text(req, head->path), head->path.len } });
	memset(&req->core->harakiri, 0, sizeof(req->core->harakiri));
	if (req->worker->harakiri.is_set)
		harakiri_begin(req->core);
}

/* Between two requests. */
void
request_reset(struct request *req)
{
	body_done(&req->body);
	body_init(&req->body);
	response_reset(&req->resp);
	pool_reset(&req->pool);
	req->conn = NULL;
	req->head = NULL;
	req->buf = NULL;
	req->path = NULL;
	req->path_len = 0;
	req->script_len = 0;
	req->nvars = req->vars_size = 0;
	req->app_id = 0;
	req->row = SB_APP_NONE;
	req->failed = false;
	req->log_this = false;
	req->vars = NULL;
}

/* Frees the memory. */
void
request_done(struct request *req)
{
	body_done(&req->body);
	response_done(&req->resp);
	pool_done(&req->pool);
}

/* Logs about a request. */
void
request_log(const struct request *req, int level, const char *fmt, ...)
{
	struct log_where	 where = { .core = req->core->id,
	    .request = req->id, .request_len = req->id_len };
	va_list			 ap;
	char			*text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	log_write((enum log_level)level, &where, "%s", text);
	free(text);
}
