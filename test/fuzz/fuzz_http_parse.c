/* Fuzzes the parser of request heads: cuts change nothing, views lie inside. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "test/unit/http_text.h"
#include "worker/http_parse.h"

#define MAX_FIELDS	32
#define MAX_SIZE	2048

int	 LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process if an invariant does not hold. */
static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* Parses the first len bytes, at the very end of a block of memory. */
static enum http_parse_verdict
parse_exact(const uint8_t *data, size_t len, const struct http_limits *limits,
    struct http_head *head)
{
	static char	 block[MAX_SIZE];
	char		*buf = block + sizeof block - len;

	if (len > 0)
		memcpy(buf, data, len);
	return http_parse(buf, len, limits, head);
}

/* A view lies inside the head. */
static void
check_view(const struct http_head *head, struct http_view v)
{
	must(v.len <= head->size && v.off <= head->size - v.len);
}

/* What DONE promises. */
static void
check_done(const struct http_head *head, const char *buf, size_t len,
    const struct http_limits *limits)
{
	static char	path[MAX_SIZE];
	size_t		pathlen = 0;
	uint32_t	i;

	must(head->size <= len && head->size <= limits->max_head);
	must(memcmp(buf + head->size - 4, "\r\n\r\n", 4) == 0);
	check_view(head, head->method);
	check_view(head, head->target);
	check_view(head, head->line);
	check_view(head, head->path);
	check_view(head, head->query);
	check_view(head, head->host);
	must(head->line.len + 2 <= limits->max_line);
	must(head->method.len > 0 && head->target.len > 0);
	must(head->minor <= 1);
	must(!head->chunked || head->content_length == -1);
	must(!head->chunked || head->minor == 1);
	must(head->nfields + head->dropped <= limits->max_fields);
	for (i = 0; i < head->nfields; i++) {
		check_view(head, head->fields[i].name);
		check_view(head, head->fields[i].value);
		must(head->fields[i].name.len > 0);
		must(memchr(buf + head->fields[i].value.off, '\n',
		    head->fields[i].value.len) == NULL);
	}
	if (http_url_decode(buf + head->path.off, head->path.len, path,
	    &pathlen)) {
		must(pathlen <= head->path.len);
		http_url_has_dots(path, pathlen);
		must(memchr(path, '\0', pathlen) == NULL);
	}
}

/* Compares one verdict with the text of another. */
static void
check_same(const char *want, enum http_parse_verdict verdict,
    const struct http_head *head, const char *buf)
{
	char	*got = http_text_new(verdict, head, buf);

	must(strcmp(got, want) == 0);
	free(got);
}

/* Parses at once, byte by byte and cut in two under these limits. */
static void
check_limits(const uint8_t *data, size_t size,
    const struct http_limits *limits)
{
	struct http_field	 fields[MAX_FIELDS];
	struct http_head	 head;
	enum http_parse_verdict	 verdict, v;
	const char		*buf = (const char *)data;
	char			*want;
	size_t			 i;

	http_head_init(&head, fields);
	verdict = parse_exact(data, size, limits, &head);
	if (verdict == HTTP_PARSE_DONE)
		check_done(&head, buf, size, limits);
	if (verdict == HTTP_PARSE_BAD)
		must(head.status >= 400 && head.why != NULL);
	want = http_text_new(verdict, &head, buf);

	http_head_init(&head, fields);
	for (i = 0, v = HTTP_PARSE_MORE; i <= size; i++) {
		must(v == HTTP_PARSE_MORE);
		v = parse_exact(data, i, limits, &head);
		if (v != HTTP_PARSE_MORE)
			break;
	}
	if (v == HTTP_PARSE_DONE)
		must(head.size == i);
	check_same(want, v, &head, buf);

	http_head_init(&head, fields);
	i = size > 0 ? data[size - 1] * size / 256 : 0;
	parse_exact(data, i, limits, &head);
	check_same(want, parse_exact(data, size, limits, &head), &head, buf);
	free(want);
}

/* Runs one input under wide and narrow limits. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct http_limits	 wide = { .max_line = 1024,
		.max_fields = MAX_FIELDS, .max_head = MAX_SIZE };
	static const struct http_limits	 narrow = { .max_line = 40,
		.max_fields = 3, .max_head = 120 };

	if (size > MAX_SIZE)
		return 0;
	check_limits(data, size, &wide);
	check_limits(data, size, &narrow);
	return 0;
}
