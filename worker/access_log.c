/* The access log: one line a request, uWSGI's or JSON. */
#include "worker/access_log.h"

#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "config/config.h"
#include "shm/scoreboard.h"
#include "worker/conn.h"
#include "worker/core.h"
#include "worker/request.h"
#include "worker/worker.h"

/* All requests of all workers, those of dead ones included. */
static unsigned long long
access_log_total(struct scoreboard *sb)
{
	unsigned long long	 sum = 0;
	uint32_t		 i;

	for (i = 0; i < sb->slots; i++)
		sum += sb_get(&sb_slot(sb, i)->requests) +
		    sb_total(sb, (int)i + 1)->requests;
	return sum;
}

/* Appends uWSGI's line. */
static void
access_log_text(struct strbuf *sb, const struct request *req)
{
	const struct http_head	*head = req->head;
	const struct response	*resp = &req->resp;
	char			 when[32];
	time_t			 now = time(NULL);
	struct tm		 tm;

	localtime_r(&now, &tm);
	strftime(when, sizeof(when), "%a %b %e %H:%M:%S %Y", &tm);
	strbuf_addf(sb, "[pid: %d|app: %d|req: %llu/%llu] %s () "
	    "{%u vars in %u bytes} [%s] ", (int)getpid(), req->app_id,
	    (unsigned long long)sb_get(&req->worker->stats->requests),
	    access_log_total(req->worker->sb), req->conn->addr, req->nvars,
	    req->vars_size, when);
	strbuf_add(sb, request_text(req, head->method), head->method.len);
	strbuf_addc(sb, ' ');
	strbuf_add(sb, request_text(req, head->target), head->target.len);
	strbuf_addf(sb, " => generated %lld bytes in %llu msecs "
	    "(HTTP/1.%d %d) %u headers in %u bytes "
	    "(%u switches on core %d)\n", (long long)resp->sent,
	    (unsigned long long)(req->end_us - req->start_us) / 1000,
	    head->minor, resp->status, resp->nheaders, resp->head_size,
	    req->core->switches, req->core->id);
}

/* Appends "name":"a view's text". */
static void
access_log_json_view(struct strbuf *sb, const struct request *req,
    const char *name, struct http_view view)
{
	strbuf_addf(sb, ",\"%s\":", name);
	strbuf_add_json(sb, request_text(req, view), view.len);
}

/* Appends "name":"a header's value" if the request has it. */
static void
access_log_json_field(struct strbuf *sb, const struct request *req,
    const char *name, const char *field)
{
	const struct http_field	*f;

	f = http_head_find(req->head, req->buf, field);
	if (f != NULL)
		access_log_json_view(sb, req, name, f->value);
}

/* Appends a JSON object and a newline. */
static void
access_log_json(struct strbuf *sb, const struct request *req)
{
	const struct response	*resp = &req->resp;
	char			 when[32];
	uint64_t		 us = clock_real_us();
	time_t			 now = (time_t)(us / 1000000);
	struct tm		 tm;

	gmtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	strbuf_addf(sb, "{\"time\":\"%s.%03uZ\",\"type\":\"access\","
	    "\"worker\":%d,\"pid\":%d,\"core\":%d,\"request\":\"%016llx\","
	    "\"addr\":\"%s\"", when, (unsigned)(us / 1000 % 1000),
	    req->worker->id, (int)getpid(), req->core->id,
	    (unsigned long long)req->id, req->conn->addr);
	access_log_json_view(sb, req, "method", req->head->method);
	access_log_json_view(sb, req, "uri", req->head->target);
	access_log_json_field(sb, req, "host", "host");
	access_log_json_field(sb, req, "referer", "referer");
	access_log_json_field(sb, req, "user_agent", "user-agent");
	strbuf_addf(sb, ",\"protocol\":\"HTTP/1.%d\",\"status\":%d,"
	    "\"bytes\":%lld,\"wire_bytes\":%llu,\"duration_us\":%llu,"
	    "\"switches\":%u,\"app\":%d,\"aborted\":%s}\n", req->head->minor,
	    resp->status, (long long)resp->sent,
	    (unsigned long long)resp->wire,
	    (unsigned long long)(req->end_us - req->start_us),
	    req->core->switches, req->app_id,
	    resp->state == RESPONSE_BROKEN ? "true" : "false");
}

/* Writes the request's line. */
void
access_log_request(const struct request *req)
{
	struct strbuf	 line = STRBUF_INIT;

	if (req->worker->cfg->disable_logging)
		return;
	if (log_is_json())
		access_log_json(&line, req);
	else
		access_log_text(&line, req);
	log_raw(line.buf, line.len);
	strbuf_done(&line);
}

/* Says why a connection is answered without a request. */
void
access_log_reject(const struct conn *c, int status, const char *why)
{
	if (c->worker->cfg->disable_logging)
		return;
	log_info("%s port %s answered %d: %s",
	    c->addr_len == 0 ? "a client" : c->addr,
	    c->port_len == 0 ? "-" : c->port, status, why);
}
