/*
 * Fuzzes the heads of HTTP/2: lines "name=value" are fields. Whatever they are,
 * the text that comes out has as many lines as fields were kept, and http_parse
 * sees no other request in it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "worker/http2/http2_head.h"

#define MAX_FIELDS	32

int	 LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process if an invariant does not hold. */
static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* How many lines has a text? */
static size_t
count_lines(const char *text, size_t len)
{
	size_t	 i, n = 0;

	for (i = 0; i < len; i++)
		n += text[i] == '\n';
	return n;
}

/* What a head that was accepted promises. */
static void
check_head(const struct http2_head *h, const struct http_head *head)
{
	must(head->size == h->text.len && !head->chunked && head->http2);
	must(!head->keep_alive && !head->upgrade);
	/* The request line, each field, the empty line. */
	must(count_lines(h->text.buf, h->text.len) ==
	    head->nfields + head->dropped + 2);
	must(head->path.len == 0 || h->text.buf[head->path.off] == '/');
	must(head->form != HTTP_URL_ABSOLUTE);
	must(http_head_find(head, h->text.buf, "connection") == NULL);
	must(http_head_find(head, h->text.buf, "transfer-encoding") == NULL);
}

/* Takes lines as fields, up to the end or a refusal. */
static bool
add_all(struct http2_head *h, const char *p, const char *end)
{
	const char	*line, *equal;

	for (; p < end; p = line + 1) {
		line = memchr(p, '\1', (size_t)(end - p));
		if (line == NULL)
			line = end;
		equal = line - p > 1 ? memchr(p + 1, '=',
		    (size_t)(line - p - 1)) : NULL;
		if (equal == NULL)
			equal = line;
		if (!http2_head_add(h, p, (size_t)(equal - p),
		    equal == line ? line : equal + 1,
		    equal == line ? 0 : (size_t)(line - equal - 1)))
			return false;
		if (line == end)
			break;
	}
	return http2_head_end(h);
}

/* One input. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct http_limits	 limits = { .max_line = 512,
	    .max_fields = MAX_FIELDS, .max_head = 2048 };
	struct http_field		 fields[MAX_FIELDS];
	struct http_head		 head;
	struct http2_head		 h;
	char				*text;

	http2_head_init(&h, &limits);
	if (add_all(&h, (const char *)data, (const char *)data + size)) {
		must(h.status != 0 || h.text.len > 0);
		/* A block of its own, so that nothing is read behind it. */
		text = malloc(h.text.len + 1);
		memcpy(text, strbuf_str(&h.text), h.text.len);
		http_head_init(&head, fields);
		if (http2_head_parse(&h, text, h.text.len, &head,
		    size % 2 == 0) == HTTP_PARSE_DONE)
			check_head(&h, &head);
		else
			must(head.status >= 400 && head.why != NULL);
		free(text);
	} else
		must(h.why != NULL);
	http2_head_done(&h);
	return 0;
}
