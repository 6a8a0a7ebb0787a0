/* Answers with a file, or says why not. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/uuid.h"
#include "config/config.h"
#include "worker/answer.h"
#include "worker/conn.h"
#include "worker/http_date.h"
#include "worker/request.h"
#include "worker/request_id.h"
#include "worker/static/static_condition.h"
#include "worker/static/static_etag.h"
#include "worker/static/static_expires.h"
#include "worker/static/static_file.h"
#include "worker/static/static_mime.h"
#include "worker/static/static_range.h"
#include "worker/worker.h"

/* Up to so much is read and sent with the head, in one call; in parts all. */
#define STATIC_SMALL	16384
#define STATIC_HELD	(2 * STATIC_SMALL)
#define STATIC_NUMBERS	96	/* bytes of a Content-Range */
#define STATIC_PART	256	/* bytes around a part, besides its type */

struct static_reply {
	struct statics		*st;
	struct request		*req;
	const char		*path;
	struct static_file	*file;
	struct static_conditions conditions;
	const char		*type;
	char			 etag[STATIC_ETAG_TEXT];
	int64_t			 modified;
	int64_t			 now;
	struct static_range	 ranges[STATIC_RANGES];
	int			 nranges;	/* 0: the whole; -1: none */
};

/* An answer that ends with static_done. */
static struct answer *
reply_new(struct request *req, int status)
{
	struct answer	*a = answer_new(req->conn, status);

	a->done = static_done;
	a->done_arg = req;
	return a;
}

/* Ends the head: the id, if the client is to be told. */
static void
reply_end_head(struct answer *a, const struct request *req, int64_t length)
{
	char	 id[REQUEST_ID_MAX + 1];

	if (req->worker->cfg->request_id_response) {
		snprintf(id, sizeof(id), "%.*s", (int)req->id_len, req->id);
		answer_add(a, "X-Request-ID", id);
	}
	answer_end_head(a, length);
}

/* A status and its reason as text; name and value are one more header. */
static void
reply_short(struct request *req, int status, const char *name,
    const char *value)
{
	const char	*reason = response_reason(status);
	struct answer	*a = reply_new(req, status);

	answer_add(a, "Content-Type", "text/plain");
	if (name != NULL)
		answer_add(a, name, value);
	reply_end_head(a, req, (int64_t)strlen(reason) + 1);
	answer_text(a, reason, strlen(reason));
	answer_text(a, "\n", 1);
	conn_answer(req->conn, a);
}

/* May a byte stand in a path as it is? No slash: that is dealt with apart. */
static bool
reply_path_byte(unsigned char c)
{
	return http_plain_byte(c) || (c != '\0' &&
	    strchr("._~!$&'()*+,;=:@", c) != NULL);
}

/* To the same path with a slash; never to another host ("//host/"). */
static void
reply_redirect(struct request *req, const char *path)
{
	const struct http_head	*head = req->head;
	struct strbuf		 to = STRBUF_INIT;
	const char		*p;

	strbuf_addc(&to, '/');
	for (p = path + strspn(path, "/"); *p != '\0'; p++) {
		if (*p == '/' || reply_path_byte((unsigned char)*p))
			strbuf_addc(&to, *p);
		else
			strbuf_addf(&to, "%%%02X", (unsigned char)*p);
	}
	strbuf_addc(&to, '/');
	if (head->has_query) {
		strbuf_addc(&to, '?');
		strbuf_add(&to, request_text(req, head->query),
		    head->query.len);
	}
	reply_short(req, 301, "Location", strbuf_str(&to));
	strbuf_done(&to);
}

/* A header of the request's. */
static struct static_text
reply_field(const struct request *req, const char *name)
{
	const struct http_field	*f = http_head_find(req->head, req->buf, name);

	if (f == NULL)
		return (struct static_text){ NULL, 0 };
	return (struct static_text){ request_text(req, f->value),
	    f->value.len };
}

/* What is there, and what the client says of it. */
static void
reply_describe(struct static_reply *r)
{
	const struct static_file	*file = r->file;
	struct timespec			 now;

	clock_gettime(CLOCK_REALTIME, &now);
	r->now = now.tv_sec;
	r->modified = file->st.st_mtim.tv_sec;
	if (r->modified > r->now)
		r->modified = r->now;	/* RFC 9110 8.8.2.1 */
	if (r->modified < 0)
		r->modified = 0;
	r->type = static_mime_type(r->st->mime, file->name);
	static_etag_format(r->etag, &file->st.st_mtim,
	    (uint64_t)file->st.st_size,
	    file->coded ? static_codings[file->coding].name : "", &now);
	r->conditions.if_match = reply_field(r->req, "if-match");
	r->conditions.if_unmodified_since = reply_field(r->req,
	    "if-unmodified-since");
	r->conditions.if_none_match = reply_field(r->req, "if-none-match");
	r->conditions.if_modified_since = reply_field(r->req,
	    "if-modified-since");
	r->conditions.if_range = reply_field(r->req, "if-range");
}

/* Adds until when it may be kept. */
static void
reply_add_expires(const struct static_reply *r, struct answer *a)
{
	const struct request		*req = r->req;
	const struct static_asked	 asked = {
		.type = r->type, .folder = r->file->map->root.path,
		.name = r->file->name + strspn(r->file->name, "/"),
		.uri = request_text(req, req->head->target),
		.uri_len = req->head->target.len, .path_info = r->path };
	char				 text[64];
	int64_t				 when;

	if (r->st->expires == NULL || !static_expires_when(r->st->expires,
	    &asked, r->modified, r->now, &when))
		return;
	http_date_format(when, text);
	answer_add(a, "Expires", text);
	snprintf(text, sizeof(text), "max-age=%lld",
	    when > r->now ? (long long)(when - r->now) : 0LL);
	answer_add(a, "Cache-Control", text);
}

/* Adds what 200, 206 and 304 say. */
static void
reply_add_common(const struct static_reply *r, struct answer *a)
{
	char	 date[HTTP_DATE_TEXT + 1];

	http_date_format(r->modified, date);
	answer_add(a, "Last-Modified", date);
	answer_add(a, "ETag", r->etag);
	if (r->file->varies)
		answer_add(a, "Vary", "Accept-Encoding");
	reply_add_expires(r, a);
}

/* "bytes 0-9/100" */
static void
reply_numbers(const struct static_reply *r, int i, char out[STATIC_NUMBERS])
{
	snprintf(out, STATIC_NUMBERS, "bytes %llu-%llu/%llu",
	    (unsigned long long)r->ranges[i].first,
	    (unsigned long long)r->ranges[i].last,
	    (unsigned long long)r->file->st.st_size);
}

/* How many bytes range i has. */
static uint64_t
reply_range_len(const struct static_reply *r, int i)
{
	return r->ranges[i].last - r->ranges[i].first + 1;
}

/* Adds some bytes of the file: read now, if they are few. */
static void
reply_bytes(struct static_reply *r, struct answer *a, uint64_t first,
    uint64_t len)
{
	char	*room;

	if (a->no_body || len == 0)
		return;
	if (len <= STATIC_SMALL && a->text.len + len <= STATIC_HELD) {
		room = answer_text_room(a, (size_t)len);
		if (pread(r->file->fd, room, (size_t)len, (off_t)first) ==
		    (ssize_t)len) {
			answer_text_put(a, (size_t)len);
			return;
		}
	}
	/* What cannot be read so is cut off when it is sent. */
	if (a->fd == -1) {
		a->fd = r->file->fd;
		r->file->fd = -1;
	}
	answer_file(a, (off_t)first, len);
}

/* What stands before a part, into out. */
static void
reply_part_head(const struct static_reply *r, int i, const char *boundary,
    struct strbuf *out)
{
	char	 numbers[STATIC_NUMBERS];

	reply_numbers(r, i, numbers);
	strbuf_truncate(out, 0);
	strbuf_addf(out, "\r\n--%s\r\nContent-Type: %s\r\n"
	    "Content-Range: %s\r\n\r\n", boundary, r->type, numbers);
}

/* Sends several ranges as multipart/byteranges. */
static void
reply_parts(struct static_reply *r, struct answer *a)
{
	char		 boundary[UUID_TEXT + 1] = "", text[STATIC_PART];
	struct strbuf	 head = STRBUF_INIT;
	uint64_t	 len;
	int		 i;

	uuid_make(clock_real_us(), boundary);
	snprintf(text, sizeof(text), "multipart/byteranges; boundary=%s",
	    boundary);
	answer_add(a, "Content-Type", text);
	len = strlen(boundary) + 8;
	for (i = 0; i < r->nranges; i++) {
		reply_part_head(r, i, boundary, &head);
		len += head.len + reply_range_len(r, i);
	}
	reply_end_head(a, r->req, (int64_t)len);
	for (i = 0; i < r->nranges; i++) {
		reply_part_head(r, i, boundary, &head);
		answer_text(a, head.buf, head.len);
		reply_bytes(r, a, r->ranges[i].first, reply_range_len(r, i));
	}
	snprintf(text, sizeof(text), "\r\n--%s--\r\n", boundary);
	answer_text(a, text, strlen(text));
	strbuf_done(&head);
}

/* Sends one range, or the whole. */
static void
reply_one(struct static_reply *r, struct answer *a)
{
	uint64_t	 first = 0, len = (uint64_t)r->file->st.st_size;
	char		 numbers[STATIC_NUMBERS];

	answer_add(a, "Content-Type", r->type);
	if (r->nranges == 1) {
		reply_numbers(r, 0, numbers);
		answer_add(a, "Content-Range", numbers);
		first = r->ranges[0].first;
		len = reply_range_len(r, 0);
	}
	reply_end_head(a, r->req, (int64_t)len);
	reply_bytes(r, a, first, len);
}

/* Sends what is wanted of the file. */
static void
reply_content(struct static_reply *r)
{
	struct answer	*a = reply_new(r->req, r->nranges > 0 ? 206 : 200);

	reply_add_common(r, a);
	answer_add(a, "Accept-Ranges", "bytes");
	if (r->file->coded)
		answer_add(a, "Content-Encoding",
		    static_codings[r->file->coding].name);
	if (r->nranges > 1)
		reply_parts(r, a);
	else
		reply_one(r, a);
	conn_answer(r->req->conn, a);
}

/* Nothing has changed. */
static void
reply_not_modified(struct static_reply *r)
{
	struct answer	*a = reply_new(r->req, 304);

	reply_add_common(r, a);
	reply_end_head(a, r->req, -1);
	conn_answer(r->req->conn, a);
}

/* The ranges that are wanted: of GET only, RFC 9110 14.2. */
static void
reply_ranges(struct static_reply *r)
{
	const struct static_state	 state = { r->etag, r->modified,
	    r->now };
	struct static_text		 range = reply_field(r->req, "range");

	r->nranges = 0;
	if (range.s != NULL && r->req->head->method.len == 3 &&
	    static_condition_range(&r->conditions, &state))
		r->nranges = static_range_parse(range.s, range.len,
		    (uint64_t)r->file->st.st_size, r->ranges);
}

/* A file is there. */
static void
reply_file(struct static_reply *r)
{
	struct static_state	 state;
	enum static_verdict	 verdict;
	char			 numbers[STATIC_NUMBERS];

	reply_describe(r);
	state = (struct static_state){ r->etag, r->modified, r->now };
	verdict = static_condition(&r->conditions, &state);
	if (verdict == STATIC_FAILED) {
		reply_short(r->req, 412, NULL, NULL);
		return;
	}
	if (verdict == STATIC_NOT_MODIFIED) {
		reply_not_modified(r);
		return;
	}
	reply_ranges(r);
	if (r->nranges >= 0) {
		reply_content(r);
		return;
	}
	snprintf(numbers, sizeof(numbers), "bytes */%llu",
	    (unsigned long long)r->file->st.st_size);
	reply_short(r->req, 416, "Content-Range", numbers);
}

/* Answers. */
void
static_reply(struct statics *st, struct request *req, const char *path,
    enum static_found found, struct static_file *file)
{
	struct static_reply	 r = { .st = st, .req = req, .path = path,
	    .file = file };

	switch (found) {
	case STATIC_FILE:
		reply_file(&r);
		fd_close(&file->fd);
		break;
	case STATIC_FOLDER:
		reply_redirect(req, path);
		break;
	case STATIC_DENIED:
		reply_short(req, 403, NULL, NULL);
		break;
	case STATIC_BUSY:
		reply_short(req, 503, "Retry-After", "1");
		break;
	case STATIC_ERROR:
		reply_short(req, 500, NULL, NULL);
		break;
	case STATIC_NONE:
		fatalx("nothing was found to answer with");
	}
}
