/* The access log: one line a request, uWSGI's or JSON. */
#include "worker/access_log.h"

#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "config/config.h"
#include "shm/scoreboard.h"
#include "worker/access_format.h"
#include "worker/conn.h"
#include "worker/conn_peer.h"
#include "worker/core.h"
#include "worker/request.h"
#include "worker/request_vars.h"
#include "worker/worker.h"

/* The others' requests are counted anew after so long. */
#define ACCESS_LOG_OTHERS_US	20000

/* Most lines have room in this, and their target. */
#define ACCESS_LOG_ROOM		448

/* A constant string with its length. */
#define ACCESS_LOG_ADD(sb, s)	strbuf_add((sb), (s), sizeof(s) - 1)
#define ACCESS_LOG_VERSION	8	/* of http_version */

/* A second as text, made once for all its lines. */
struct access_log_time {
	time_t	 second;
	size_t	 len;		/* 0: not made yet */
	char	 text[32];
};

/* All requests of the other workers, and of this one's dead predecessors. */
static unsigned long long
access_log_others(const struct worker *w)
{
	struct scoreboard	*sb = w->sb;
	unsigned long long	 sum = 0;
	uint32_t		 i;

	for (i = 0; i < sb->slots; i++) {
		if (sb_slot(sb, i) != w->stats)
			sum += sb_get(&sb_slot(sb, i)->requests);
		sum += sb_total(sb, (int)i + 1)->requests;
	}
	return sum;
}

/*
 * All requests of all workers. The others' lie in memory that they write, so
 * they are not looked at for each line.
 */
static unsigned long long
access_log_total(const struct worker *w)
{
	static _Thread_local unsigned long long	 others;
	static _Thread_local uint64_t		 since_us;
	uint64_t				 now = clock_coarse_us();

	if (since_us == 0 || now - since_us >= ACCESS_LOG_OTHERS_US) {
		others = access_log_others(w);
		since_us = now;
	}
	return others + sb_get(&w->stats->requests);
}

/* The second as strftime makes it; of local time, or else of UTC. */
static const struct access_log_time *
access_log_when(struct access_log_time *when, time_t second, bool local,
    const char *format)
{
	struct tm	 tm;

	if (when->len != 0 && when->second == second)
		return when;
	if (local)
		localtime_r(&second, &tm);
	else
		gmtime_r(&second, &tm);
	when->len = strftime(when->text, sizeof(when->text), format, &tm);
	when->second = second;
	return when;
}

/* Appends which app, as uWSGI writes it. */
static void
access_log_app(struct strbuf *sb, const struct request *req)
{
	if (req->app_id == REQUEST_NO_APP)
		ACCESS_LOG_ADD(sb, "-1");
	else
		strbuf_addu(sb, (unsigned)req->app_id);
}

/* Appends what stands before the request line in uWSGI's. */
static void
access_log_text_who(struct strbuf *sb, const struct request *req)
{
	static _Thread_local struct access_log_time	 when;
	const struct access_log_time			*now;

	now = access_log_when(&when, time(NULL), true,
	    "%a %b %e %H:%M:%S %Y");
	ACCESS_LOG_ADD(sb, "[pid: ");
	strbuf_addu(sb, (unsigned)getpid());
	ACCESS_LOG_ADD(sb, "|app: ");
	access_log_app(sb, req);
	ACCESS_LOG_ADD(sb, "|req: ");
	if (req->app_id == REQUEST_NO_APP)
		ACCESS_LOG_ADD(sb, "-1");
	else
		strbuf_addu(sb, sb_get(&req->worker->stats->requests));
	ACCESS_LOG_ADD(sb, "/");
	strbuf_addu(sb, access_log_total(req->worker));
	ACCESS_LOG_ADD(sb, "] ");
	strbuf_add(sb, req->from.addr, req->from.addr_len);
	ACCESS_LOG_ADD(sb, " () {");
	strbuf_addu(sb, req->nvars);
	ACCESS_LOG_ADD(sb, " vars in ");
	strbuf_addu(sb, req->vars_size);
	ACCESS_LOG_ADD(sb, " bytes} [");
	strbuf_add(sb, now->text, now->len);
	ACCESS_LOG_ADD(sb, "] ");
}

/* Appends uWSGI's line. */
static void
access_log_text(struct strbuf *sb, const struct request *req)
{
	const struct http_head	*head = req->head;
	const struct response	*resp = &req->resp;

	access_log_text_who(sb, req);
	strbuf_add(sb, request_text(req, head->method), head->method.len);
	ACCESS_LOG_ADD(sb, " ");
	strbuf_add(sb, request_text(req, head->target), head->target.len);
	ACCESS_LOG_ADD(sb, " => generated ");
	strbuf_addu(sb, (unsigned long long)resp->sent);
	ACCESS_LOG_ADD(sb, " bytes in ");
	strbuf_addu(sb, (req->end_us - req->start_us) / 1000);
	ACCESS_LOG_ADD(sb, " msecs (");
	strbuf_add(sb, http_version(head), ACCESS_LOG_VERSION);
	ACCESS_LOG_ADD(sb, " ");
	strbuf_addu(sb, (unsigned)resp->status);
	ACCESS_LOG_ADD(sb, ") ");
	strbuf_addu(sb, resp->nheaders);
	ACCESS_LOG_ADD(sb, " headers in ");
	strbuf_addu(sb, resp->head_size);
	ACCESS_LOG_ADD(sb, " bytes (");
	strbuf_addu(sb, req->core->switches);
	ACCESS_LOG_ADD(sb, " switches on core ");
	strbuf_addu(sb, (unsigned)req->core->id);
	ACCESS_LOG_ADD(sb, ")\n");
}

/* Appends ,"name":number. */
static void
access_log_json_number(struct strbuf *sb, const char *name,
    unsigned long long n)
{
	ACCESS_LOG_ADD(sb, ",\"");
	strbuf_adds(sb, name);
	ACCESS_LOG_ADD(sb, "\":");
	strbuf_addu(sb, n);
}

/* Appends ,"name":"a view's text". */
static void
access_log_json_view(struct strbuf *sb, const struct request *req,
    const char *name, struct http_view view)
{
	ACCESS_LOG_ADD(sb, ",\"");
	strbuf_adds(sb, name);
	ACCESS_LOG_ADD(sb, "\":");
	strbuf_add_json(sb, request_text(req, view), view.len);
}

/* Appends ,"name":"a header's value" if the request has it. */
static void
access_log_json_field(struct strbuf *sb, const struct request *req,
    const char *name, const char *field)
{
	const struct http_field	*f;

	f = http_head_find(req->head, req->buf, field);
	if (f != NULL)
		access_log_json_view(sb, req, name, f->value);
}

/* Appends the milliseconds of a time, and "Z". */
static void
access_log_json_ms(struct strbuf *sb, unsigned ms)
{
	const char	 text[] = { '.', (char)('0' + ms / 100),
	    (char)('0' + ms / 10 % 10), (char)('0' + ms % 10), 'Z' };

	strbuf_add(sb, text, sizeof(text));
}

/* Appends when and where: the beginning of a JSON object. */
static void
access_log_json_who(struct strbuf *sb, const struct request *req)
{
	static _Thread_local struct access_log_time	 when;
	const struct access_log_time			*now;
	uint64_t					 us = clock_real_us();

	now = access_log_when(&when, (time_t)(us / 1000000), false,
	    "%Y-%m-%dT%H:%M:%S");
	ACCESS_LOG_ADD(sb, "{\"time\":\"");
	strbuf_add(sb, now->text, now->len);
	access_log_json_ms(sb, (unsigned)(us / 1000 % 1000));
	ACCESS_LOG_ADD(sb, "\",\"type\":\"access\"");
	access_log_json_number(sb, "worker", (unsigned)req->worker->id);
	access_log_json_number(sb, "generation",
	    (unsigned)req->worker->generation);
	access_log_json_number(sb, "pid", (unsigned)getpid());
	access_log_json_number(sb, "core", (unsigned)req->core->id);
	ACCESS_LOG_ADD(sb, ",\"request\":\"");
	strbuf_add(sb, req->id, req->id_len);
	ACCESS_LOG_ADD(sb, "\",\"addr\":\"");
	strbuf_add(sb, req->from.addr, req->from.addr_len);
	ACCESS_LOG_ADD(sb, "\"");
}

/* Appends ,"logvars":{what the app has noted}. */
static void
access_log_json_vars(struct strbuf *sb, const struct request *req)
{
	const size_t	 len = sb->len;

	if (req->vars == NULL)
		return;
	ACCESS_LOG_ADD(sb, ",\"logvars\":");
	if (!request_vars_json(req, sb))
		strbuf_truncate(sb, len);
}

/* Appends a JSON object and a newline. */
static void
access_log_json(struct strbuf *sb, const struct request *req)
{
	const struct response	*resp = &req->resp;

	access_log_json_who(sb, req);
	access_log_json_view(sb, req, "method", req->head->method);
	access_log_json_view(sb, req, "uri", req->head->target);
	access_log_json_field(sb, req, "host", "host");
	access_log_json_field(sb, req, "referer", "referer");
	access_log_json_field(sb, req, "user_agent", "user-agent");
	ACCESS_LOG_ADD(sb, ",\"protocol\":\"");
	strbuf_add(sb, http_version(req->head), ACCESS_LOG_VERSION);
	ACCESS_LOG_ADD(sb, "\"");
	access_log_json_number(sb, "status", (unsigned)resp->status);
	access_log_json_number(sb, "bytes", (unsigned long long)resp->sent);
	access_log_json_number(sb, "wire_bytes", resp->wire);
	access_log_json_number(sb, "duration_us", req->end_us - req->start_us);
	access_log_json_number(sb, "switches", req->core->switches);
	ACCESS_LOG_ADD(sb, ",\"app\":");
	access_log_app(sb, req);
	access_log_json_vars(sb, req);
	if (resp->state == RESPONSE_BROKEN)
		ACCESS_LOG_ADD(sb, ",\"aborted\":true}\n");
	else
		ACCESS_LOG_ADD(sb, ",\"aborted\":false}\n");
}

/* Is there to be a line? */
static bool
access_log_wants(const struct request *req)
{
	const struct config	*cfg = req->worker->cfg;
	int			 status = req->resp.status;

	if (!cfg->disable_logging || req->log_this)
		return true;
	return (cfg->log_5xx && status >= 500) ||
	    (cfg->log_4xx && status >= 400 && status < 500) ||
	    (cfg->log_slow > 0 && req->end_us - req->start_us >=
	    (uint64_t)cfg->log_slow * 1000);
}

/* Writes the request's line. */
void
access_log_request(const struct request *req)
{
	struct strbuf	 line = STRBUF_INIT;

	if (!access_log_wants(req))
		return;
	strbuf_reserve(&line, ACCESS_LOG_ROOM + req->head->target.len);
	if (log_is_json())
		access_log_json(&line, req);
	else if (req->worker->log_format.count > 0)
		access_format_add(&line, req);
	else
		access_log_text(&line, req);
	log_request(&(struct log_where){ .core = req->core->id,
	    .request = req->id, .request_len = req->id_len }, line.buf,
	    line.len);
	strbuf_done(&line);
}

/* Says why a connection is answered without a request. */
void
access_log_reject(const struct conn *c, int status, const char *why)
{
	char	 port[CONN_PORT_TEXT];

	if (c->worker->cfg->disable_logging)
		return;
	log_info("%s port %s answered %d: %s",
	    c->addr_len == 0 ? "a client" : c->addr,
	    conn_port_text(port, c->port) == 0 ? "-" : port, status, why);
}
