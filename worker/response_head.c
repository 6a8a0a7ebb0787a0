/* Response heads: checked lines from the app, framing from the server. */
#include "worker/response_head.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/strbuf.h"
#include "config/config.h"
#include "worker/http_bytes.h"
#include "worker/request.h"
#include "worker/worker.h"

/* A head of more bytes than this is the app's mistake. */
#define RESPONSE_HEAD_MAX	(1 << 20)

/* A header that means something to the server. */
struct response_special {
	const char	*name;
	const char	*(*add)(struct request *, const char *, size_t);
};

/* Formats a length without printf: it is on every response. */
static void
response_add_number(struct strbuf *sb, uint64_t n)
{
	char	 digits[20];
	size_t	 at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	strbuf_add(sb, digits + at, sizeof(digits) - at);
}

/* Begins a head, or begins it again. */
const char *
response_begin(struct request *req, const char *status, size_t len)
{
	struct response	*resp = &req->resp;
	size_t		 i;

	if (resp->state > RESPONSE_BEGUN)
		return "the response head is out already";
	if (len < 3 || status[0] < '1' || status[0] > '9' ||
	    status[1] < '0' || status[1] > '9' ||
	    status[2] < '0' || status[2] > '9')
		return "the status must begin with three digits";
	if (status[0] == '1')
		return "a 1xx status is not a final response";
	if (len > 3 && status[3] != ' ')
		return "the status must be three digits, a space and a reason";
	for (i = 3; i < len; i++) {
		if (!http_value_byte((unsigned char)status[i]))
			return "the status has a control character";
	}
	response_reset(resp);
	resp->state = RESPONSE_BEGUN;
	resp->status = (status[0] - '0') * 100 + (status[1] - '0') * 10 +
	    (status[2] - '0');
	strbuf_add(&resp->head, "HTTP/1.1 ", 9);
	strbuf_add(&resp->head, status, len);
	if (len == 3)
		strbuf_addc(&resp->head, ' ');
	strbuf_add(&resp->head, "\r\n", 2);
	return NULL;
}

/* The app announces its body's length. */
static const char *
response_add_length(struct request *req, const char *value, size_t len)
{
	struct response	*resp = &req->resp;
	int64_t		 n = 0;
	size_t		 i;

	if (len == 0 || len > 18)
		return "Content-Length must be a number";
	for (i = 0; i < len; i++) {
		if (value[i] < '0' || value[i] > '9')
			return "Content-Length must be a number";
		n = n * 10 + (value[i] - '0');
	}
	if (resp->length != -1 && resp->length != n)
		return "there are two different Content-Length";
	if (resp->length == -1 && resp->status != 204 &&
	    resp->status != 205) {
		strbuf_add(&resp->head, "Content-Length: ", 16);
		strbuf_add(&resp->head, value, len);
		strbuf_add(&resp->head, "\r\n", 2);
	}
	resp->length = n;
	return NULL;
}

/* The app may ask to close; how a connection is kept is the server's. */
static const char *
response_add_connection(struct request *req, const char *value, size_t len)
{
	if (http_word_is(value, len, "close", 5))
		req->resp.close = true;
	else if (!http_word_is(value, len, "keep-alive", 10))
		return "Connection belongs to the server";
	return NULL;
}

/* The app's own Date is kept. */
static const char *
response_add_date(struct request *req, const char *value, size_t len)
{
	req->resp.has_date = true;
	strbuf_add(&req->resp.head, "Date: ", 6);
	strbuf_add(&req->resp.head, value, len);
	strbuf_add(&req->resp.head, "\r\n", 2);
	return NULL;
}

/* Headers that only speak about one connection (PEP 3333, RFC 9110 7.6.1). */
static const char *
response_add_hop(struct request *req, const char *value, size_t len)
{
	(void)req, (void)value, (void)len;
	return "hop-by-hop headers belong to the server";
}

static const struct response_special response_specials[] = {
	{ "connection", response_add_connection },
	{ "content-length", response_add_length },
	{ "date", response_add_date },
	{ "keep-alive", response_add_hop },
	{ "proxy-connection", response_add_hop },
	{ "te", response_add_hop },
	{ "trailer", response_add_hop },
	{ "transfer-encoding", response_add_hop },
	{ "upgrade", response_add_hop },
};

/* The special treatment of this name, or NULL. */
static const struct response_special *
response_special(const char *name, size_t len)
{
	size_t	 i;

	for (i = 0; i < sizeof(response_specials) /
	    sizeof(response_specials[0]); i++) {
		if (strlen(response_specials[i].name) == len &&
		    strncasecmp(response_specials[i].name, name, len) == 0)
			return &response_specials[i];
	}
	return NULL;
}

/* Adds a header. */
const char *
response_add(struct request *req, const char *name, size_t name_len,
    const char *value, size_t value_len)
{
	const struct response_special	*special;
	struct response			*resp = &req->resp;
	size_t				 i;

	if (resp->state != RESPONSE_BEGUN)
		return "there is no head to add to";
	if (name_len == 0)
		return "the name is empty";
	for (i = 0; i < name_len; i++) {
		if (http_token_lower[(unsigned char)name[i]] == 0)
			return "the name has a character that is no token's";
	}
	if (http_value_skip(value, value + value_len) != value + value_len)
		return "the value has a control character";
	if (resp->head.len + name_len + value_len > RESPONSE_HEAD_MAX)
		return "the head is too large";
	resp->nheaders++;
	special = response_special(name, name_len);
	if (special != NULL)
		return special->add(req, value, value_len);
	strbuf_reserve(&resp->head, name_len + value_len + 4);
	strbuf_add(&resp->head, name, name_len);
	strbuf_add(&resp->head, ": ", 2);
	strbuf_add(&resp->head, value, value_len);
	strbuf_add(&resp->head, "\r\n", 2);
	return NULL;
}

/*
 * The current date, formatted once a second; without strftime, whose names
 * are those of the locale that the app may have set.
 */
const char *
response_date(void)
{
	static _Thread_local char	 date[32];
	static _Thread_local time_t	 date_s;
	static const char		 days[] = "SunMonTueWedThuFriSat";
	static const char		 months[] =
	    "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t				 now = time(NULL);
	struct tm			 tm;

	if (now == date_s)
		return date;
	gmtime_r(&now, &tm);
	snprintf(date, sizeof(date),
	    "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + 3 * tm.tm_wday,
	    tm.tm_mday, months + 3 * tm.tm_mon, (tm.tm_year + 1900) % 10000,
	    tm.tm_hour, tm.tm_min, tm.tm_sec);
	date_s = now;
	return date;
}

/* Adds the current date. */
static void
response_add_now(struct strbuf *sb)
{
	strbuf_add(sb, "Date: ", 6);
	strbuf_add(sb, response_date(), 29);
	strbuf_add(sb, "\r\n", 2);
}

/* Must the connection end with this response? */
static bool
response_must_close(const struct request *req)
{
	const struct config	*cfg = req->worker->cfg;

	return !req->head->keep_alive || req->conn->close ||
	    req->worker->draining || cfg->keepalive_timeout == 0 ||
	    (cfg->keepalive_requests != 0 && req->conn->requests + 1 >=
	    (uint32_t)cfg->keepalive_requests) || body_blocks_reuse(req);
}

/* Chooses how the client finds the end of the body. */
static void
response_choose_framing(struct request *req, int64_t known)
{
	struct response	*resp = &req->resp;

	if (resp->status == 205) {	/* RFC 9110 15.3.6; it is not implied */
		resp->length = 0;
	} else if (resp->no_body) {
		/* HEAD may tell the length that GET would have. */
		if (resp->length == -1 && known > 0 && resp->status != 204 &&
		    resp->status != 304)
			resp->length = known;
		else
			return;
	} else if (resp->length != -1) {
		return;
	} else if (known >= 0) {
		resp->length = known;
	} else if (req->head->minor >= 1) {
		resp->chunked = true;
		strbuf_add(&resp->head, "Transfer-Encoding: chunked\r\n", 28);
		return;
	} else {
		resp->close = true;
		return;
	}
	strbuf_add(&resp->head, "Content-Length: ", 16);
	response_add_number(&resp->head, (uint64_t)resp->length);
	strbuf_add(&resp->head, "\r\n", 2);
}

/* Completes the head. */
void
response_head_complete(struct request *req, int64_t known)
{
	struct response	*resp = &req->resp;

	resp->no_body = (req->head->method.len == 4 && memcmp(
	    request_text(req, req->head->method), "HEAD", 4) == 0) ||
	    resp->status == 204 || resp->status == 205 || resp->status == 304;
	if (response_must_close(req))
		resp->close = true;
	response_choose_framing(req, known);
	if (!resp->has_date)
		response_add_now(&resp->head);
	if (resp->close)
		strbuf_add(&resp->head, "Connection: close\r\n", 19);
	else if (req->head->minor == 0)
		strbuf_add(&resp->head, "Connection: keep-alive\r\n", 24);
	strbuf_add(&resp->head, "\r\n", 2);
	resp->head_size = (uint32_t)resp->head.len;
}
