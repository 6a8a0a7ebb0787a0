/* Runs the gateways' parsers on bytes that come in pieces, for comparison. */
#include "test/unit/gateway_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker/gateway/fcgi_body.h"
#include "worker/gateway/fcgi_parse.h"
#include "worker/gateway/scgi_parse.h"
#include "worker/gateway/uwsgi_parse.h"

/* With the common type. */
enum http_parse_verdict
gateway_text_uwsgi(char *buf, size_t len, const struct http_limits *limits,
    struct http_head *head)
{
	return uwsgi_parse(buf, len, limits, head);
}

/* The same. */
enum http_parse_verdict
gateway_text_scgi(char *buf, size_t len, const struct http_limits *limits,
    struct http_head *head)
{
	return scgi_parse(buf, len, limits, head);
}

/* Prints a view, which must lie in the head. */
static void
text_view(FILE *out, const char *name, const struct http_head *head,
    const char *buf, struct http_view v)
{
	if (v.off > head->size || v.len > head->size - v.off)
		abort();
	fprintf(out, "%s ", name);
	fwrite(buf + v.off, 1, v.len, out);
	fputc('\n', out);
}

/* Prints all of a head. */
static void
text_head(FILE *out, const struct http_head *head, const char *buf)
{
	uint32_t	i;

	fprintf(out, "size %u minor %u length %lld chunked %d keep %d id %u "
	    "modifier %u dropped %u form %d vars %d\n", head->size, head->minor,
	    (long long)head->content_length, head->chunked, head->keep_alive,
	    head->fcgi_id, head->modifier1, head->dropped, (int)head->form,
	    head->vars);
	text_view(out, "method", head, buf, head->method);
	text_view(out, "target", head, buf, head->target);
	text_view(out, "path", head, buf, head->path);
	text_view(out, "query", head, buf, head->query);
	text_view(out, "host", head, buf, head->host);
	text_view(out, "line", head, buf, head->line);
	for (i = 0; i < head->nfields; i++) {
		text_view(out, "name", head, buf, head->fields[i].name);
		text_view(out, "value", head, buf, head->fields[i].value);
	}
}

/* Prints what a FastCGI body has, in pieces of step bytes. */
static void
text_body(FILE *out, const struct http_limits *limits,
    const struct http_head *head, const char *in, size_t len, size_t step)
{
	enum http_chunked_verdict	 verdict = HTTP_CHUNKED_MORE;
	struct http_chunked		 st;
	const char			*data;
	char				*piece;
	size_t				 at, used, n, datalen, total = 0;

	fcgi_body_init(&st, limits, head);
	fputs("body ", out);
	for (at = 0; at < len && verdict <= HTTP_CHUNKED_DATA; at += used) {
		n = step < len - at ? step : len - at;
		piece = malloc(n);	/* its end is the memory's */
		memcpy(piece, in + at, n);
		verdict = fcgi_body_decode(&st, piece, n, &used, &data,
		    &datalen);
		if (used > n || (verdict == HTTP_CHUNKED_MORE && used != n))
			abort();
		if (verdict == HTTP_CHUNKED_DATA) {
			if (datalen == 0 || data < piece ||
			    data + datalen != piece + used)
				abort();
			fwrite(data, 1, datalen, out);
			total += datalen;
		}
		free(piece);
	}
	if (verdict == HTTP_CHUNKED_DATA)
		verdict = HTTP_CHUNKED_MORE;
	fprintf(out, "\nof %zu verdict %d %s\n", total, (int)verdict,
	    verdict == HTTP_CHUNKED_BAD ? st.why : "");
	if (verdict == HTTP_CHUNKED_DONE)
		fprintf(out, "rest at %zu\n", at);
}

/* Prints a reply. */
static void
text_reply(FILE *out, const struct http_head *head, const char *buf)
{
	char	 reply[FCGI_REPLY_MAX];
	size_t	 i, n = fcgi_reply(head, buf, reply);

	fputs("reply", out);
	for (i = 0; i < n; i++)
		fprintf(out, " %02x", (unsigned char)reply[i]);
	fputc('\n', out);
}

/* Parses what is there, replies printed. */
static enum http_parse_verdict
text_parse(FILE *out, gateway_parse *parse, char *buf, size_t len,
    const struct http_limits *limits, struct http_head *head)
{
	enum http_parse_verdict	 verdict;

	while ((verdict = parse(buf, len, limits, head)) == HTTP_PARSE_REPLY)
		text_reply(out, head, buf);
	return verdict;
}

/* Feeds the bytes. */
char *
gateway_text_run(gateway_parse *parse, const void *data, size_t len,
    const struct http_limits *limits, size_t first, size_t step)
{
	struct http_field	*fields;
	struct http_head	 head;
	enum http_parse_verdict	 verdict = HTTP_PARSE_MORE;
	size_t			 at = 0, n = first, size;
	char			*buf = NULL, *moved, *text;
	FILE			*out = open_memstream(&text, &size);

	fields = calloc(limits->max_fields, sizeof(*fields));
	http_head_init(&head, fields);
	while (verdict == HTTP_PARSE_MORE && at < len) {
		n = n < len - at ? n : len - at;
		moved = malloc(at + n);
		if (at > 0)
			memcpy(moved, buf, at);
		memcpy(moved + at, (const char *)data + at, n);
		free(buf);
		buf = moved;
		at += n;
		n = step;
		verdict = text_parse(out, parse, buf, at, limits, &head);
		if (verdict != parse(buf, at, limits, &head) &&
		    verdict != HTTP_PARSE_MORE)
			abort();
	}
	fprintf(out, "verdict %d\n", (int)verdict);
	if (verdict == HTTP_PARSE_BAD)
		fprintf(out, "%d %s\n", head.status, head.why);
	if (verdict == HTTP_PARSE_DONE) {
		if (head.size > at || head.size > limits->max_head)
			abort();
		text_head(out, &head, buf);
		if (head.chunked)
			text_body(out, limits, &head, (const char *)data +
			    head.size, len - head.size, step);
	}
	fclose(out);
	free(buf);
	free(fields);
	return text;
}
