/* Response heads: checked lines from the app, framing from the server. */
#include "worker/response_head.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/strbuf.h"
#include "config/config.h"
#include "worker/head_check.h"
#include "worker/conn_keep.h"
#include "worker/http_bytes.h"
#include "worker/protocol.h"
#include "worker/request.h"
#include "worker/worker.h"

/* A head of more bytes than this is the app's mistake. */
#define RESPONSE_HEAD_MAX	(1 << 20)
/* The status line and what the server adds have room in this. */
#define RESPONSE_HEAD_OWN	256
#define RESPONSE_DATE_LINE	37	/* bytes of "Date: ...\r\n" */

/* A header that means something to the server. */
struct response_special {
	size_t		 len;
	const char	*name;		/* lower case */
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
	const struct protocol	*protocol = req->conn->protocol;
	struct response		*resp = &req->resp;
	size_t			 i;

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
	if (resp->head.len > 0 || resp->state != RESPONSE_NONE)
		response_reset(resp);
	resp->state = RESPONSE_BEGUN;
	resp->status = (status[0] - '0') * 100 + (status[1] - '0') * 10 +
	    (status[2] - '0');
	strbuf_reserve(&resp->head, len + RESPONSE_HEAD_OWN);
	strbuf_add(&resp->head, protocol->status, protocol->status_len);
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

#define RESPONSE_SPECIAL(name, add)	{ sizeof(name) - 1, name, add }

static const struct response_special response_specials[] = {
	RESPONSE_SPECIAL("connection", response_add_connection),
	RESPONSE_SPECIAL("content-length", response_add_length),
	RESPONSE_SPECIAL("date", response_add_date),
	RESPONSE_SPECIAL("keep-alive", response_add_hop),
	RESPONSE_SPECIAL("proxy-connection", response_add_hop),
	RESPONSE_SPECIAL("te", response_add_hop),
	RESPONSE_SPECIAL("trailer", response_add_hop),
	RESPONSE_SPECIAL("transfer-encoding", response_add_hop),
	RESPONSE_SPECIAL("upgrade", response_add_hop),
};

/* A bit for each length that one of them has. */
#define RESPONSE_SPECIAL_LENGTHS	(1u << 2 | 1u << 4 | 1u << 7 | \
					1u << 10 | 1u << 14 | 1u << 16 | \
					1u << 17)

/* The special treatment of this name; or NULL. */
static const struct response_special *
response_special(const char *name, size_t len)
{
	const struct response_special	*special = response_specials;
	size_t				 i;

	if (len > 17 || (RESPONSE_SPECIAL_LENGTHS >> len & 1) == 0)
		return NULL;
	for (i = 0; i < sizeof(response_specials) /
	    sizeof(response_specials[0]); i++, special++) {
		if (special->len == len && http_word_is(name, len,
		    special->name, len))
			return special;
	}
	return NULL;
}

/* Adds a header. The check is of the copy, since that has its padding. */
const char *
response_add(struct request *req, const char *name, size_t name_len,
    const char *value, size_t value_len)
{
	const struct response_special	*special;
	struct response			*resp = &req->resp;
	const char			*why;
	char				*out, *out_value;

	if (resp->state != RESPONSE_BEGUN)
		return "there is no head to add to";
	if (name_len == 0)
		return "the name is empty";
	if (resp->head.len + name_len + value_len > RESPONSE_HEAD_MAX)
		return "the head is too large";
	strbuf_reserve(&resp->head, name_len + value_len + 4 +
	    HEAD_CHECK_PADDING);
	out = resp->head.buf + resp->head.len;
	out_value = out + name_len + 2;
	memcpy(out, name, name_len);
	memcpy(out_value, value, value_len);
	if (!head_check_name(out, name_len) ||
	    !head_check_value(out_value, value_len)) {
		why = head_check_name(out, name_len) ?
		    "the value has a control character" :
		    "the name has a character that is no token's";
		*out = '\0';
		return why;
	}
	resp->nheaders++;
	special = response_special(name, name_len);
	if (special != NULL) {
		*out = '\0';
		return special->add(req, value, value_len);
	}
	memcpy(out + name_len, ": ", 2);
	memcpy(out_value + value_len, "\r\n", 3);
	resp->head.len += name_len + value_len + 4;
	return NULL;
}

/*
 * "Date: " and the current one, formatted once a second; without strftime,
 * whose names are those of the locale that the app may have set.
 */
static const char *
response_date_line(void)
{
	static _Thread_local char	 line[48];
	static _Thread_local time_t	 line_s;
	static const char		 days[] = "SunMonTueWedThuFriSat";
	static const char		 months[] =
	    "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t				 now = time(NULL);
	struct tm			 tm;

	if (now == line_s)
		return line;
	gmtime_r(&now, &tm);
	snprintf(line, sizeof(line), "Date: "
	    "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT\r\n",
	    days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
	    (tm.tm_year + 1900) % 10000, tm.tm_hour, tm.tm_min, tm.tm_sec);
	line_s = now;
	return line;
}

/* The current date alone. */
const char *
response_date(void)
{
	static _Thread_local char	 date[30];

	memcpy(date, response_date_line() + 6, sizeof(date) - 1);
	return date;
}

/* Adds the current date. */
static void
response_add_now(struct strbuf *sb)
{
	strbuf_add(sb, response_date_line(), RESPONSE_DATE_LINE);
}

/* The worker leaves: is this the connection's last response? */
static bool
response_is_last(const struct request *req)
{
	return (!req->body.done && !req->body.collected) ||
	    !conn_has_next(req->conn);
}

/* Must the connection end with this response? */
static bool
response_must_close(const struct request *req)
{
	return !conn_may_keep(req->conn) ||
	    (req->worker->closing && response_is_last(req)) ||
	    body_blocks_reuse(req);
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
	} else if (!req->conn->protocol->is_http1) {
		resp->close |=
		    protocol_ends_with_conn(req->conn->protocol);
		return;
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

/* Tells the client the id, unless the app has told one. */
static void
response_add_id(struct request *req)
{
	struct strbuf	*head = &req->resp.head;

	if (strcasestr(head->buf, "\r\nX-Request-ID:") != NULL)
		return;
	strbuf_add(head, "X-Request-ID: ", 14);
	strbuf_add(head, req->id, req->id_len);
	strbuf_add(head, "\r\n", 2);
}

/* Completes the head. */
void
response_head_complete(struct request *req, int64_t known)
{
	struct response	*resp = &req->resp;

	strbuf_reserve(&resp->head, RESPONSE_HEAD_OWN);
	resp->no_body = (req->head->method.len == 4 && memcmp(
	    request_text(req, req->head->method), "HEAD", 4) == 0) ||
	    resp->status == 204 || resp->status == 205 || resp->status == 304;
	if (response_must_close(req))
		resp->close = true;
	response_choose_framing(req, known);
	if (!resp->has_date)
		response_add_now(&resp->head);
	if (req->worker->cfg->request_id_response)
		response_add_id(req);
	if (!req->conn->protocol->is_http1)
		;			/* it has no Connection */
	else if (resp->close)
		strbuf_add(&resp->head, "Connection: close\r\n", 19);
	else if (req->head->minor == 0)
		strbuf_add(&resp->head, "Connection: keep-alive\r\n", 24);
	strbuf_add(&resp->head, "\r\n", 2);
	resp->head_size = (uint32_t)resp->head.len;
}
